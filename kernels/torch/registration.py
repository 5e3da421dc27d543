"""RoIAlign and its gradients as operators of PyTorch, ``torch.ops.roikit.*``, each with its shapes and its gradient.

An operator takes the maps of all levels, and rows ``[batch_index, x1, y1, x2, y2]``. It writes to memory of PyTorch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch.nn.functional import pad

from .. import kernels
from ..kernels import Dialect, named_dialect
from .dispatch import decoded, define, encoded, is_watched, output_of, register, register_last
from .memory import place
from .tensors import ARRIVING, check_plain

Tensors = Sequence[torch.Tensor]


class How(NamedTuple):
    """What operators take besides tensors and shapes, in the order of their schemas; ``scales`` are y and x of each level."""

    scales: Sequence[float]
    sampling_ratio: Sequence[int]
    aligned: bool
    mode: str
    layout: str
    dialect: str | Dialect | None
    level_rule: str = "torchvision"
    first_level: int | None = None
    canonical_size: float | None = None
    canonical_level: int | None = None

    @property
    def encoded(self) -> How:
        """The same with a dialect that fits into a schema."""
        return self._replace(dialect=encoded(self.dialect)) if isinstance(self.dialect, Dialect) else self

    @property
    def of_gradient(self) -> How:
        """That of the function whose transpose the gradient of an average is: an average of nothing is 0 there."""
        dialect = decoded(self.dialect, Dialect)
        if dialect is None:
            return self
        rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
        return self._replace(dialect=rules.for_gradient("avg")).encoded

    @property
    def one_level(self) -> dict[str, Any]:
        """The arguments of an operator of `roikit.kernels` for one level, but for the scale."""
        return {
            "sampling_ratio": tuple(self.sampling_ratio),
            "aligned": self.aligned,
            "mode": self.mode,
            "layout": self.layout,
            "dialect": decoded(self.dialect, Dialect),
        }

    @property
    def levels(self) -> dict[str, Any]:
        """The arguments of an operator of `roikit.kernels` for several levels."""
        return self.one_level | {
            "spatial_scales": tuple(zip(self.scales[::2], self.scales[1::2], strict=True)),
            "level_rule": self.level_rule,
            "first_level": self.first_level,
            "canonical_size": self.canonical_size,
            "canonical_level": self.canonical_level,
        }


_HOW = (
    "float[] scales, int[] sampling_ratio, bool aligned, str mode, str layout, str? dialect, str level_rule, "
    "int? first_level, float? canonical_size, int? canonical_level"
)


_POOL = define("roi_align", "Tensor[] maps, Tensor boxes, SymInt[] output_size", _HOW, "Tensor")
_GATHER = define("roi_align_backward", "Tensor grad, Tensor boxes, SymInt[] shapes, Tensor[] maps", _HOW, "Tensor[]")
_SLOPE = define("roi_align_backward_boxes", "Tensor grad, Tensor[] maps, Tensor boxes", _HOW, "Tensor")


def _output(maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], *how: Any) -> torch.Tensor:
    return output_of(maps[0], boxes, output_size, How(*how).layout)


def _pool(maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], *how: Any) -> torch.Tensor:
    options = How(*how)
    height, width = output_size
    with place(maps[0].device) as array:
        output = _output(maps, boxes, output_size, *how)
        arrays, rows, out = [array(tensor) for tensor in maps], array(boxes), array(output)
        if len(arrays) == 1:
            scale = (options.scales[0], options.scales[1])
            kernels.roi_align(arrays[0], rows, (height, width), scale, **options.one_level, out=out)
        else:
            kernels.multiscale_roi_align(arrays, rows, (height, width), **options.levels, out=out)
    return output


def _map_gradients(
    grad: torch.Tensor, boxes: torch.Tensor, shapes: Sequence[int], maps: Tensors, *how: Any
) -> list[torch.Tensor]:
    del boxes, maps, how
    return [grad.new_empty(shape) for shape in _by_four(shapes)]


def _gather(
    grad: torch.Tensor, boxes: torch.Tensor, shapes: Sequence[int], maps: Tensors, *how: Any
) -> list[torch.Tensor]:
    with place(boxes.device) as array:
        gradients = _map_gradients(grad, boxes, shapes, maps, *how)
        kernels.multiscale_roi_align_backward(
            array(grad), array(boxes), _by_four(shapes), **How(*how).levels,
            inputs=[array(tensor) for tensor in maps] or None, out=[array(gradient) for gradient in gradients],
        )  # fmt: skip
    return gradients


def _by_four(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(sizes[i : i + 4]) for i in range(0, len(sizes), 4)]


def _box_gradients(grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, *how: Any) -> torch.Tensor:
    del maps, how
    dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
    return grad.new_empty((boxes.shape[0], 4), dtype=dtype)


def _slope(grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, *how: Any) -> torch.Tensor:
    with place(boxes.device) as array:
        gradient = _box_gradients(grad, maps, boxes, *how)
        kernels.multiscale_roi_align_backward_boxes(
            array(grad), [array(tensor) for tensor in maps], array(boxes), **How(*how).levels, out=array(gradient)
        )
    return gradient


def _for_rows(grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, how: How) -> torch.Tensor:
    """The gradient for ``boxes``; batch indices have none."""
    return pad(_SLOPE(grad, maps, boxes, *how), (1, 0)).to(boxes.dtype)


def _remember(ctx: Any, maps: Tensors, boxes: torch.Tensor, how: How) -> None:
    """Keeps for the gradient the boxes, and of the maps as much as it looks at."""
    ctx.how = how
    ctx.shapes = [size for tensor in maps for size in tensor.shape]
    ctx.save_for_backward(boxes, *(maps if how.mode == "max" or boxes.requires_grad else ()))


def _gradients(ctx: Any, grad: torch.Tensor, *, of_maps: bool, of_boxes: bool) -> tuple[Any, Any]:
    check_plain(ARRIVING, grad)
    boxes, *maps = ctx.saved_tensors
    chosen = maps if ctx.how.mode == "max" else []
    dispatched = torch.is_grad_enabled() or is_watched((grad, boxes, *maps))  # grad is enabled by create_graph=True
    gather = _GATHER if dispatched else _gather
    return (
        gather(grad, boxes, ctx.shapes, chosen, *ctx.how) if of_maps else [None] * (len(ctx.shapes) // 4),
        _for_rows(grad, maps, boxes, ctx.how) if of_boxes else None,
    )


def _pool_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    maps, boxes, _, *how = inputs
    _remember(ctx, maps, boxes, How(*how))


def _pool_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    of_maps, of_boxes, *_ = ctx.needs_input_grad
    return (*_gradients(ctx, grad, of_maps=any(of_maps), of_boxes=of_boxes), None, *[None] * len(How._fields))


def _gather_context(ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:
    del output
    grad, boxes, _, maps, *how = inputs
    ctx.how, ctx.maps = How(*how), len(maps)
    ctx.save_for_backward(grad, boxes)


def _gather_backward(ctx: Any, grads: Tensors) -> tuple[Any, ...]:
    """An average is linear in the maps, and its gradient the transpose: the gradient of that is the average again."""
    how, (grad, boxes) = ctx.how, ctx.saved_tensors
    if how.mode == "max":
        raise NotImplementedError('the gradient of mode="max" has no gradient of its own')
    size = grad.shape[2:] if how.layout == "NCHW" else grad.shape[1:3]
    of_grad, of_boxes, *_ = ctx.needs_input_grad
    return (
        _POOL(grads, boxes, size, *how.of_gradient) if of_grad else None,
        _for_rows(grad, grads, boxes, how) if of_boxes else None,
        None, [None] * ctx.maps, *[None] * len(How._fields),
    )  # fmt: skip


register("roi_align", _pool, _output, _pool_context, _pool_backward)
register("roi_align_backward", _gather, _map_gradients, _gather_context, _gather_backward)
register_last("roi_align_backward_boxes", _slope, _box_gradients)


class _Pool(torch.autograd.Function):  # type: ignore[misc]
    """``roi_align`` of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any, output_size: Sequence[int], how: How, boxes: torch.Tensor, *maps: torch.Tensor
    ) -> torch.Tensor:
        _remember(ctx, maps, boxes, how.encoded)
        return _pool(maps, boxes, output_size, *how)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        _, _, of_boxes, *of_maps = ctx.needs_input_grad
        for_maps, for_boxes = _gradients(ctx, grad, of_maps=any(of_maps), of_boxes=of_boxes)
        return None, None, for_boxes, *for_maps


def pool(maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], how: How) -> torch.Tensor:
    """Pools the RoIs ``boxes`` of checked ``maps``."""
    if is_watched((boxes, *maps)):
        return _POOL(maps, boxes, output_size, *how.encoded)
    has_tangents = torch.autograd.forward_ad._current_level >= 0  # noqa: SLF001 - which `_Pool` refuses
    if has_tangents or (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (boxes, *maps))):
        return _Pool.apply(output_size, how, boxes, *maps)
    return _pool(maps, boxes, output_size, *how)
