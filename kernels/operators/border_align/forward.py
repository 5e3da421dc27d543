"""BorderAlign: takes points along each side of each box, and the greatest of what they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...dtypes import name_of
from ...staging.points import PointPooling
from ...staging.pooling import pool
from .boxes import boxes_of
from .problem import BorderAlignProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...dialects.border_align import Dialect


def border_align(
    input: A,  # noqa: A002 - mmcv's name
    boxes: Array | Sequence[Array],
    pool_size: int,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """Pools the four sides of each box from channels of their own, by the greatest of some points: mmcv's `border_align`.

    CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules are
    those of ``conformance/operators/border_align/RULES.md``.

    Args:
        input: Feature maps ``(N, 4 C, H, W)``, or ``(N, H, W, 4 C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. The first C channels are for the top side of boxes, then C for the left, the bottom and the right. An array
            that is not contiguous is copied first.
        boxes: ``(N, L, 4)``: L boxes ``[x1, y1, x2, y2]`` for each image, the corners in pixels of the map. Or ``(K, 5)`` rows
            ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``. Of the data type of ``input``, or float32 with
            16-bit maps. A batch index is a whole number; with a ``dialect`` its fraction is left out.
        pool_size: Into how many parts points divide each side, from 1 to 1024: ``pool_size + 1`` points, with one at each end.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `roikit.kernels.dialects.border_align.Dialect` or the name of one. None means ``"roikit"``, whose output is
            that of ``"mmcv"``; ``"roikit-aligned"`` shifts boxes by half a pixel.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        check: On a GPU, wait for the result and raise for a box that could not be pooled. A CPU always does.

    Returns:
        ``(N, C, L, 4)`` of boxes ``(N, L, 4)``, or ``(N, L, 4, C)`` with ``layout="NHWC"``; of other boxes ``(K, C, 4)``, or
        ``(K, 4, C)``. The sides are top, left, bottom, right. Of the data type of ``input``. On a GPU, without ``check``, what a
        box gives that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a number of a box is not finite, or its batch index is none of ``0 … N-1``. What ``out``
            then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    rows, of_image = boxes_of(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = asked_for(input.dtype, input.shape, len(rows), of_image, pool_size, layout, dialect)
    output: A = pool(xp, (input,), rows, asked, PLANNERS, out=out, workspace=None, check=check)
    return output


POOLING = PointPooling(operator="border_align", problem=BorderAlignProblem.of, macros=rules_of)
PLANNERS = POOLING.planners
