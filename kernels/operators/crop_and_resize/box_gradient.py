"""The gradient of crop_and_resize for the boxes, so that boxes can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from .problem import RULES, CropAndResizeProblem, asked_for, check_apart, rows_of

if TYPE_CHECKING:
    from ...annotations import A, Array, CropMethod, Layout
    from ...calls.problem import Problem
    from ...dialects.crop_and_resize import Dialect
    from ...staging.gathering import Macros


def crop_and_resize_backward_boxes(
    grad: Array,
    image: Array,
    boxes: A,
    box_indices: Array,
    method: CropMethod = "bilinear",
    *,
    layout: Layout = "NHWC",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `crop_and_resize` (CR-8 of ``conformance/operators/crop_and_resize/RULES.md``).

    Points outside the image send nothing. Where there is no derivative, at a point exactly on a pixel, it is that from the
    right, and that of ``"nearest"`` is 0; with ``dialect="tensorflow"`` it is 0 there, and that of ``"nearest"`` is the one of
    ``"bilinear"``.

    Args:
        grad: The gradient that arrives at the output: ``(K, P_h, P_w, C)``, or ``(K, C, P_h, P_w)`` with ``layout="NCHW"``; of
            the data type of ``image``.
        image: The images that were cropped: ``(N, H, W, C)``, or ``(N, C, H, W)``; float16, bfloat16, float32 or float64.
        boxes, box_indices, method, layout, dialect: As they were given to `crop_and_resize`.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 images), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a box that could not be cropped. A CPU always does.

    Returns:
        ``(K, 4)``, for y1, x1, y2, x2 in fractions of the image: float32, or float64 for float64 images. On a GPU, without
        ``check``, the row of a box that cannot be cropped is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box cannot be cropped; see `crop_and_resize`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("image", image)
    arguments.check_feature_map(image, "image")
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = rows_of(xp, boxes, box_indices, name_of(image.dtype), image.shape[0])
    check_apart(xp, out, boxes=boxes, box_indices=box_indices, image=image)
    asked = asked_for(image.dtype, image.shape, len(rows), bins_of(grad, layout), method, layout, dialect)
    gradient: A = slope(xp, GRADIENT, grad, (image,), rows, asked, out=out, check=check)
    return gradient


def _macros(problem: Problem) -> Macros:
    del problem  # whose method and dialect are numbers of the launch
    return RULES


GRADIENT = BoxGradient(operator="crop_and_resize", problem=CropAndResizeProblem.of, macros=_macros, neighbours=True)
