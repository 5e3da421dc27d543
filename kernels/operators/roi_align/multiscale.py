"""RoIAlign on a feature pyramid: each RoI is pooled from the level that its size asks for, all levels in one launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ...calls import arguments
from ...calls.levels import resolve_levels
from ...calls.problem import bins_of
from ...calls.pyramid import checked_maps, checked_shapes, scale_pairs
from ...dtypes import name_of
from ...staging.box_gradient import slope
from ...staging.gathering import gather
from ...staging.pooling import pool
from .box_gradient import GRADIENT as BOX_GRADIENT
from .feature_gradient import GRADIENT
from .forward import PLANNERS
from .problem import asked_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout, LevelRuleName, Mode
    from ...calls.problem import Asked
    from ...dialects.multiscale_roi_align import LevelRule
    from ...dialects.roi_align import Dialect

_RULE: Literal["torchvision"] = "torchvision"


def multiscale_roi_align(
    inputs: Sequence[A],
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int],
    spatial_scales: Sequence[float | tuple[float, float]],
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    level_rule: LevelRule | LevelRuleName = _RULE,
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    num_rois: Array | None = None,
    mode: Mode = "avg",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI from one of several maps, chosen by its size (RA-17), into a fixed number of bins.

    The level is chosen where the arrays are, without waiting, in the launch that pools. A box of negative area has no size, and
    by the rules of libraries that find no level for it (MS-6; all but ``"matterport"`` and ``"axlearn"``) its output and its
    gradients are 0.

    Args:
        inputs: Maps of the levels, finest first, at most 8: ``(N, C, H_l, W_l)``, or ``(N, H_l, W_l, C)`` with
            ``layout="NHWC"``.
        boxes: As for `roi_align`.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scales: Feature pixels of each level per image pixel; one number or ``(scale_y, scale_x)`` each.
        sampling_ratio, aligned, mode, layout, dialect: As for `roi_align`.
        level_rule: ``"torchvision"``, ``"detectron2"``, ``"mmdetection"``, ``"maskrcnn-benchmark"``, ``"matterport"`` or
            ``"axlearn"``; see `LevelRule`. It decides the level only; how a RoI is pooled, ``aligned`` and ``dialect`` say.
        first_level: The level of the first map; None takes it from the scales, which must then be powers of two, each half of
            the one before: 2 for 1/4.
        canonical_size: What the rule relates sizes to, image pixels; None: 224, or 56 for mmdetection.
        canonical_level: The level of a RoI of that size; None: 4, or that of the first map for mmdetection.
        num_rois: Array of one int64 where the others are: how many rows of ``boxes`` are RoIs. The output of the other rows is
            not written. None: all.
        out, workspace, check: As for `roi_align`.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or the maps do not go together.
        InvalidRoiError: as for `roi_align`.
    """
    xp, maps = checked_maps(inputs, layout)
    rows = arguments.box_rows(xp, boxes, name_of(maps[0].dtype), maps[0].shape[0])
    rule = (level_rule, first_level, canonical_size, canonical_level)
    how = (sampling_ratio, mode, layout, dialect, aligned)
    asked = _asked_for(maps[0].dtype, [m.shape for m in maps], rows, output_size, spatial_scales, rule, how)
    num_rois = arguments.count_of_rois(xp, num_rois)
    output: A = pool(xp, maps, rows, asked, PLANNERS, out=out, workspace=workspace, check=check, num_rois=num_rois)
    return output


def multiscale_roi_align_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    input_shapes: Sequence[Sequence[int]],
    spatial_scales: Sequence[float | tuple[float, float]],
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    level_rule: LevelRule | LevelRuleName = _RULE,
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    num_rois: Array | None = None,
    mode: Mode = "avg",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    inputs: Sequence[Array] | None = None,
    out: Sequence[A] | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> tuple[A, ...]:
    """The gradients for the maps that `multiscale_roi_align` pooled, of all levels in one launch.

    Args:
        grad: The gradient that arrives at the output; of rows that are no RoIs it is not read.
        boxes, spatial_scales, sampling_ratio, aligned, mode, layout, dialect: As they were given to `multiscale_roi_align`.
        level_rule, first_level, canonical_size, canonical_level, num_rois: As they were given to it, too.
        input_shapes: Shapes of the maps, in their layout.
        inputs: The maps, which a maximum needs.
        workspace, check: As for `roi_align_backward`.
        out: Arrays to write to, one for each level.

    Returns:
        An array for each level, of its shape and of the data type of ``grad``.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `roi_align`.
    """
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shapes = checked_shapes(input_shapes, layout, inputs=inputs, out=out)
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shapes[0][0])
    rule = (level_rule, first_level, canonical_size, canonical_level)
    how = (sampling_ratio, mode, layout, dialect, aligned)
    asked = _asked_for(grad.dtype, shapes, rows, bins_of(grad, layout), spatial_scales, rule, how)
    maps, outs = (None if given is None else tuple(given) for given in (inputs, out))
    return gather(
        xp, GRADIENT, grad, rows, asked, maps, outs, workspace, check=check,
        num_rois=arguments.count_of_rois(xp, num_rois),
    )  # fmt: skip


def multiscale_roi_align_backward_boxes(
    grad: Array,
    inputs: Sequence[Array],
    boxes: A | Sequence[A],
    spatial_scales: Sequence[float | tuple[float, float]],
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    level_rule: LevelRule | LevelRuleName = _RULE,
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    num_rois: Array | None = None,
    mode: Mode = "avg",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `multiscale_roi_align`, each on the level that it was pooled from.

    Args:
        grad: The gradient that arrives at the output.
        inputs, boxes, spatial_scales, sampling_ratio, aligned, mode, layout, dialect: As they were given to
            `multiscale_roi_align`.
        level_rule, first_level, canonical_size, canonical_level, num_rois: As they were given to it, too.
        out, check: As for `roi_align_backward_boxes`.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels; rows that are no RoIs are not written.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `roi_align`.
    """
    xp, maps = checked_maps(inputs, layout)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), maps[0].shape[0])
    rule = (level_rule, first_level, canonical_size, canonical_level)
    how = (sampling_ratio, mode, layout, dialect, aligned)
    asked = _asked_for(maps[0].dtype, [m.shape for m in maps], rows, bins_of(grad, layout), spatial_scales, rule, how)
    gradient: A = slope(
        xp, BOX_GRADIENT, grad, maps, rows, asked, out=out, check=check, num_rois=arguments.count_of_rois(xp, num_rois)
    )
    return gradient


def _asked_for(
    dtype: Any, shapes: Sequence[tuple[int, ...]], rows: Any, output_size: Any, spatial_scales: Sequence[Any],
    rule: tuple[Any, Any, Any, Any], how: tuple[Any, Any, Any, Any, Any],
) -> Asked:  # fmt: skip
    """What is asked for, with a level for each of the maps; ``how`` is what `asked_for` takes between scales and levels."""
    name, first, canonical_size, canonical_level = rule
    scales = scale_pairs(spatial_scales, len(shapes))
    levels = resolve_levels(name, scales, first, canonical_size, canonical_level, name_of(rows.dtype))
    return asked_for(dtype, tuple(shapes), len(rows), output_size, scales, *how, levels)
