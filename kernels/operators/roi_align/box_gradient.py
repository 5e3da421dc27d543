"""The gradient of RoIAlign for the boxes, so that boxes can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from ...staging.sampling import rule_macros
from .problem import RoiAlignProblem, asked_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout, Mode
    from ...calls.problem import Problem
    from ...dialects.roi_align import Dialect
    from ...staging.gathering import Macros


def roi_align_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: Mode = "avg",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `roi_align` (RA-16 of ``conformance/operators/roi_align/RULES.md``).

    The number of samples of an adaptive grid and the winner of a maximum are held fixed. Where there is no derivative (a sample
    exactly on a pixel, a RoI exactly as large as the least one) it is that from the right.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input: The maps that were pooled: ``(N, C, H, W)``, or ``(N, H, W, C)``; float16, bfloat16, float32 or float64.
        boxes: As they were given to `roi_align`; of a list of arrays the gradient is that of all rows, one after the other.
        spatial_scale, sampling_ratio, aligned, mode, layout, dialect: As they were given to `roi_align`.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 maps), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels: float32, or float64 for float64 maps. On a GPU, without ``check``, the row
        of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `roi_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = asked_for(
        input.dtype, (input.shape,), len(rows), bins_of(grad, layout), (spatial_scale,), sampling_ratio, mode, layout, dialect,
        aligned,
    )  # fmt: skip
    gradient: A = slope(xp, GRADIENT, grad, (input,), rows, asked, out=out, check=check)
    return gradient


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, RoiAlignProblem)
    return rule_macros(problem.dialect.for_gradient(problem.mode), problem.mode)


GRADIENT = BoxGradient(operator="roi_align", problem=RoiAlignProblem.of, macros=_macros, neighbours=True)
