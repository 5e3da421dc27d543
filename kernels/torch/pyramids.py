"""Operators of PyTorch that pool the maps of a pyramid, ``torch.ops.roikit.*``, with their gradients, by `roikit.kernels`.

An operator takes rows ``[batch_index, …]`` of boxes. It writes to memory of PyTorch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import pad

from .. import kernels
from .dispatch import define, encoded, is_watched, output_of, register, register_last
from .memory import place
from .tensors import ARRIVING, check_plain

if TYPE_CHECKING:
    from collections.abc import Callable

Tensors = Sequence[torch.Tensor]


class PyramidPooling:
    """The operators ``NAME``, ``NAME_backward`` and ``NAME_backward_boxes`` of averages on the maps of several levels.

    Options are what operators take besides tensors and shapes: a NamedTuple in the order of ``schema``, with a ``layout`` and a
    ``dialect``, and with ``of_kernels``, the arguments of the functions of `roikit.kernels`.

    Args:
        name: Of the function in `roikit.kernels`, and of its gradients with ``_backward`` and ``_backward_boxes``.
        options: The class of the options.
        schema: Types and names of the options.
        output: A result with nothing in it yet, of the first map, boxes, output size and layout.
        linear: The options of the linear function whose transpose the gradient for maps is.
    """

    def __init__(
        self,
        name: str,
        options: Callable[..., Any],
        schema: str,
        *,
        output: Callable[[torch.Tensor, torch.Tensor, Sequence[int], str], torch.Tensor] = output_of,
        linear: Callable[[Any], Any] = lambda options: options,
    ) -> None:
        self._name, self._options, self._new_output, self._linear = name, options, output, linear
        self._no_gradients = (None,) * len(options._fields)  # type: ignore[attr-defined]
        self._pool = define(name, "Tensor[] maps, Tensor boxes, SymInt[] output_size", schema, "Tensor")
        self._gather = define(f"{name}_backward", "Tensor grad, Tensor boxes, SymInt[] shapes", schema, "Tensor[]")
        boxes = f"{name}_backward_boxes"
        self._slope = define(boxes, "Tensor grad, Tensor[] maps, Tensor boxes", schema, "Tensor")
        register(name, self.pool_eagerly, self._output, self._pool_context, self._pool_backward)
        register(f"{name}_backward", self._gather_eagerly, _map_gradients, self._gather_context, self._gather_backward)
        register_last(boxes, self._slope_eagerly, box_gradients)

    def __call__(self, maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], options: Any) -> torch.Tensor:
        """Pools the RoIs ``boxes`` of checked ``maps``."""
        if is_watched((boxes, *maps)):
            found: torch.Tensor = self._pool(maps, boxes, output_size, *_for_schema(options))
            return found
        has_tangents = torch.autograd.forward_ad._current_level >= 0  # noqa: SLF001 - which `_Eager` refuses
        if has_tangents or (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (boxes, *maps))):
            return _Eager.apply(self, output_size, _for_schema(options), boxes, *maps)
        return self.pool_eagerly(maps, boxes, output_size, *options)

    def _output(self, maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
        return self._new_output(maps[0], boxes, output_size, self._options(*options).layout)

    def pool_eagerly(
        self, maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], *options: Any
    ) -> torch.Tensor:
        """Pools without PyTorch seeing it."""
        height, width = output_size
        with place(maps[0].device) as array:
            output = self._output(maps, boxes, output_size, *options)
            function = getattr(kernels, self._name)
            function(
                [array(tensor) for tensor in maps],
                array(boxes),
                (height, width),
                **self._options(*options).of_kernels,
                out=array(output),
            )
        return output

    def _gather_eagerly(
        self, grad: torch.Tensor, boxes: torch.Tensor, shapes: Sequence[int], *options: Any
    ) -> list[torch.Tensor]:
        with place(boxes.device) as array:
            gradients = _map_gradients(grad, boxes, shapes)
            function = getattr(kernels, f"{self._name}_backward")
            function(
                array(grad),
                array(boxes),
                by_four(shapes),
                **self._options(*options).of_kernels,
                out=[array(each) for each in gradients],
            )
        return gradients

    def _slope_eagerly(self, grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
        with place(boxes.device) as array:
            gradient = box_gradients(grad, maps, boxes)
            function = getattr(kernels, f"{self._name}_backward_boxes")
            function(
                array(grad),
                [array(tensor) for tensor in maps],
                array(boxes),
                **self._options(*options).of_kernels,
                out=array(gradient),
            )
        return gradient

    def _for_rows(self, grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, options: Any) -> torch.Tensor:
        """The gradient for rows of boxes; batch indices have none."""
        return pad(self._slope(grad, maps, boxes, *options), (1, 0)).to(boxes.dtype)

    def remember(self, ctx: Any, maps: Tensors, boxes: torch.Tensor, options: Any) -> None:
        """Keeps for the gradients the boxes, the shapes of the maps, and these if the gradient for boxes looks at them."""
        ctx.options = options
        ctx.shapes = [size for tensor in maps for size in tensor.shape]
        ctx.save_for_backward(boxes, *(maps if boxes.requires_grad else ()))

    def gradients(self, ctx: Any, grad: torch.Tensor, *, of_maps: bool, of_boxes: bool) -> tuple[Any, Any]:
        """The gradients for maps and rows of boxes that are asked for, of what `remember` kept."""
        check_plain(ARRIVING, grad)
        boxes, *maps = ctx.saved_tensors
        watched = torch.is_grad_enabled() or is_watched((grad, boxes, *maps))  # grad is enabled by create_graph=True
        gather = self._gather if watched else self._gather_eagerly
        return (
            gather(grad, boxes, ctx.shapes, *ctx.options) if of_maps else [None] * (len(ctx.shapes) // 4),
            self._for_rows(grad, maps, boxes, ctx.options) if of_boxes else None,
        )

    def _pool_context(self, ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        del output
        maps, boxes, _, *options = inputs
        self.remember(ctx, maps, boxes, self._options(*options))

    def _pool_backward(self, ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        of_maps, of_boxes, *_ = ctx.needs_input_grad
        return *self.gradients(ctx, grad, of_maps=any(of_maps), of_boxes=of_boxes), None, *self._no_gradients

    def _gather_context(self, ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:
        del output
        grad, boxes, _, *options = inputs
        ctx.options = self._options(*options)
        ctx.save_for_backward(grad, boxes)

    def _gather_backward(self, ctx: Any, arriving: Tensors) -> tuple[Any, ...]:
        """An average is linear in the maps, and its gradient the transpose: the gradient of that is the average again."""
        options, (grad, boxes) = ctx.options, ctx.saved_tensors
        size = grad.shape[2:] if options.layout == "NCHW" else grad.shape[1:3]
        of_grad, of_boxes, *_ = ctx.needs_input_grad
        maps = [each.contiguous() for each in arriving]
        return (
            self._pool(maps, boxes, size, *_for_schema(self._linear(options))) if of_grad else None,
            self._for_rows(grad, maps, boxes, options) if of_boxes else None,
            None,
            *self._no_gradients,
        )


class _Eager(torch.autograd.Function):  # type: ignore[misc]
    """A pooling of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any,
        pooling: PyramidPooling,
        output_size: Sequence[int],
        options: Any,
        boxes: torch.Tensor,
        *maps: torch.Tensor,
    ) -> torch.Tensor:
        ctx.pooling = pooling
        pooling.remember(ctx, maps, boxes, options)
        return pooling.pool_eagerly(maps, boxes, output_size, *options)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        _, _, _, of_boxes, *of_maps = ctx.needs_input_grad
        for_maps, for_boxes = ctx.pooling.gradients(ctx, grad, of_maps=any(of_maps), of_boxes=of_boxes)
        return None, None, None, for_boxes, *for_maps


