"""PSRoIAlign: the average of bilinear samples of each bin of each RoI, each bin in channels of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...dtypes import name_of
from ...execution import device
from ...staging.pooling import pool
from ...staging.selected import SelectedPooling
from .problem import PsRoiAlignProblem, asked_for, rule_macros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...calls.problem import Problem
    from ...dialects.ps_roi_align import Dialect
    from ...staging.gathering import Macros


def ps_roi_align(
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI of a feature map into bins that each sample channels of their own.

    CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules are
    those of ``conformance/operators/ps_roi_align/RULES.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. C is ``C_out * P_h * P_w``: bin (p, q) of channel c of the output reads channel ``(c * P_h + p) * P_w + q``,
            or with ``dialect="roikit-bin-major"`` channel ``(p * P_w + q) * C_out + c``. An array that is not contiguous is
            copied first.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``; corners in image
            pixels. Of the data type of ``input``, or float32 with 16-bit maps. A batch index is a whole number; with a
            ``dialect`` its fraction is left out, as all libraries do.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_y, g_x)``. 0 or less: as many as the bin has feature
            pixels, rounded up, for every RoI by itself.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `roikit.kernels.dialects.ps_roi_align.Dialect` or the name of one, to get the answer of another library. None
            means ``"roikit"``: torchvision's rules, by which boxes are shifted by half a feature pixel and are not enlarged, but
            that a bin of an adaptive grid without samples is 0, not NaN.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) that a GPU may use instead of allocating memory; `ps_roi_align_workspace` says how many
            it takes, which nearly always is none.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with ``layout="NHWC"``, of the data type of ``input``. On a GPU,
        without ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box is not finite, or its batch index is none of ``0 … N-1``, or it reaches farther
            than 2**20 feature pixels and is sampled adaptively. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = asked_for(input.dtype, input.shape, len(rows), output_size, spatial_scale, sampling_ratio, layout, dialect)
    output: A = pool(xp, (input,), rows, asked, PLANNERS, out=out, workspace=workspace, check=check)
    return output


def ps_roi_align_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
) -> int:
    """How many bytes `ps_roi_align` needs as ``workspace`` on the current GPU; 0 unless maps are thousands of pixels wide.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, sampling_ratio, layout: As for `ps_roi_align`.
        dtype: Name of the data type of the maps.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    asked = asked_for(
        arguments.dtype_called(dtype), tuple(input_shape), rois, output_size, 1.0, sampling_ratio, layout, None
    )
    return POOLING.workspace_bytes(asked, device.multiprocessor_count())


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, PsRoiAlignProblem)
    return rule_macros(problem.dialect)


POOLING = SelectedPooling(operator="ps_roi_align", problem=PsRoiAlignProblem.of, macros=_macros)
PLANNERS = POOLING.planners
"""What a call of PSRoIAlign asks for."""
