"""The gradient of PrRoIPool for the boxes, so that boxes can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import Asked, bins_of
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from .problem import MODE, RULES, PrRoiPoolProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...calls.problem import Problem
    from ...dialects.prroi_pool import Dialect
    from ...staging.gathering import Macros


def prroi_pool_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    spatial_scale: float | tuple[float, float] = 1.0,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `prroi_pool` (PR-8 of ``conformance/operators/prroi_pool/RULES.md``).

    It is the derivative, which is continuous: the output of a RoI that has an area has no kinks. Nothing cancels where bins are
    thin.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input: The maps that were pooled: ``(N, C, H, W)``, or ``(N, H, W, C)``; float16, bfloat16, float32 or float64.
        boxes: As they were given to `prroi_pool`; of a list of arrays the gradient is that of all rows, one after the other.
        spatial_scale, layout, dialect: As they were given to `prroi_pool`. Of a RoI without area the gradient is 0, or NaN under
            the dialect ``"paddle-legacy"``.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 maps), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels: float32, or float64 for float64 maps. On a GPU, without ``check``, the row
        of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `prroi_pool`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    bins = bins_of(grad, layout)
    asked = Asked.of(input.dtype, (input.shape,), len(rows), bins, (spatial_scale,), MODE, layout, dialect)
    gradient: A = slope(xp, GRADIENT, grad, (input,), rows, asked, out=out, check=check)
    return gradient


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, PrRoiPoolProblem)
    return (*RULES, ("FLAT_BOX", problem.dialect.flat_box))


GRADIENT = BoxGradient(operator="prroi_pool", problem=PrRoiPoolProblem.of, macros=_macros, neighbours=True)
