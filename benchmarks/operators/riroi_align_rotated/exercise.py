"""What is exercised of rotation-invariant RoIAlign on a GPU: see ``python -m benchmarks.exercise riroi_align_rotated``."""

from __future__ import annotations

from typing import Any

import numpy as np

from roikit.kernels import riroi_align_rotated, riroi_align_rotated_backward, riroi_align_rotated_backward_boxes

from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on
from ..roi_align_rotated.workloads import turned
from .workloads import ORIENTATIONS


def small(call: SmallCall, grid: tuple[int, int], orientations: int) -> int:
    """Pools, and works out both gradients; returns how many calls that were."""
    import cupy

    bins, ratio = grid
    maps, rows = call.maps(orientations), call.boxes.get()
    angles = np.linspace(-2, 2, len(rows), dtype=rows.dtype)
    boxes = cupy.asarray(np.hstack([rows, angles[:, None]]))
    how: dict[str, Any] = {"sampling_ratio": ratio, "num_orientations": orientations, "layout": call.layout}
    grad = riroi_align_rotated(maps, boxes, bins, 0.5, **how)
    riroi_align_rotated_backward(grad, boxes, maps.shape, 0.5, **how)
    riroi_align_rotated_backward_boxes(grad, maps, boxes, 0.5, **how)
    return 3


def ours(call: RowCall) -> None:
    """Pools a level."""
    import cupy

    boxes, where = cupy.asarray(turned(call.level)), (call.row.bins, call.level.scale, call.row.sampling_ratio)
    riroi_align_rotated(call.maps, boxes, *where, ORIENTATIONS, layout=call.layout)


EXERCISE = Exercise(
    kernels="riroi_align_rotated",
    counted=ours_on("c1"),
    kinds=(((1, 0), (3, 2)), (1, 4)),
    small=small,
    libraries={"roikit": ours},
)
