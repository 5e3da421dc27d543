"""PSRoIAlign on a feature pyramid: each RoI is pooled from the level that its size asks for, all levels in one launch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.choosing import Choosing
from ...calls.pyramid import checked_maps, checked_shapes
from ...dtypes import name_of
from ...execution import device
from ...staging.pooling import pool
from ...staging.selected import SelectedPooling
from .problem import PsPyramidProblem, asked_for, rule_macros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout, LevelRuleName
    from ...calls.problem import Problem
    from ...dialects.multiscale_ps_roi_align import Dialect
    from ...dialects.multiscale_roi_align import LevelRule
    from ...staging.gathering import Macros


def multiscale_ps_roi_align(
    inputs: Sequence[A],
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int],
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
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI from one of several maps, chosen by its size, as `ps_roi_align` pools it from that map.

    The level is chosen where the arrays are, without waiting, in the launch that pools. A box of which one side is negative has
    no size: it is on the first level, or by the rules of torchvision, detectron2, mmdetection and maskrcnn-benchmark on none,
    where its output and its gradients are 0. The rules are those of
    ``conformance/operators/multiscale_ps_roi_align/RULES.md``.

    Args:
        inputs: Maps of the levels, finest first, at most 8: ``(N, C, H_l, W_l)``, or ``(N, H_l, W_l, C)`` with
            ``layout="NHWC"``; float16, bfloat16, float32 or float64. C is ``C_out * P_h * P_w`` on all levels: which channel a
            bin reads, `ps_roi_align` says. Arrays that are not contiguous are copied first.
        boxes, output_size, sampling_ratio, layout: As for `ps_roi_align`; corners are in image pixels.
        spatial_scales: Feature pixels of each level per image pixel; one number or ``(scale_y, scale_x)`` each.
        level_rule: ``"axlearn"``, which adds nothing to a size and is what None stands for, or another; see `LevelRule`. It
            decides the level only.
        first_level, canonical_size, canonical_level, num_rois: As for `multiscale_roi_align`.
        dialect: A `roikit.kernels.dialects.multiscale_ps_roi_align.Dialect` or the name of one, in place of ``level_rule``, to
            get the answer of what others put together: ``"torchvision"``, ``"mmdetection"``, ``"detectron2"``, ``"gluoncv"``;
            or of channels in another order, ``"roikit-bin-major"``.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) that a GPU may use instead of allocating memory; `multiscale_ps_roi_align_workspace`
            says how many it takes, which nearly always is none.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with ``layout="NHWC"``, of the data type of the maps. On a GPU,
        without ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or the maps do not go together.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `ps_roi_align`. What ``out`` then holds is not defined.
    """
    xp, maps = checked_maps(inputs, layout)
    rows = arguments.box_rows(xp, boxes, name_of(maps[0].dtype), maps[0].shape[0])
    choosing = Choosing(level_rule, first_level, canonical_size, canonical_level)
    asked = asked_for(
        maps[0].dtype, [array.shape for array in maps], len(rows), output_size, spatial_scales, sampling_ratio, choosing,
        layout, dialect,
    )  # fmt: skip
    num_rois = arguments.count_of_rois(xp, num_rois)
    output: A = pool(xp, maps, rows, asked, PLANNERS, out=out, workspace=workspace, check=check, num_rois=num_rois)
    return output


def multiscale_ps_roi_align_workspace(
    input_shapes: Sequence[Sequence[int]],
    rois: int,
    output_size: int | tuple[int, int],
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
) -> int:
    """How many bytes `multiscale_ps_roi_align` needs as ``workspace`` on the current GPU.

    None unless maps are thousands of pixels wide.

    Args:
        input_shapes: Shapes of the maps, in their layout.
        rois: K.
        output_size, sampling_ratio, layout: As for `multiscale_ps_roi_align`.
        dtype: Name of the data type of the maps.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shapes = checked_shapes(input_shapes, layout)
    asked = asked_for(
        arguments.dtype_called(dtype), shapes, rois, output_size, [2.0**-level for level in range(len(shapes))],
        sampling_ratio, Choosing(), layout, None,
    )  # fmt: skip
    return POOLING.workspace_bytes(asked, device.multiprocessor_count())


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, PsPyramidProblem)
    return rule_macros(problem.dialect)


POOLING = SelectedPooling(operator="multiscale_ps_roi_align", problem=PsPyramidProblem.of, macros=_macros)
PLANNERS = POOLING.planners
"""What a call of PSRoIAlign on a feature pyramid asks for."""
