"""What is exercised of rotated RoIAlign on a GPU: see ``python -m benchmarks.exercise roi_align_rotated``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import roi_align_rotated, roi_align_rotated_backward, roi_align_rotated_backward_boxes

from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on
from .workloads import turned

if TYPE_CHECKING:
    from collections.abc import Mapping


def small(call: SmallCall, grid: tuple[int, int], rules: Mapping[str, Any]) -> int:
    """Pools, and works out both gradients; returns how many calls that were."""
    import cupy

    bins, ratio = grid
    maps, rows = call.maps(), call.boxes.get()
    angles = np.linspace(-2, 2, len(rows), dtype=rows.dtype)
    boxes = cupy.asarray(np.hstack([rows, angles[:, None]]))
    how: dict[str, Any] = {"sampling_ratio": ratio, "layout": call.layout, **rules}
    grad = roi_align_rotated(maps, boxes, bins, 0.5, **how)
    roi_align_rotated_backward(grad, boxes, maps.shape, 0.5, **how)
    roi_align_rotated_backward_boxes(grad, maps, boxes, 0.5, **how)
    return 3


def ours(call: RowCall) -> None:
    """Pools a level."""
    import cupy

    boxes, ratio = cupy.asarray(turned(call.level)), call.row.sampling_ratio
    roi_align_rotated(call.maps, boxes, call.row.bins, call.level.scale, ratio, layout=call.layout)


EXERCISE = Exercise(
    kernels="roi_align_rotated",
    counted=ours_on("c1"),
    kinds=(((1, 0), (3, 2)), ({}, {"aligned": False}, {"dialect": "detectron2"})),
    small=small,
    libraries={"roikit": ours},
)
