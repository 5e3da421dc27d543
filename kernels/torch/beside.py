"""Gradients of operators that have a tensor beside maps and boxes, weights or offsets: each by an operator of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import pad

from .tensors import ARRIVING, check_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def like_maps(
    grad: torch.Tensor, boxes: torch.Tensor, beside: torch.Tensor | None, shape: Sequence[int], *options: Any
) -> torch.Tensor:
    """The gradient for maps, with nothing in it yet."""
    del boxes, beside, options
    return grad.new_empty(tuple(shape))


def like_beside(
    grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, beside: torch.Tensor, *options: Any
) -> torch.Tensor:
    """The gradient for the tensor beside, with nothing in it yet."""
    del maps, boxes, options
    return grad.new_empty(beside.shape)


def like_corners(
    grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, beside: torch.Tensor | None, *options: Any
) -> torch.Tensor:
    """The gradient for corners, with nothing in it yet."""
    del maps, beside, options
    dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
    return grad.new_empty((boxes.shape[0], 4), dtype=dtype)


@dataclass(frozen=True, slots=True)
class Beside:
    """What autograd remembers of a call, and makes of it.

    Attributes:
        of: The name of the tensor beside.
        options: The type of the options, which come last in all of these.
        pool: The operator, of maps, boxes, the tensor beside, and the number of bins.
        for_maps: The operator of the gradient for maps, of what arrives, boxes, the tensor beside, the shape of the maps, and,
            if some options look at them, the maps or None.
        for_boxes: That of the gradient for boxes, of what arrives, maps, boxes, and the tensor beside; None if boxes have none.
        for_beside: That of the gradient for the tensor beside, of the same.
        looks_at_maps: Whether the gradient for maps with these options depends on the maps; None if none does.
    """

    of: str
    options: Any
    pool: Callable[..., Any]
    for_maps: Callable[..., Any]
    for_boxes: Callable[..., Any] | None
    for_beside: Callable[..., Any]
    looks_at_maps: Callable[[Any], bool] | None = None

    @property
    def _none(self) -> tuple[None, ...]:
        """The gradients for the options."""
        return (None,) * len(self.options._fields)

    @property
    def _maps(self) -> int:
        """How many arguments for maps that are looked at the operator of their gradient has."""
        return int(self.looks_at_maps is not None)

    def remember(self, ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Keeps what the gradients of a call need."""
        del output
        maps, boxes, beside, _, *options = inputs
        ctx.options, ctx.shape = options, tuple(maps.shape)
        of_boxes = self.for_boxes is not None and boxes.requires_grad
        looked_at = self.looks_at_maps is not None and self.looks_at_maps(self.options(*options))
        kept = looked_at or of_boxes or (beside is not None and beside.requires_grad)
        ctx.save_for_backward(boxes, beside, *((maps,) if kept else ()))

    def backward(self, ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        """The gradients that are asked for; batch indices have none."""
        check_plain(ARRIVING, grad)
        boxes, beside, *kept = ctx.saved_tensors
        of_maps, of_boxes, of_beside, *_ = ctx.needs_input_grad
        looked_at: tuple[Any, ...] = ()
        if self.looks_at_maps is not None:
            looked_at = (kept[0] if self.looks_at_maps(self.options(*ctx.options)) else None,)
        maps = self.for_maps(grad, boxes, beside, ctx.shape, *looked_at, *ctx.options) if of_maps else None
        slope = self.for_boxes if of_boxes else None
        corners = slope(grad, kept[0], boxes, beside, *ctx.options) if slope else None
        rows = pad(corners, (1, 0)).to(boxes.dtype) if corners is not None else None
        moved = self.for_beside(grad, kept[0], boxes, beside, *ctx.options) if of_beside else None
        return maps, rows, moved, None, *self._none

    def remember_for_maps(self, ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Keeps what the gradient of the gradient for maps needs."""
        del output
        grad, boxes, beside, _, *others = inputs
        ctx.options = self.options(*others[self._maps :])
        ctx.size = tuple(grad.shape[1:3] if ctx.options.layout == "NHWC" else grad.shape[2:])
        ctx.save_for_backward(boxes, beside)

    def backward_of_maps(self, ctx: Any, arriving: torch.Tensor) -> tuple[Any, ...]:
        """The gradient for maps is the transpose of a linear function: its own gradient is that function of what arrives."""
        of_grad, of_boxes, of_beside, *_ = ctx.needs_input_grad
        if self.looks_at_maps is not None and self.looks_at_maps(ctx.options):
            raise NotImplementedError(f"the gradient of mode={ctx.options.mode!r} has no gradient of its own")
        if (of_boxes and self.for_boxes) or of_beside:
            raise NotImplementedError(
                f"the gradient for maps has a gradient of its own for these alone: detach boxes and {self.of}, or call "
                "backward() without create_graph=True"
            )
        boxes, beside = ctx.saved_tensors
        again = self.pool(arriving.contiguous(), boxes, beside, ctx.size, *ctx.options) if of_grad else None
        return again, None, None, None, *(None,) * self._maps, *self._none
