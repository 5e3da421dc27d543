"""Deformable RoI pooling: RoIAlign whose bins are moved, each by an offset of its own, that a network may learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...dtypes import name_of
from ...staging.points import PointPooling
from ...staging.pooling import pool
from .problem import DeformedProblem, asked_for, rules_of
from .rows import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...dialects.deform_roi_pool import Dialect


def deform_roi_pool(
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = 0,
    offset: A | None = None,
    gamma: float = 0.1,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI of a feature map by averages of bilinear samples, each bin moved by its offset: mmcv's `DeformRoIPool`.

    Without offsets, or where they are 0, it is `roi_align` with ``aligned=True``. The modulated kind multiplies the output by a
    mask, ``output * mask`` with ``(K, 1, P_h, P_w)``, here as in mmcv. CuPy arrays are worked on by their GPU, on the current
    stream; NumPy arrays by the CPU, with the same source. The rules are those of
    ``conformance/operators/deform_roi_pool/RULES.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. An array that is not contiguous is copied first.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``; corners in image
            pixels. Of the data type of ``input``, or float32 with 16-bit maps. A batch index is a whole number; with a
            ``dialect`` its fraction is left out, as all libraries do.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_y, g_x)``. 0 or less: as many as the bin has feature
            pixels, rounded up, for every RoI by itself.
        offset: ``(K, 2, P_h, P_w)`` in either layout, of the data type of ``input``: by how much each bin is moved along x, and
            then along y. A bin whose offset is not finite has no samples. None moves nothing.
        gamma: An offset of 1 moves a bin by this part of the RoI's width, or height.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `roikit.kernels.dialects.deform_roi_pool.Dialect` or the name of one. Outputs are the same in all.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of ``input``. On a GPU, without
        ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box is not finite, or its batch index is none of ``0 … N-1``; or it is sampled
            adaptively and reaches farther than 2**20 feature pixels. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    plain = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = asked_for(
        input.dtype, input.shape, len(plain), output_size, spatial_scale, sampling_ratio, gamma, layout, dialect,
        moves=offset is not None,
    )  # fmt: skip
    rows = joined(xp, plain, offset, DeformedProblem.of(asked), input)
    output: A = pool(xp, (input,), rows, asked, PLANNERS, out=out, workspace=None, check=check)
    return output


POOLING = PointPooling(operator="deform_roi_pool", problem=DeformedProblem.of, macros=rules_of, brings=True)
PLANNERS = POOLING.planners
