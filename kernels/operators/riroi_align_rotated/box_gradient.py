"""The gradient of rotation-invariant RoIAlign for the boxes, so that centres, sizes and angles can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from .problem import NUMBERS, RotationInvariantProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...dialects.riroi_align_rotated import Dialect


def riroi_align_rotated_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    spatial_scale: float = 1.0,
    sampling_ratio: int | tuple[int, int] = 0,
    num_orientations: int = 8,
    clockwise: bool = False,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `riroi_align_rotated` (RI-6 of its ``RULES.md``).

    The number of samples of an adaptive grid is held fixed. Where there is no derivative (a sample exactly on a pixel's row or
    column, a box exactly as large as the least one) it is that of the cell after it. The angle moves samples, and how much of
    each orientation an output has. Where an angle is a whole number of orientations outputs jump, and their gradient is that
    of greater angles.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input: The maps that were pooled: ``(N, C, H, W)``, or ``(N, H, W, C)``; float16, bfloat16, float32 or float64.
        boxes: As they were given to `riroi_align_rotated`; of a list of arrays the gradient is that of all rows, one after the
            other.
        spatial_scale, sampling_ratio, num_orientations, clockwise, layout, dialect: As they were given to `riroi_align_rotated`.
        out: Array to write to: ``(K, 5)``, float32 (float64 for float64 maps), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 5)``, for cx, cy, w and h in image pixels, and the angle in radians: float32, or float64 for float64 maps. On a
        GPU, without ``check``, the row of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `riroi_align_rotated`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0], NUMBERS)
    bins = bins_of(grad, layout)
    asked = asked_for(
        input.dtype, input.shape, len(rows), bins, spatial_scale, sampling_ratio, num_orientations, clockwise,
        layout, dialect,
    )  # fmt: skip
    gradient: A = slope(xp, GRADIENT, grad, (input,), rows, asked, out=out, check=check)
    return gradient


GRADIENT = BoxGradient(
    operator="riroi_align_rotated",
    problem=RotationInvariantProblem.of,
    macros=rules_of,
    neighbours=True,
    numbers=len(NUMBERS),
)
