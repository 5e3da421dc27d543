"""The gradient of rotated RoIAlign on a feature pyramid for the boxes: centres, sizes and angles; levels stay what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.choosing import Choosing
from ...calls.problem import bins_of
from ...calls.pyramid import checked_maps
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from .problem import NUMBERS, RotatedPyramidProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout, LevelRuleName
    from ...dialects.multiscale_roi_align import LevelRule
    from ...dialects.multiscale_roi_align_rotated import Dialect


def multiscale_roi_align_rotated_backward_boxes(
    grad: Array,
    inputs: Sequence[Array],
    boxes: A | Sequence[A],
    spatial_scales: Sequence[float],
    sampling_ratio: int | tuple[int, int] = 0,
    aligned: bool = True,
    clockwise: bool = False,
    *,
    level_rule: LevelRule | LevelRuleName | None = None,
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    num_rois: Array | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `multiscale_roi_align_rotated`, each on the level that it was pooled from.

    Args:
        grad: The gradient that arrives at the output.
        inputs, boxes, spatial_scales, sampling_ratio, aligned, clockwise, layout, dialect: As they were given to
            `multiscale_roi_align_rotated`.
        level_rule, first_level, canonical_size, canonical_level, num_rois: As they were given to it, too.
        out, check: As for `roi_align_rotated_backward_boxes`.

    Returns:
        ``(K, 5)``, for cx, cy, w and h in image pixels, and the angle in its unit; rows that are no RoIs are not written.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `roi_align_rotated`.
    """
    xp, maps = checked_maps(inputs, layout)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), maps[0].shape[0], NUMBERS)
    choosing = Choosing(level_rule, first_level, canonical_size, canonical_level)
    asked = asked_for(
        maps[0].dtype, [array.shape for array in maps], len(rows), bins_of(grad, layout), spatial_scales,
        sampling_ratio, aligned, clockwise, choosing, layout, dialect,
    )  # fmt: skip
    count = arguments.count_of_rois(xp, num_rois)
    gradient: A = slope(xp, GRADIENT, grad, maps, rows, asked, out=out, check=check, num_rois=count)
    return gradient


GRADIENT = BoxGradient(
    operator="multiscale_roi_align_rotated",
    problem=RotatedPyramidProblem.of,
    macros=rules_of,
    neighbours=True,
    numbers=len(NUMBERS),
)
