"""What is exercised of crop_and_resize on a GPU: see ``python -m benchmarks.exercise crop_and_resize``."""

from __future__ import annotations

from typing import Any

import numpy as np

from roikit.kernels import crop_and_resize, crop_and_resize_backward, crop_and_resize_backward_boxes

from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on
from .workloads import boxes_of

CORNERS = np.array(
    [
        [0.1, 0.1, 0.9, 0.8],
        [-0.5, -0.5, 1.5, 1.5],
        [0.3, 0.3, 0.3, 0.3],
        [0.9, 0.8, 0.1, 0.2],
        [2, 2, 3, 3],
        [0, 0, 1, 1],
        [0, np.nan, 1, 1],
    ],
    np.float32,
)
INDICES = np.array([0, 1, 0, 1, 0, 7, 0], np.int32)
"""The last two boxes are to be refused."""


def small(call: SmallCall, points: int, method: str) -> int:
    """Crops, and works out both gradients; returns how many calls that were."""
    import cupy

    images, count = call.maps(), len(CORNERS) if len(call.boxes) else 0
    boxes = cupy.asarray(CORNERS[:count].astype(call.boxes.dtype)), cupy.asarray(INDICES[:count])
    rules: dict[str, Any] = {"method": method, "layout": call.layout}
    grad = crop_and_resize(images, *boxes, points, **rules)
    crop_and_resize_backward(grad, *boxes, images.shape, **rules)
    crop_and_resize_backward_boxes(grad, images, *boxes, **rules)
    return 3


def ours(call: RowCall) -> None:
    """Crops from a level."""
    import cupy

    boxes = boxes_of(call.level, call.dtype)
    crops = cupy.asarray(boxes.corners), cupy.asarray(boxes.indices)
    crop_and_resize(call.maps, *crops, call.row.bins, layout=call.layout)


EXERCISE = Exercise(
    kernels="crop_and_resize",
    counted=ours_on("b"),
    kinds=((1, 3), ("bilinear", "nearest")),
    small=small,
    libraries={"roikit": ours},
)
