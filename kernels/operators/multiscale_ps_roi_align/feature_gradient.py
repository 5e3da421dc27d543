"""The gradients of PSRoIAlign for the maps of a feature pyramid, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.choosing import Choosing
from ...calls.problem import bins_of
from ...calls.pyramid import checked_shapes
from ...dtypes import name_of
from ...staging.gathering import Gradient, Macros, gather, workspace_bytes
from ...staging.selected import blocks_per_multiprocessor
from .problem import GradientProblem, asked_for, rule_macros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout, LevelRuleName
    from ...calls.problem import Problem
    from ...dialects.multiscale_ps_roi_align import Dialect
    from ...dialects.multiscale_roi_align import LevelRule


def multiscale_ps_roi_align_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    input_shapes: Sequence[Sequence[int]],
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
    out: Sequence[A] | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> tuple[A, ...]:
    """The gradients for the maps that `multiscale_ps_roi_align` pooled, of all levels in one launch.

    Every element is summed by one thread in the order of the RoIs, as that of `ps_roi_align_backward`.

    Args:
        grad: The gradient that arrives at the output, ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with
            ``layout="NHWC"``; of rows that are no RoIs it is not read.
        boxes, spatial_scales, sampling_ratio, layout, dialect: As they were given to `multiscale_ps_roi_align`.
        level_rule, first_level, canonical_size, canonical_level, num_rois: As they were given to it, too.
        input_shapes: Shapes of the maps, in their layout.
        out: Arrays to write to, one for each level.
        workspace: As for `ps_roi_align_backward`; `multiscale_ps_roi_align_backward_workspace` says how many bytes it takes.
        check: As for `ps_roi_align_backward`.

    Returns:
        An array for each level, of its shape and of the data type of ``grad``.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `ps_roi_align`.
    """
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shapes = checked_shapes(input_shapes, layout, out=out)
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shapes[0][0])
    choosing = Choosing(level_rule, first_level, canonical_size, canonical_level)
    asked = asked_for(
        grad.dtype, shapes, len(rows), bins_of(grad, layout), spatial_scales, sampling_ratio, choosing, layout, dialect
    )
    outs, count = None if out is None else tuple(out), arguments.count_of_rois(xp, num_rois)
    return gather(xp, GRADIENT, grad, rows, asked, None, outs, workspace, check=check, num_rois=count)


def multiscale_ps_roi_align_backward_workspace(
    input_shapes: Sequence[Sequence[int]],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
    on_gpu: bool = True,
) -> int:
    """How many bytes `multiscale_ps_roi_align_backward` needs as ``workspace``: the sum in `staging.gather_plan.workspace_bytes`.

    Args:
        input_shapes: Shapes of the maps, in their layout.
        rois: K.
        output_size, layout: As for `multiscale_ps_roi_align`.
        dtype: Name of the data type of the maps.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shapes = checked_shapes(input_shapes, layout)
    scales = [2.0**-level for level in range(len(shapes))]
    asked = asked_for(arguments.dtype_called(dtype), shapes, rois, output_size, scales, 1, Choosing(), layout, None)
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


def _macros(problem: Problem, mode: str) -> Macros:
    assert isinstance(problem, GradientProblem)
    return rule_macros(problem.dialect.for_gradient(mode))


GRADIENT = Gradient(
    operator="multiscale_ps_roi_align",
    problem=GradientProblem.of,
    macros=_macros,
    piece_bytes={4: 72, 8: 104}.__getitem__,
    blocks=blocks_per_multiprocessor,
)
