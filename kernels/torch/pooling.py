"""Operators of PyTorch that pool one map, ``torch.ops.roikit.*``, with their gradients, made of functions of `roikit.kernels`.

An operator takes rows ``[batch_index, …]`` of boxes. It writes to memory of PyTorch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import pad

from .. import kernels
from .dispatch import define, encoded, is_watched, output_of, register, register_last
from .memory import place
from .tensors import ARRIVING, check_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Pooling:
    """The operators ``NAME`` and ``NAME_backward``, and ``NAME_backward_boxes`` if there is a gradient for boxes.

    Options are what operators take besides tensors and shapes: a NamedTuple in the order of ``schema``, with a ``layout`` and a
    ``dialect``, and with ``of_kernels``, the arguments of the functions of `roikit.kernels`.

    Args:
        name: Of the function in `roikit.kernels`, and of its gradients with ``_backward`` and ``_backward_boxes``.
        options: The class of the options.
        schema: Types and names of the options.
        output: A result with nothing in it yet, of maps, boxes, output size and layout.
        rows: Boxes as the functions take them.
        of_forward: Names of options that the function takes and its gradients do not.
        looks_at_maps: Whether the gradient for maps with these options depends on the maps.
        linear: The options of the linear function whose transpose the gradient for maps is; None if that gradient has none of
            its own.
        has_box_gradient: Whether there is a gradient for boxes.
        why: Why that has no gradient of its own: the end of a sentence that says so.
    """

    def __init__(
        self,
        name: str,
        options: Callable[..., Any],
        schema: str,
        *,
        output: Callable[[torch.Tensor, torch.Tensor, Sequence[int], str], torch.Tensor] = output_of,
        rows: Callable[[Any], tuple[Any, ...]] = lambda array: (array,),
        of_forward: Sequence[str] = (),
        looks_at_maps: Callable[[Any], bool] = lambda options: False,  # noqa: ARG005
        linear: Callable[[Any], Any] | None = lambda options: options,
        has_box_gradient: bool = True,
        why: str = ": it jumps where a sample crosses a pixel",
    ) -> None:
        self._name, self._options, self._new_output = name, options, output
        self._rows, self._of_forward, self._looks_at_maps, self._linear = rows, of_forward, looks_at_maps, linear
        self._has_box_gradient = has_box_gradient
        self._no_gradients = (None,) * len(options._fields)  # type: ignore[attr-defined]
        self._pool = define(name, "Tensor maps, Tensor boxes, SymInt[] output_size", schema, "Tensor")
        self._gather = define(
            f"{name}_backward", "Tensor grad, Tensor boxes, SymInt[] shape, Tensor? maps", schema, "Tensor"
        )
        register(name, self.pool_eagerly, self._output, self._pool_context, self._pool_backward)
        register(f"{name}_backward", self._gather_eagerly, _map_gradient, self._gather_context, self._gather_backward)
        if has_box_gradient:
            boxes = f"{name}_backward_boxes"
            self._slope = define(boxes, "Tensor grad, Tensor maps, Tensor boxes", schema, "Tensor")
            register_last(boxes, self._slope_eagerly, _box_gradient, why)

    def __call__(
        self, maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], options: Any
    ) -> torch.Tensor:
        """Pools the RoIs ``boxes`` of a checked map."""
        if is_watched((boxes, maps)):
            found: torch.Tensor = self._pool(maps, boxes, output_size, *_for_schema(options))
            return found
        has_tangents = torch.autograd.forward_ad._current_level >= 0  # noqa: SLF001 - which `_Eager` refuses
        has_gradient = maps.requires_grad or (self._has_box_gradient and boxes.requires_grad)
        if has_tangents or (torch.is_grad_enabled() and has_gradient):
            return _Eager.apply(self, output_size, options, boxes, maps)
        return self.pool_eagerly(maps, boxes, output_size, *options)

    def _output(
        self, maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any
    ) -> torch.Tensor:
        return self._new_output(maps, boxes, output_size, self._options(*options).layout)

    def pool_eagerly(
        self, maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any
    ) -> torch.Tensor:
        """Pools without PyTorch seeing it."""
        chosen = self._options(*options)
        how = chosen.of_kernels
        for name in self._of_forward:
            how[name] = getattr(chosen, name)
        with place(maps.device) as array:
            output = self._new_output(maps, boxes, output_size, chosen.layout)
            height, width = output_size
            function = getattr(kernels, self._name)
            function(array(maps), *self._rows(array(boxes)), (height, width), **how, out=array(output))
        return output

    def _gather_eagerly(
        self,
        grad: torch.Tensor,
        boxes: torch.Tensor,
        shape: Sequence[int],
        maps: torch.Tensor | None,
        *options: Any,
    ) -> torch.Tensor:
        how = self._options(*options).of_kernels
        with place(boxes.device) as array:
            gradient = _map_gradient(grad, boxes, shape, maps)
            if maps is not None:
                how["input"] = array(maps)
            function = getattr(kernels, f"{self._name}_backward")
            function(array(grad), *self._rows(array(boxes)), tuple(shape), **how, out=array(gradient))
        return gradient

    def _slope_eagerly(
        self, grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, *options: Any
    ) -> torch.Tensor:
        how = self._options(*options).of_kernels
        with place(boxes.device) as array:
            gradient = _box_gradient(grad, maps, boxes)
            function = getattr(kernels, f"{self._name}_backward_boxes")
            function(array(grad), array(maps), *self._rows(array(boxes)), **how, out=array(gradient))
        return gradient

    def remember(self, ctx: Any, maps: torch.Tensor, boxes: torch.Tensor, options: Any) -> None:
        """Keeps for the gradients the boxes, the shape of the maps, and these if one of the gradients looks at them."""
        ctx.options, ctx.shape = options, tuple(maps.shape)
        kept = self._looks_at_maps(options) or (self._has_box_gradient and boxes.requires_grad)
        ctx.save_for_backward(boxes, *((maps,) if kept else ()))

    def gradients(self, ctx: Any, grad: torch.Tensor, *, of_maps: bool, of_boxes: bool) -> tuple[Any, Any]:
        """The gradients for maps and rows of boxes that are asked for, of what `remember` kept."""
        check_plain(ARRIVING, grad)
        boxes, *kept = ctx.saved_tensors
        watched = torch.is_grad_enabled() or is_watched((grad, boxes, *kept))  # grad is enabled by create_graph=True
        gather = self._gather if watched else self._gather_eagerly
        looked_at = kept[0] if kept and self._looks_at_maps(ctx.options) else None
        for_maps = gather(grad, boxes, ctx.shape, looked_at, *ctx.options) if of_maps else None
        of_boxes = of_boxes and self._has_box_gradient
        return for_maps, self._for_rows(grad, kept[0], boxes, ctx.options, watched) if of_boxes else None

    def _for_rows(
        self, grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, options: Any, watched: bool
    ) -> torch.Tensor:
        """The gradient for rows of boxes; batch indices have none."""
        slope = self._slope if watched else self._slope_eagerly
        return pad(slope(grad, maps, boxes, *options), (1, 0)).to(boxes.dtype)

    def _pool_context(self, ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        del output
        maps, boxes, _, *options = inputs
        self.remember(ctx, maps, boxes, self._options(*options))

    def _pool_backward(self, ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        of_maps, of_boxes, *_ = ctx.needs_input_grad
        return *self.gradients(ctx, grad, of_maps=of_maps, of_boxes=of_boxes), None, *self._no_gradients

    def _gather_context(self, ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        del output
        grad, boxes, _, _, *options = inputs
        ctx.options = self._options(*options)
        ctx.size = tuple(grad.shape[1:3] if ctx.options.layout == "NHWC" else grad.shape[2:])
        ctx.save_for_backward(boxes, *((grad,) if self._has_box_gradient and boxes.requires_grad else ()))

    def _gather_backward(self, ctx: Any, arriving: torch.Tensor) -> tuple[Any, ...]:
        """The gradient for maps is the transpose of a linear function: its own gradient is that function of what arrives."""
        if self._linear is None:
            raise NotImplementedError(f"the gradient of {self._name} has no gradient of its own")
        boxes, *grad = ctx.saved_tensors
        of_grad, of_boxes, *_ = ctx.needs_input_grad
        maps = arriving.contiguous()
        options = _for_schema(self._linear(ctx.options))
        return (
            self._pool(maps, boxes, ctx.size, *options) if of_grad else None,
            self._for_rows(grad[0], maps, boxes, ctx.options, True) if of_boxes and grad else None,
            None,
            None,
            *self._no_gradients,
        )


class _Eager(torch.autograd.Function):  # type: ignore[misc]
    """A pooling of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any, pooling: Pooling, output_size: Sequence[int], options: Any, boxes: torch.Tensor, maps: torch.Tensor
    ) -> torch.Tensor:
        ctx.pooling = pooling
        pooling.remember(ctx, maps, boxes, _for_schema(options))
        return pooling.pool_eagerly(maps, boxes, output_size, *options)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        *_, of_boxes, of_maps = ctx.needs_input_grad
        for_maps, for_boxes = ctx.pooling.gradients(ctx, grad, of_maps=of_maps, of_boxes=of_boxes)
        return None, None, None, for_boxes, for_maps


def output_of_own_channels(
    maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], layout: str
) -> torch.Tensor:
    """The output, with nothing in it yet, of maps that have channels of their own for each bin."""
    height, width = output_size
    is_last = layout == "NHWC"
    channels = maps.shape[3 if is_last else 1] // max(1, math.prod(output_size))
    shape = (height, width, channels) if is_last else (channels, height, width)
    return maps.new_empty((boxes.shape[0], *shape))


def _for_schema(options: Any) -> Any:
    """Options with a dialect that fits into a schema."""
    dialect = options.dialect
    return options if dialect is None or isinstance(dialect, str) else options._replace(dialect=encoded(dialect))


def _map_gradient(
    grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], maps: torch.Tensor | None, *options: Any
) -> torch.Tensor:
    """The gradient for maps, with nothing in it yet."""
    del boxes, maps, options
    return grad.new_empty(tuple(shape))


def _box_gradient(grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    """The gradient for the numbers of boxes but for their batch index, with nothing in it yet."""
    del maps, options
    dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
    return grad.new_empty((boxes.shape[0], boxes.shape[1] - 1), dtype=dtype)
