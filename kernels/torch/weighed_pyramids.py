"""Operators of PyTorch that pool weighed maps of a pyramid, ``torch.ops.roikit.*``, with their gradients, by `roikit.kernels`.

An operator takes rows ``[batch_index, …]`` of boxes. It writes to memory of PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import pad

from .. import kernels
from .dispatch import define, output_of, register, register_last
from .memory import place
from .pyramids import box_gradients, by_four
from .tensors import ARRIVING, check_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .pyramids import Tensors


class WeighedPyramidPooling:
    """The operators ``NAME``, ``NAME_backward``, ``NAME_backward_weights`` and ``NAME_backward_boxes``.

    Options are what operators take besides tensors and shapes: a NamedTuple in the order of ``schema``, with a ``layout`` and a
    ``mode``, and with ``of_kernels``, the arguments of the functions of `roikit.kernels`.

    Args:
        name: Of the function in `roikit.kernels`, and of its gradients with these endings.
        options: The class of the options.
        schema: Types and names of the options.
    """

    def __init__(self, name: str, options: Callable[..., Any], schema: str) -> None:
        self._name, self._options = name, options
        self._no_gradients = (None,) * len(options._fields)  # type: ignore[attr-defined]
        last = "Tensor grad, Tensor[] maps, Tensor boxes, Tensor[] weights"
        of_maps = "Tensor grad, Tensor boxes, Tensor[] weights, SymInt[] shapes, Tensor[] maps"
        pool = "Tensor[] maps, Tensor boxes, Tensor[] weights, SymInt[] output_size"
        self._pool = define(name, pool, schema, "Tensor")
        self._gather = define(f"{name}_backward", of_maps, schema, "Tensor[]")
        self._weigh = define(f"{name}_backward_weights", last, schema, "Tensor[]")
        self._slope = define(f"{name}_backward_boxes", last, schema, "Tensor")
        register(name, self._pooled, self._output, self._remember, self._gradients)
        register(f"{name}_backward", self._for_maps, _like_maps, self._remember_for_maps, self._gradient_of_maps)
        register_last(f"{name}_backward_weights", self._for_weights, _like_weights, why="", of="weights")
        register_last(f"{name}_backward_boxes", self._for_boxes, _like_boxes)

    def __call__(
        self, maps: Tensors, boxes: torch.Tensor, weights: Tensors, output_size: Sequence[int], options: Any
    ) -> torch.Tensor:
        """Pools the RoIs ``boxes`` of checked ``maps``, by checked ``weights``."""
        found: torch.Tensor = self._pool(maps, boxes, weights, output_size, *options)
        return found

    # ---- what operators do ----

    def _called(self, ending: str, options: Sequence[Any], out: Any, *given: Any, **named: Any) -> Any:
        """What a function of `roikit.kernels` writes to ``out``, of tensors, lists of them, and of what else it takes."""
        tensor = out if isinstance(out, torch.Tensor) else out[0]
        with place(tensor.device) as array:

            def taken(value: Any) -> Any:
                if isinstance(value, torch.Tensor):
                    return array(value)
                is_list = isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], torch.Tensor)
                return [array(each) for each in value] if is_list else value

            how = self._options(*options).of_kernels | {name: taken(value) for name, value in named.items()}
            getattr(kernels, self._name + ending)(*map(taken, given), **how, out=taken(out))
        return out

    def _output(
        self, maps: Tensors, boxes: torch.Tensor, weights: Tensors, output_size: Sequence[int], *options: Any
    ) -> torch.Tensor:
        """The output, with nothing in it yet."""
        del weights
        return output_of(maps[0], boxes, output_size, self._options(*options).layout)

    def _pooled(
        self, maps: Tensors, boxes: torch.Tensor, weights: Tensors, output_size: Sequence[int], *options: Any
    ) -> torch.Tensor:
        out, (height, width) = self._output(maps, boxes, weights, output_size, *options), output_size
        found: torch.Tensor = self._called("", options, out, maps, boxes, weights, (height, width))
        return found

    def _for_maps(
        self,
        grad: torch.Tensor,
        boxes: torch.Tensor,
        weights: Tensors,
        shapes: Sequence[int],
        maps: Tensors,
        *options: Any,
    ) -> list[torch.Tensor]:
        out = _like_maps(grad, boxes, weights, shapes, maps)
        given = (grad, boxes, weights, by_four(shapes))
        found: list[torch.Tensor] = self._called("_backward", options, out, *given, inputs=maps or None)
        return found

    def _for_weights(
        self, grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, weights: Tensors, *options: Any
    ) -> list[torch.Tensor]:
        out = _like_weights(grad, maps, boxes, weights)
        found: list[torch.Tensor] = self._called("_backward_weights", options, out, grad, maps, boxes, weights)
        return found

    def _for_boxes(
        self, grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, weights: Tensors, *options: Any
    ) -> torch.Tensor:
        out = _like_boxes(grad, maps, boxes, weights)
        found: torch.Tensor = self._called("_backward_boxes", options, out, grad, maps, boxes, weights)
        return found

    # ---- what autograd makes of them ----

    def _looks_at_maps(self, options: Sequence[Any]) -> bool:
        """Whether the gradient for maps with these options depends on the maps."""
        return bool(self._options(*options).mode != "avg")

    def _remember(self, ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Keeps boxes and weights, the shapes of the maps, and these if one of the gradients looks at them."""
        del output
        maps, boxes, weights, _, *options = inputs
        ctx.options, ctx.shapes = options, [size for tensor in maps for size in tensor.shape]
        kept = self._looks_at_maps(options) or boxes.requires_grad or any(each.requires_grad for each in weights)
        ctx.save_for_backward(boxes, *weights, *(maps if kept else ()))

    def _gradients(self, ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        """The gradients that are asked for; batch indices have none."""
        check_plain(ARRIVING, grad)
        count = len(ctx.shapes) // 4
        boxes, *tensors = ctx.saved_tensors
        weights, maps = tensors[:count], tensors[count:]
        of_maps, of_boxes, of_weights, *_ = ctx.needs_input_grad
        for_maps = for_weights = [None] * count
        if any(of_maps):
            compared = maps if self._looks_at_maps(ctx.options) else []
            for_maps = self._gather(grad, boxes, weights, ctx.shapes, compared, *ctx.options)
        if any(of_weights):
            for_weights = self._weigh(grad, maps, boxes, weights, *ctx.options)
        corners = self._slope(grad, maps, boxes, weights, *ctx.options) if of_boxes else None
        rows = None if corners is None else pad(corners, (1, 0)).to(boxes.dtype)
        return for_maps, rows, for_weights, None, *self._no_gradients

    def _remember_for_maps(self, ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:
        """Keeps what the gradient of the gradient for maps needs."""
        del output
        grad, boxes, weights, _, maps, *options = inputs
        ctx.options, ctx.looked_at = options, len(maps)
        layout = self._options(*options).layout
        ctx.size = tuple(grad.shape[1:3] if layout == "NHWC" else grad.shape[2:])
        ctx.save_for_backward(boxes, *weights)

    def _gradient_of_maps(self, ctx: Any, arriving: Tensors) -> tuple[Any, ...]:
        """The gradient for maps is the transpose of a linear function: its own gradient is that function of what arrives."""
        of_grad, of_boxes, of_weights, *_ = ctx.needs_input_grad
        if self._looks_at_maps(ctx.options):
            mode = self._options(*ctx.options).mode
            raise NotImplementedError(f"the gradient of mode={mode!r} has no gradient of its own")
        if of_boxes or any(of_weights):
            raise NotImplementedError(
                "the gradient for maps has a gradient of its own for these alone: detach boxes and weights, or call "
                "backward() without create_graph=True"
            )
        boxes, *weights = ctx.saved_tensors
        maps = [each.contiguous() for each in arriving]
        again = self._pool(maps, boxes, weights, ctx.size, *ctx.options) if of_grad else None
        return again, None, [None] * len(weights), None, [None] * ctx.looked_at, *self._no_gradients


def _like_maps(
    grad: torch.Tensor, boxes: torch.Tensor, weights: Tensors, shapes: Sequence[int], maps: Tensors, *options: Any
) -> list[torch.Tensor]:
    """The gradients for the maps of all levels, with nothing in them yet."""
    del boxes, weights, maps, options
    return [grad.new_empty(shape) for shape in by_four(shapes)]


def _like_weights(
    grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, weights: Tensors, *options: Any
) -> list[torch.Tensor]:
    """Those for the weights."""
    del maps, boxes, options
    return [grad.new_empty(each.shape) for each in weights]


def _like_boxes(
    grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, weights: Tensors, *options: Any
) -> torch.Tensor:
    """That for the numbers of boxes but for their batch index."""
    del weights, options
    return box_gradients(grad, maps, boxes)
