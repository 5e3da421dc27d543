"""The gradients of rotated RoIAlign for the maps of a feature pyramid, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.choosing import Choosing
from ...calls.problem import bins_of
from ...calls.pyramid import checked_shapes
from ...dtypes import name_of
from ...staging import gather_plan
from ...staging.gathering import Gradient, gather, workspace_bytes
from .problem import NUMBERS, RotatedPyramidProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout, LevelRuleName
    from ...dialects.multiscale_roi_align import LevelRule
    from ...dialects.multiscale_roi_align_rotated import Dialect


def multiscale_roi_align_rotated_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    input_shapes: Sequence[Sequence[int]],
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
    out: Sequence[A] | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> tuple[A, ...]:
    """The gradients for the maps that `multiscale_roi_align_rotated` pooled, of all levels in one launch.

    Args:
        grad: The gradient that arrives at the output; of rows that are no RoIs it is not read.
        boxes, spatial_scales, sampling_ratio, aligned, clockwise, layout, dialect: As they were given to
            `multiscale_roi_align_rotated`.
        level_rule, first_level, canonical_size, canonical_level, num_rois: As they were given to it, too.
        input_shapes: Shapes of the maps, in their layout.
        out: Arrays to write to, one for each level.
        workspace: As for `roi_align_rotated_backward`; `multiscale_roi_align_rotated_backward_workspace` says how many bytes it
            takes.
        check: As for `roi_align_rotated_backward`.

    Returns:
        An array for each level, of its shape and of the data type of ``grad``.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `roi_align_rotated`.
    """
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shapes = checked_shapes(input_shapes, layout, out=out)
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shapes[0][0], NUMBERS)
    choosing = Choosing(level_rule, first_level, canonical_size, canonical_level)
    asked = asked_for(
        grad.dtype, shapes, len(rows), bins_of(grad, layout), spatial_scales, sampling_ratio, aligned, clockwise,
        choosing, layout, dialect,
    )  # fmt: skip
    outs, count = None if out is None else tuple(out), arguments.count_of_rois(xp, num_rois)
    return gather(xp, GRADIENT, grad, rows, asked, None, outs, workspace, check=check, num_rois=count)


def multiscale_roi_align_rotated_backward_workspace(
    input_shapes: Sequence[Sequence[int]],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
    on_gpu: bool = True,
) -> int:
    """How many bytes `multiscale_roi_align_rotated_backward` needs as ``workspace``: `staging.gather_plan.workspace_bytes`.

    Args:
        input_shapes: Shapes of the maps, in their layout.
        rois: K.
        output_size, layout: As for `multiscale_roi_align_rotated`.
        dtype: Name of the data type of the maps.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shapes = checked_shapes(input_shapes, layout)
    asked = asked_for(
        arguments.dtype_called(dtype), shapes, rois, output_size, [2.0**-level for level in range(len(shapes))], 1, True, False,
        Choosing(), layout, None,
    )  # fmt: skip
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


GRADIENT = Gradient(
    operator="multiscale_roi_align_rotated",
    problem=RotatedPyramidProblem.of,
    macros=lambda problem, _mode: rules_of(problem),
    piece_bytes=lambda _wide: 0,  # RoIs are taken one by one
    blocks=lambda _dtype, _mode: 2,
    host_geometry=gather_plan.points_on_host,
    device_geometry=gather_plan.points_on_device,
)
