"""Rotated RoIAlign on a pyramid: a function, a module, and operators, ``torch.ops.roikit.multiscale_roi_align_rotated``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.functional import pad

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.multiscale_roi_align_rotated import Dialect
from .dispatch import decoded, define, encoded, is_watched, output_of, register, register_last
from .memory import place
from .tensors import ARRIVING, check_plain, pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from ..kernels import Layout, LevelRule, LevelRuleName

Tensors = Sequence[torch.Tensor]


@traceable
def multiscale_roi_align_rotated(
    inputs: Sequence[torch.Tensor],
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scales: Sequence[float],
    sampling_ratio: int | tuple[int, int] = 0,
    aligned: bool = True,
    clockwise: bool = False,
    *,
    level_rule: LevelRule | LevelRuleName | None = None,
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools each rotated RoI from one of several maps, chosen by its size, all in one launch, as are their gradients.

    Differentiable for ``inputs``, as often as you like, and for ``boxes``, once: centres, sizes and angles can be learned, on the
    levels that sizes ask for.

    Args:
        inputs: Maps of the levels, finest first, at most 8, of the same N, C and data type (under autocast of any).
        boxes: As for `roi_align_rotated`.
        output_size: As for `roi_align_rotated`.
        spatial_scales: Feature pixels of each level per image pixel.
        sampling_ratio: As for `roi_align_rotated`.
        aligned: As for `roi_align_rotated`.
        clockwise: As for `roi_align_rotated`.
        level_rule: How a box becomes a level: ``"axlearn"``, which None stands for, ``"detectron2"`` or ``"mmdetection"``.
        first_level: The level of the first map; None takes it from the scales: 2 for 1/4.
        canonical_size: What the rule relates sizes to, image pixels; None: 224, or 56 for mmdetection.
        canonical_level: The level of a RoI of that size; None: 4, or that of the first map for mmdetection.
        layout: As for `roi_align_rotated`.
        dialect: A `roikit.kernels.dialects.multiscale_roi_align_rotated.Dialect` or the name of one, in place of
            ``level_rule``, ``aligned`` and ``clockwise``.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``inputs[0]``.

    Raises:
        TypeError, ValueError, InvalidRoiError, ImportError: As for `roi_align_rotated`; also if the maps do not go together.
    """
    if isinstance(inputs, torch.Tensor):
        raise TypeError("inputs must be a list of tensors, one for each level, not a tensor")
    if not inputs:
        raise ValueError("inputs must be the maps of at least one level")
    if len(spatial_scales) != len(inputs):
        raise ValueError(f"there are {len(spatial_scales)} spatial_scales for {len(inputs)} levels")
    options = _Options(
        [number for scale in spatial_scales for number in scale_pair("spatial_scales", scale)],
        sampling_ratio_pair(sampling_ratio),
        arguments.truth("aligned", aligned),
        arguments.truth("clockwise", clockwise),
        arguments.choice("layout", layout, LAYOUTS),
        dialect,
        None if level_rule is None else str(level_rule),
        first_level,
        canonical_size,
        canonical_level,
    )

    def pool(maps: Tensors, rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _pooled(maps, rows, size, options._replace(layout=layout))

    named = {f"inputs[{i}]": tensor for i, tensor in enumerate(inputs)}
    return pooled(named, boxes, output_size, options.layout, pool, numbers=arguments.CENTRES)


class MultiScaleRoIAlignRotated(torch.nn.Module):  # type: ignore[misc]
    """`multiscale_roi_align_rotated` as a module.

    Args:
        output_size, spatial_scales, sampling_ratio, aligned, clockwise: As for `multiscale_roi_align_rotated`, which checks them.
        level_rule, first_level, canonical_size, canonical_level, layout, dialect: Likewise.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scales: Sequence[float],
        sampling_ratio: int | tuple[int, int] = 0,
        aligned: bool = True,
        clockwise: bool = False,
        *,
        level_rule: LevelRule | LevelRuleName | None = None,
        first_level: int | None = None,
        canonical_size: float | None = None,
        canonical_level: int | None = None,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scales = spatial_scales
        self.sampling_ratio = sampling_ratio
        self.options: dict[str, Any] = {
            "aligned": aligned, "clockwise": clockwise, "level_rule": level_rule, "first_level": first_level,
            "canonical_size": canonical_size, "canonical_level": canonical_level, "layout": layout, "dialect": dialect,
        }  # fmt: skip

    def forward(self, inputs: Sequence[torch.Tensor], rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``inputs``; see `multiscale_roi_align_rotated`."""
        where = (self.output_size, self.spatial_scales, self.sampling_ratio)
        return multiscale_roi_align_rotated(inputs, rois, *where, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"output_size={self.output_size}, spatial_scales={self.spatial_scales}, sampling_ratio={self.sampling_ratio}"
            f"{unusual(self, self.options)}"
        )


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas; ``scales`` are y and x of each level."""

    scales: Sequence[float]
    sampling_ratio: Sequence[int]
    aligned: bool
    clockwise: bool
    layout: str
    dialect: str | Dialect | None
    level_rule: str | None
    first_level: int | None
    canonical_size: float | None
    canonical_level: int | None

    @property
    def encoded(self) -> _Options:
        """The same with a dialect that fits into a schema."""
        return self._replace(dialect=encoded(self.dialect))

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        named = self._asdict()
        scales = named.pop("scales")
        return {
            **named,
            "spatial_scales": tuple(zip(scales[::2], scales[1::2], strict=True)),
            "sampling_ratio": tuple(self.sampling_ratio),
            "dialect": decoded(self.dialect, Dialect),
        }


_SCHEMA = (
    "float[] scales, int[] sampling_ratio, bool aligned, bool clockwise, str layout, str? dialect, str? level_rule, "
    "int? first_level, float? canonical_size, int? canonical_level"
)
_NAME = "multiscale_roi_align_rotated"
_POOL = define(_NAME, "Tensor[] maps, Tensor boxes, SymInt[] output_size", _SCHEMA, "Tensor")
_GATHER = define(f"{_NAME}_backward", "Tensor grad, Tensor boxes, SymInt[] shapes", _SCHEMA, "Tensor[]")
_SLOPE = define(f"{_NAME}_backward_boxes", "Tensor grad, Tensor[] maps, Tensor boxes", _SCHEMA, "Tensor")
_NO_GRADIENTS = (None,) * len(_Options._fields)


def _output(maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
    return output_of(maps[0], boxes, output_size, _Options(*options).layout)


def _pool(maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
    height, width = output_size
    with place(maps[0].device) as array:
        output = _output(maps, boxes, output_size, *options)
        kernels.multiscale_roi_align_rotated(
            [array(tensor) for tensor in maps],
            array(boxes),
            (height, width),
            **_Options(*options).of_kernels,
            out=array(output),
        )
    return output


def _by_four(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(sizes[i : i + 4]) for i in range(0, len(sizes), 4)]


def _map_gradients(grad: torch.Tensor, boxes: torch.Tensor, shapes: Sequence[int], *options: Any) -> list[torch.Tensor]:
    del boxes, options
    return [grad.new_empty(shape) for shape in _by_four(shapes)]


def _gather(grad: torch.Tensor, boxes: torch.Tensor, shapes: Sequence[int], *options: Any) -> list[torch.Tensor]:
    with place(boxes.device) as array:
        gradients = _map_gradients(grad, boxes, shapes)
        kernels.multiscale_roi_align_rotated_backward(
            array(grad),
            array(boxes),
            _by_four(shapes),
            **_Options(*options).of_kernels,
            out=[array(each) for each in gradients],
        )
    return gradients


def _box_gradients(grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    del maps, options
    dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
    return grad.new_empty((boxes.shape[0], len(arguments.CENTRES)), dtype=dtype)


def _slope(grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    with place(boxes.device) as array:
        gradient = _box_gradients(grad, maps, boxes)
        kernels.multiscale_roi_align_rotated_backward_boxes(
            array(grad),
            [array(tensor) for tensor in maps],
            array(boxes),
            **_Options(*options).of_kernels,
            out=array(gradient),
        )
    return gradient


def _for_rows(grad: torch.Tensor, maps: Tensors, boxes: torch.Tensor, options: _Options) -> torch.Tensor:
    """The gradient for rows of boxes; batch indices have none."""
    return pad(_SLOPE(grad, maps, boxes, *options), (1, 0)).to(boxes.dtype)


def _remember(ctx: Any, maps: Tensors, boxes: torch.Tensor, options: _Options) -> None:
    """Keeps for the gradients the boxes, the shapes of the maps, and these if the gradient for boxes looks at them."""
    ctx.options = options
    ctx.shapes = [size for tensor in maps for size in tensor.shape]
    ctx.save_for_backward(boxes, *(maps if boxes.requires_grad else ()))


def _gradients(ctx: Any, grad: torch.Tensor, *, of_maps: bool, of_boxes: bool) -> tuple[Any, Any]:
    check_plain(ARRIVING, grad)
    boxes, *maps = ctx.saved_tensors
    watched = torch.is_grad_enabled() or is_watched((grad, boxes, *maps))  # grad is enabled by create_graph=True
    gather = _GATHER if watched else _gather
    return (
        gather(grad, boxes, ctx.shapes, *ctx.options) if of_maps else [None] * (len(ctx.shapes) // 4),
        _for_rows(grad, maps, boxes, ctx.options) if of_boxes else None,
    )


def _pool_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    maps, boxes, _, *options = inputs
    _remember(ctx, maps, boxes, _Options(*options))


def _pool_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    of_maps, of_boxes, *_ = ctx.needs_input_grad
    return *_gradients(ctx, grad, of_maps=any(of_maps), of_boxes=of_boxes), None, *_NO_GRADIENTS


def _gather_context(ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:
    del output
    grad, boxes, _, *options = inputs
    ctx.options = _Options(*options)
    ctx.save_for_backward(grad, boxes)


def _gather_backward(ctx: Any, arriving: Tensors) -> tuple[Any, ...]:
    """An average is linear in the maps, and its gradient the transpose: the gradient of that is the average again."""
    options, (grad, boxes) = ctx.options, ctx.saved_tensors
    size = grad.shape[2:] if options.layout == "NCHW" else grad.shape[1:3]
    of_grad, of_boxes, *_ = ctx.needs_input_grad
    maps = [each.contiguous() for each in arriving]
    return (
        _POOL(maps, boxes, size, *options) if of_grad else None,
        _for_rows(grad, maps, boxes, options) if of_boxes else None,
        None,
        *_NO_GRADIENTS,
    )


register(_NAME, _pool, _output, _pool_context, _pool_backward)
register(f"{_NAME}_backward", _gather, _map_gradients, _gather_context, _gather_backward)
register_last(f"{_NAME}_backward_boxes", _slope, _box_gradients)


class _Eager(torch.autograd.Function):  # type: ignore[misc]
    """A pooling of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any, output_size: Sequence[int], options: _Options, boxes: torch.Tensor, *maps: torch.Tensor
    ) -> torch.Tensor:
        _remember(ctx, maps, boxes, options)
        return _pool(maps, boxes, output_size, *options)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        _, _, of_boxes, *of_maps = ctx.needs_input_grad
        for_maps, for_boxes = _gradients(ctx, grad, of_maps=any(of_maps), of_boxes=of_boxes)
        return None, None, for_boxes, *for_maps


def _pooled(maps: Tensors, boxes: torch.Tensor, output_size: Sequence[int], options: _Options) -> torch.Tensor:
    """Pools the RoIs ``boxes`` of checked ``maps``."""
    if is_watched((boxes, *maps)):
        found: torch.Tensor = _POOL(maps, boxes, output_size, *options.encoded)
        return found
    has_tangents = torch.autograd.forward_ad._current_level >= 0  # noqa: SLF001 - which `_Eager` refuses
    if has_tangents or (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (boxes, *maps))):
        return _Eager.apply(output_size, options.encoded, boxes, *maps)
    return _pool(maps, boxes, output_size, *options)
