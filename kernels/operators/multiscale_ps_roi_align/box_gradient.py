"""The gradient of PSRoIAlign on a feature pyramid for the boxes; levels stay what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.choosing import Choosing
from ...calls.problem import bins_of
from ...calls.pyramid import checked_maps
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from .problem import PsPyramidProblem, asked_for, rule_macros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout, LevelRuleName
    from ...calls.problem import Problem
    from ...dialects.multiscale_ps_roi_align import Dialect
    from ...dialects.multiscale_roi_align import LevelRule
    from ...staging.gathering import Macros


def multiscale_ps_roi_align_backward_boxes(
    grad: Array,
    inputs: Sequence[Array],
    boxes: A | Sequence[A],
    spatial_scales: Sequence[float | tuple[float, float]],
    sampling_ratio: int | tuple[int, int] = -1,
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
    """The gradient for the boxes of `multiscale_ps_roi_align`, each on the level that it was pooled from.

    Args:
        grad: The gradient that arrives at the output, ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with
            ``layout="NHWC"``; of the data type of the maps.
        inputs, boxes, spatial_scales, sampling_ratio, layout, dialect: As they were given to `multiscale_ps_roi_align`.
        level_rule, first_level, canonical_size, canonical_level, num_rois: As they were given to it, too.
        out, check: As for `ps_roi_align_backward_boxes`.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels; rows that are no RoIs are not written.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `ps_roi_align`.
    """
    xp, maps = checked_maps(inputs, layout)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(maps[0].dtype), maps[0].shape[0])
    choosing = Choosing(level_rule, first_level, canonical_size, canonical_level)
    asked = asked_for(
        maps[0].dtype, [array.shape for array in maps], len(rows), bins_of(grad, layout), spatial_scales, sampling_ratio,
        choosing, layout, dialect,
    )  # fmt: skip
    count = arguments.count_of_rois(xp, num_rois)
    gradient: A = slope(xp, GRADIENT, grad, maps, rows, asked, out=out, check=check, num_rois=count)
    return gradient


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, PsPyramidProblem)
    return rule_macros(problem.dialect.for_gradient(problem.mode))


GRADIENT = BoxGradient(
    operator="multiscale_ps_roi_align", problem=PsPyramidProblem.of, macros=_macros, neighbours=False
)