def check_levels(inputs: Any, spatial_scales: Sequence[Any]) -> None:
    """Checks that there are maps of at least one level, and a scale of each.

    Raises:
        TypeError: the maps are one tensor.
        ValueError: there are none, or not as many scales.
    """
    if isinstance(inputs, torch.Tensor):
        raise TypeError("inputs must be a list of tensors, one for each level, not a tensor")
    if not inputs:
        raise ValueError("inputs must be the maps of at least one level")
    if len(spatial_scales) != len(inputs):
        raise ValueError(f"there are {len(spatial_scales)} spatial_scales for {len(inputs)} levels")


def pairs_of(scales: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The scales along y and x of each level, of these one after the other."""
    return tuple(zip(scales[::2], scales[1::2], strict=True))


def _for_schema(options: Any) -> Any:
    """Options with a dialect that fits into a schema."""
    dialect = options.dialect
    return options if dialect is None or isinstance(dialect, str) else options._replace(dialect=encoded(dialect))


def by_four(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Shapes of four axes, of their sizes one after the other."""
    return [tuple(sizes[i : i + 4]) for i in range(0, len(sizes), 4)]


def _map_gradients(grad: torch.Tensor, boxes: torch.Tensor, shapes: Sequence[int], *options: Any) -> list[torch.Tensor]:
    """The gradients for the maps of all levels, with nothing in them yet."""
    del boxes, options
    return [grad.new_empty(shape) for shape in by_four(shapes)]


def box_gradients(grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    """The gradient for the numbers of boxes but for their batch index, with nothing in it yet."""
    del maps, options
    dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
    return grad.new_empty((boxes.shape[0], boxes.shape[1] - 1), dtype=dtype)
