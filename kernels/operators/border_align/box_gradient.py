"""The gradient of BorderAlign for the boxes, so that they can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...calls import arguments
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from .boxes import CORNERS, boxes_of
from .problem import SIDES, BorderAlignProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from ...annotations import A, Array, Layout
    from ...dialects.border_align import Dialect


def border_align_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - mmcv's name
    boxes: A | Sequence[A],
    pool_size: int,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `border_align` (BA-8 of its ``RULES.md``): how the point that won moves with its side.

    Where there is no derivative (a point exactly on a pixel, points that are equal) it is that of the cell after it, and of the
    first point.

    Args:
        grad: The gradient that arrives at the output: of its shape, and of the data type of ``input``.
        input: The maps that were pooled.
        boxes, pool_size, layout, dialect: As they were given to `border_align`.
        out: Array to write to: of the shape that is returned, float32 (float64 for float64 maps), C-contiguous, apart from the
            other arrays.
        check: On a GPU, wait for the result and raise for a box that could not be pooled. A CPU always does.

    Returns:
        ``(N, L, 4)`` of boxes ``(N, L, 4)``, otherwise ``(K, 4)``: for x1, y1, x2, y2; float32, or float64 for float64 maps. On
        a GPU, without ``check``, the row of a box that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box cannot be pooled; see `border_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    dtype, images = name_of(input.dtype), input.shape[0]
    rows, of_image = boxes_of(xp, boxes, dtype, images)
    asked = asked_for(input.dtype, input.shape, len(rows), of_image, pool_size, layout, dialect)
    if of_image is None:
        gradient: A = slope(xp, GRADIENT, grad, (input,), rows, asked, out=out, check=check)
        return gradient
    arguments.check_like(xp, "grad", grad, BorderAlignProblem.of(asked).output_shape, input.dtype)
    shape = (images, of_image, CORNERS)
    given: Any = out
    if out is not None:
        arguments.output_array(xp, out, shape, rows.dtype, grad=grad, input=input, boxes=boxes)
    apart = asked_for(input.dtype, input.shape, len(rows), None, pool_size, layout, dialect)
    flat = None if out is None else given.reshape(len(rows), CORNERS)
    found: Any = slope(xp, GRADIENT, _of_rows(xp, grad, layout), (input,), rows, apart, out=flat, check=check)
    return found.reshape(shape) if out is None else out


def _of_rows(xp: ModuleType, grad: Any, layout: Layout) -> Any:
    """What arrives at boxes of images, as it arrives at rows."""
    if layout == "NHWC":
        return xp.ascontiguousarray(grad).reshape(-1, SIDES, grad.shape[3])
    return xp.ascontiguousarray(grad.transpose(0, 2, 1, 3)).reshape(-1, grad.shape[1], SIDES)


GRADIENT = BoxGradient(operator="border_align", problem=BorderAlignProblem.of, macros=rules_of, neighbours=False)
