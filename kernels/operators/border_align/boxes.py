"""The boxes of BorderAlign: those of each image, as mmcv takes them, or rows with their batch index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...calls import arguments
from ...dtypes import name_of, numpy_dtype, wider

if TYPE_CHECKING:
    from types import ModuleType

CORNERS = 4
_OF_IMAGES = 3  # dimensions


class Boxes(NamedTuple):
    """Rows with their batch index; how many each image has, one after the other, or None if they are rows already."""

    rows: Any
    of_image: int | None


def is_of_images(boxes: Any) -> bool:
    """Whether boxes are those of each image, and not rows."""
    return getattr(boxes, "ndim", 0) == _OF_IMAGES


def boxes_of(xp: ModuleType, boxes: Any, dtype: str, images: int) -> Boxes:
    """``boxes`` as contiguous rows of ``xp``, float32 or float64, for N ``images`` of ``dtype``.

    Raises:
        TypeError: they have another data type, or come from elsewhere.
        ValueError: they have another shape.
    """
    if not is_of_images(boxes):
        return Boxes(arguments.box_rows(xp, boxes, dtype, images), None)
    arguments.check_from(xp, "boxes", boxes)
    if boxes.shape[0] != images or boxes.shape[2] != CORNERS:
        raise ValueError(
            f"boxes must have shape (N, L, 4), L boxes [x1, y1, x2, y2] for each of the N = {images} images; "
            f"or (K, 5), rows [batch_index, x1, y1, x2, y2]; its shape is {boxes.shape}"
        )
    allowed = (dtype, wider(dtype))
    if name_of(boxes.dtype) not in allowed or not boxes.dtype.isnative:
        raise TypeError(f"boxes has data type {boxes.dtype}; it must be {' or '.join(dict.fromkeys(allowed))}")
    count = boxes.shape[1]
    rows = xp.empty((images, count, 1 + CORNERS), numpy_dtype(wider(dtype)))
    rows[:, :, 1:] = boxes
    for image in range(images):
        rows[image, :, 0] = image
    return Boxes(rows.reshape(images * count, 1 + CORNERS), count)
