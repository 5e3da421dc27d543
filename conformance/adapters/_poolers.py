"""What poolers of PyTorch are handed: maps by level, and boxes by image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..call import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from ..operators.multiscale_roi_align.call import MultiscaleRoiAlignCall

    Pooler = Callable[[list[torch.Tensor], list[torch.Tensor]], torch.Tensor]


_MOST_IMAGES = 2**16


def by_image(
    call: MultiscaleRoiAlignCall, pool: Pooler, columns: int = 5
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """The function of an array of maps and of rows that ``pool`` is, which takes maps by level and boxes by image.

    It returns what it pools image by image; here that is in the order of the rows, which have so many ``columns``.

    Raises:
        Unsupported: a box is of no image that there is, which such a pooler cannot be told.
    """
    if call.boxes.ndim != 2 or call.boxes.shape[1] != columns:
        raise Unsupported(f"boxes of another shape than {'six' if columns == 6 else 'five'} numbers")
    indices = call.boxes[:, 0]
    images = len(call.input)
    if not (np.isfinite(indices).all() and ((np.trunc(indices) >= 0) & (np.trunc(indices) < images)).all()):
        raise Unsupported("the index of an image that is not there")
    if images > _MOST_IMAGES:
        raise Unsupported(f"a list of the boxes of each of {images} images")
    of_image = np.trunc(indices).astype(np.int64)
    order = np.argsort(of_image, kind="stable")
    back = np.argsort(order, kind="stable")

    def pooled(maps: Any, rows: Any) -> Any:
        corners = [rows[order[of_image[order] == image]][:, 1:] for image in range(images)]
        return pool(call.levels(maps), corners)[back]

    return pooled


def require_found(call: MultiscaleRoiAlignCall) -> None:
    """Raises `Unsupported` unless the scales of a call are found from sizes."""
    of_levels(call)


def of_levels(call: MultiscaleRoiAlignCall) -> list[int]:
    """The size of images from which the scales of a call are found, for poolers that are not told scales.

    Raises:
        Unsupported: there is none, or ratios differ between the axes.
    """
    call.single_sampling_ratio()
    if call.image_size is not None:
        return call.image_size
    scales, sizes = call.scales(), call.level_sizes or (call.levels()[0].shape[2:],)
    found = [max(round(size / scales[0]), 1) for size in sizes[0]]
    ratios = (
        (size / of, scale)
        for pair, scale in zip(sizes, scales, strict=True)
        for size, of in zip(pair, found, strict=True)
    )
    if any(not ratio or 2.0 ** round(np.log2(ratio)) != scale for ratio, scale in ratios):
        raise Unsupported("scales that are not found from sizes")
    return found
