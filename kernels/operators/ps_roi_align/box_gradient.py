"""The gradient of PSRoIAlign for the boxes, so that boxes can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from .problem import PsRoiAlignProblem, asked_for, rule_macros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...calls.problem import Problem
    from ...dialects.ps_roi_align import Dialect
    from ...staging.gathering import Macros


def ps_roi_align_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `ps_roi_align` (PA-6 of ``conformance/operators/ps_roi_align/RULES.md``).

    The number of samples of an adaptive grid is held fixed. Where there is no derivative (a sample exactly on a pixel) it is that
    from the right.

    Args:
        grad: The gradient that arrives at the output: ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with
            ``layout="NHWC"``; of the data type of ``input``.
        input: The maps that were pooled: ``(N, C, H, W)``, or ``(N, H, W, C)``; float16, bfloat16, float32 or float64.
        boxes: As they were given to `ps_roi_align`; of a list of arrays the gradient is that of all rows, one after the other.
        spatial_scale, sampling_ratio, layout, dialect: As they were given to `ps_roi_align`.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 maps), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels: float32, or float64 for float64 maps. On a GPU, without ``check``, the row
        of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `ps_roi_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = asked_for(
        input.dtype, input.shape, len(rows), bins_of(grad, layout), spatial_scale, sampling_ratio, layout, dialect
    )
    gradient: A = slope(xp, GRADIENT, grad, (input,), rows, asked, out=out, check=check)
    return gradient


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, PsRoiAlignProblem)
    return rule_macros(problem.dialect.for_gradient(problem.mode))


GRADIENT = BoxGradient(operator="ps_roi_align", problem=PsRoiAlignProblem.of, macros=_macros, neighbours=False)
