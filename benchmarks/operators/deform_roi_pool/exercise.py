"""What is exercised of deformable RoI pooling on a GPU: see ``python -m benchmarks.exercise deform_roi_pool``."""

from __future__ import annotations

from typing import Any

import numpy as np

from roikit.kernels import (
    deform_roi_pool,
    deform_roi_pool_backward,
    deform_roi_pool_backward_boxes,
    deform_roi_pool_backward_offset,
)

from ...measuring.contestant import numpy_dtype
from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on
from .workloads import GAMMA, offsets_of


def some_offsets(call: SmallCall, bins: int) -> Any:
    """Offsets of all bins, in CuPy's array; two of them leave a bin without samples."""
    import cupy

    moved = call.rng.standard_normal((len(call.boxes), 2, bins, bins))
    moved[:1, 0, 0, 0], moved[1:2, 0, 0, 0] = np.nan, 1000
    return cupy.asarray(moved.astype(numpy_dtype(call.dtype)))


def small(call: SmallCall, grid: tuple[int, int], dialect: str) -> int:
    """Pools, and works out all gradients; returns how many calls that were."""
    bins, ratio = grid
    maps, boxes = call.maps(), call.boxes
    offset = some_offsets(call, bins)
    how: dict[str, Any] = {"layout": call.layout, "dialect": dialect}
    grad = deform_roi_pool(maps, boxes, bins, 0.5, ratio, offset, **how)
    deform_roi_pool_backward(grad, boxes, maps.shape, 0.5, ratio, offset, **how)
    deform_roi_pool_backward_offset(grad, maps, boxes, offset, 0.5, ratio, **how)
    deform_roi_pool_backward_boxes(grad, maps, boxes, 0.5, ratio, offset, **how)
    return 4


def ours(call: RowCall) -> None:
    """Pools a level."""
    import cupy

    (offset,) = map(cupy.asarray, offsets_of(call.level, call.row, call.dtype))
    where = (call.row.bins, call.level.scale, call.row.sampling_ratio)
    deform_roi_pool(call.maps, call.boxes, *where, offset, GAMMA, layout=call.layout)


EXERCISE = Exercise(
    kernels="deform_roi_pool",
    counted=ours_on("c1"),
    kinds=(((1, 0), (3, 2)), ("roikit", "mmcv")),
    small=small,
    libraries={"roikit": ours},
)
