"""What is exercised of RoIAlign of volumes on a GPU: see ``python -m benchmarks.exercise roi_align_3d``."""

from __future__ import annotations

from typing import Any

import numpy as np

from roikit.kernels import roi_align_3d, roi_align_3d_backward, roi_align_3d_backward_boxes

from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on

_SIZE = (7, 19, 23)


def small(call: SmallCall, grid: tuple[int, int], aligned: bool) -> int:
    """Pools, and works out both gradients; returns how many calls that were."""
    import cupy

    bins, ratio = grid
    volumes, rows = call.maps(size=_SIZE), call.boxes.get()
    first, second = np.resize([-1, 0, 3, 5.5], len(rows)), np.resize([6, 0, 20, 5.25], len(rows))
    boxes = cupy.asarray(np.column_stack([rows[:, :3], first, rows[:, 3:], second]).astype(rows.dtype))
    how: dict[str, Any] = {"layout": call.layout, "aligned": aligned}
    grad = roi_align_3d(volumes, boxes, bins, 0.5, ratio, **how)
    roi_align_3d_backward(grad, boxes, volumes.shape, 0.5, ratio, **how)
    roi_align_3d_backward_boxes(grad, volumes, boxes, 0.5, ratio, **how)
    return 3


def ours(call: RowCall) -> None:
    """Pools a level."""
    where = (call.row.bins, call.level.scale, call.row.sampling_ratio)
    roi_align_3d(call.maps, call.boxes, *where, aligned=True, layout=call.layout)


EXERCISE = Exercise(
    kernels="roi_align_3d",
    counted=ours_on("c1"),
    kinds=(((1, 0), (3, 2)), (False, True)),
    small=small,
    libraries={"roikit": ours},
)
