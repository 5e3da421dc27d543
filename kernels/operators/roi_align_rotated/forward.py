"""Rotated RoIAlign: samples each bin of each RoI, a box that is turned about its centre, and takes their average."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...dtypes import name_of
from ...staging.points import PointPooling
from ...staging.pooling import pool
from .problem import NUMBERS, RotatedProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...dialects.roi_align_rotated import Dialect


def roi_align_rotated(
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int | tuple[int, int] = 0,
    aligned: bool = True,
    clockwise: bool = False,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """Pools each rotated RoI of a feature map by averages of bilinear samples: mmcv's `RoIAlignRotated`, and more.

    A box is turned about its centre, counter-clockwise as it is seen on a screen; rows of bins go along its height. A multiple
    of a quarter turn is one exactly: the number that is nearest to a multiple of π/2 gives the very numbers of an upright box.
    CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules are
    those of ``conformance/operators/roi_align_rotated/RULES.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. An array that is not contiguous is copied first.
        boxes: ``(K, 6)`` rows ``[batch_index, cx, cy, w, h, angle]``, or a list of N arrays ``(L_i, 5)``; centre and size in
            image pixels, the angle in radians. Of the data type of ``input``, or float32 with 16-bit maps. A batch index is a
            whole number; with a ``dialect`` its fraction is left out, as all libraries do.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel.
        sampling_ratio: Samples per bin along each axis of the box, one number or ``(height, width)``; 0, or less, takes as many
            as a bin has pixels.
        aligned: Whether the centre is shifted by half a feature pixel. False keeps it, and makes boxes at least a feature pixel
            wide and high.
        clockwise: Whether boxes turn clockwise.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `roikit.kernels.dialects.roi_align_rotated.Dialect` or the name of one, in place of ``aligned`` and
            ``clockwise``, to get the answer of another library: ``"detectron2"`` takes angles in degrees.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of ``input``. On a GPU, without
        ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a number of a box is not finite, or its batch index is none of ``0 … N-1``; or it is
            sampled adaptively and reaches farther than 2**20 feature pixels. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0], NUMBERS)
    asked = asked_for(
        input.dtype, input.shape, len(rows), output_size, spatial_scale, sampling_ratio, aligned, clockwise, layout, dialect
    )  # fmt: skip
    output: A = pool(xp, (input,), rows, asked, PLANNERS, out=out, workspace=None, check=check)
    return output


POOLING = PointPooling(operator="roi_align_rotated", problem=RotatedProblem.of, macros=rules_of, brings=True)
PLANNERS = POOLING.planners
