"""Rotated RoIAlign on a feature pyramid: each RoI is pooled from the level that its size asks for, all levels in one launch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.choosing import Choosing
from ...calls.pyramid import checked_maps
from ...dtypes import name_of
from ...staging.points import PointPooling
from ...staging.pooling import pool
from .problem import NUMBERS, RotatedPyramidProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout, LevelRuleName
    from ...dialects.multiscale_roi_align import LevelRule
    from ...dialects.multiscale_roi_align_rotated import Dialect


def multiscale_roi_align_rotated(
    inputs: Sequence[A],
    boxes: Array | Sequence[Array],
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
    num_rois: Array | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """Pools each rotated RoI from one of several maps, chosen by its size, as `roi_align_rotated` pools it from that map.

    The size of a box is the square root of its area, ``sqrt(w * h)``; its angle does not matter. The level is chosen where the
    arrays are, without waiting, in the launch that pools. A box of negative area has no size: it is on the first level, or by
    the rules of detectron2 and mmdetection on none, where its output and its gradients are 0. The rules are those of
    ``conformance/operators/multiscale_roi_align_rotated/RULES.md``.

    Args:
        inputs: Maps of the levels, finest first, at most 8: ``(N, C, H_l, W_l)``, or ``(N, H_l, W_l, C)`` with
            ``layout="NHWC"``; float16, bfloat16, float32 or float64. Arrays that are not contiguous are copied first.
        boxes, output_size, sampling_ratio, aligned, clockwise, layout: As for `roi_align_rotated`.
        spatial_scales: Feature pixels of each level per image pixel.
        level_rule: ``"axlearn"``, which adds nothing to a size and is what None stands for, ``"detectron2"`` or
            ``"mmdetection"``; see `LevelRule`. It decides the level only.
        first_level, canonical_size, canonical_level, num_rois: As for `multiscale_roi_align`.
        dialect: A `roikit.kernels.dialects.multiscale_roi_align_rotated.Dialect` or the name of one, in place of
            ``level_rule``, ``aligned`` and ``clockwise``, to get the answer of another library: ``"detectron2"``,
            ``"mmrotate"``.
        out, check: As for `roi_align_rotated`.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of the maps. On a GPU, without
        ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or the maps do not go together.
        InvalidRoiError: as for `roi_align_rotated`.
    """
    xp, maps = checked_maps(inputs, layout)
    rows = arguments.box_rows(xp, boxes, name_of(maps[0].dtype), maps[0].shape[0], NUMBERS)
    choosing = Choosing(level_rule, first_level, canonical_size, canonical_level)
    asked = asked_for(
        maps[0].dtype, [array.shape for array in maps], len(rows), output_size, spatial_scales, sampling_ratio,
        aligned, clockwise, choosing, layout, dialect,
    )  # fmt: skip
    num_rois = arguments.count_of_rois(xp, num_rois)
    output: A = pool(xp, maps, rows, asked, PLANNERS, out=out, workspace=None, check=check, num_rois=num_rois)
    return output


POOLING = PointPooling(
    operator="multiscale_roi_align_rotated", problem=RotatedPyramidProblem.of, macros=rules_of, brings=True
)
PLANNERS = POOLING.planners
