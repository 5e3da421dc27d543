"""Deformable PSRoIPool: averages of samples of bins that are moved, each bin in a channel of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...dtypes import name_of
from ...staging.points import PointPooling
from ...staging.pooling import pool
from ...staging.rows import joined
from .problem import DeformedPsProblem, asked_for, check_offset, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...dialects.deform_ps_roi_pool import Dialect


def deform_ps_roi_pool(
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = 4,
    offset: A | None = None,
    gamma: float = 0.1,
    *,
    group_size: int | tuple[int, int] | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI of a feature map by averages of bilinear samples, each bin moved by an offset and in channels of its own.

    The deformable position-sensitive pooling of DCN v1, MXNet's `contrib.DeformablePSROIPooling`. Its ``pooled_size`` is
    ``output_size`` here, ``sample_per_part`` ``sampling_ratio``, and ``trans_std`` ``gamma``; its ``output_dim`` and
    ``part_size`` follow from the shapes of ``input`` and ``offset``, and ``no_trans`` is to have no offsets. CuPy arrays are
    worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules are those of
    ``conformance/operators/deform_ps_roi_pool/RULES.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. C is ``C_out * G_h * G_w``: bin (p, q) of channel c of the output reads channel
            ``(c * G_h + p * G_h // P_h) * G_w + q * G_w // P_w``. An array that is not contiguous is copied first.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``; corners in image
            pixels, which are rounded, the second the last pixel of the box. Of the data type of ``input``, or float32 with 16-bit
            maps. A batch index is a whole number; with a ``dialect`` its fraction is left out, as all libraries do.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis, at least 1; one number or ``(g_y, g_x)``.
        offset: ``(K, 2 n, T_h, T_w)`` in either layout, of the data type of ``input``: of each of n classes of channels of the
            output by how much each of T_h × T_w parts of a RoI is moved along x, and then along y. A bin is of the part that it
            begins in. One whose offset is not finite has no samples. None moves nothing.
        gamma: An offset of 1 moves a bin by this part of the RoI's width, or height.
        group_size: Groups of channels, ``(G_h, G_w)`` or one number for both. None: as many as bins. With 1 all bins of channel c
            read channel c.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `roikit.kernels.dialects.deform_ps_roi_pool.Dialect` or the name of one.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with ``layout="NHWC"``, of the data type of ``input``; 0 for a bin
        without samples inside. On a GPU, without ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box is not finite, or its batch index is none of ``0 … N-1``. What ``out`` then holds
            is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    plain = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    check_offset(xp, offset)
    asked = asked_for(
        input.dtype, input.shape, len(plain), output_size, spatial_scale, sampling_ratio, offset, gamma, group_size, layout,
        dialect,
    )  # fmt: skip
    rows = joined(xp, "deform_ps_roi_pool", plain, offset, DeformedPsProblem.of(asked).offset_shape, input)
    output: A = pool(xp, (input,), rows, asked, PLANNERS, out=out, workspace=None, check=check)
    return output


POOLING = PointPooling(operator="deform_ps_roi_pool", problem=DeformedPsProblem.of, macros=rules_of)
PLANNERS = POOLING.planners
