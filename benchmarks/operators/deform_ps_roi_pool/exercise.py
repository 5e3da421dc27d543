"""What is exercised of deformable PSRoIPool on a GPU: see ``python -m benchmarks.exercise deform_ps_roi_pool``."""

from __future__ import annotations

from typing import Any

import numpy as np

from roikit.kernels import deform_ps_roi_pool, deform_ps_roi_pool_backward, deform_ps_roi_pool_backward_offset

from ...measuring.contestant import numpy_dtype
from ...measuring.exercise import Counted, Exercise, RowCall, SmallCall
from ..deform_roi_pool.workloads import GAMMA, offsets_of


def small(call: SmallCall, grid: tuple[int, int], dialect: str) -> int:
    """Pools, and works out both gradients; returns how many calls that were."""
    import cupy

    bins, ratio = grid
    maps, boxes = call.maps(bins**2), call.boxes
    moved = call.rng.standard_normal((len(boxes), 2, bins, bins))
    moved[:1, 0, 0, 0], moved[1:2, 0, 0, 0] = np.nan, 1000  # bins without samples
    offset = cupy.asarray(moved.astype(numpy_dtype(call.dtype)))
    how: dict[str, Any] = {"layout": call.layout, "dialect": dialect}
    grad = deform_ps_roi_pool(maps, boxes, bins, 0.5, ratio, offset, **how)
    deform_ps_roi_pool_backward(grad, boxes, maps.shape, 0.5, ratio, offset, **how)
    deform_ps_roi_pool_backward_offset(grad, maps, boxes, offset, 0.5, ratio, **how)
    return 3


def ours(call: RowCall) -> None:
    """Pools a level."""
    import cupy

    (offset,) = map(cupy.asarray, offsets_of(call.level, call.row, call.dtype))
    where = (call.row.bins, call.level.scale, call.row.sampling_ratio)
    deform_ps_roi_pool(call.maps, call.boxes, *where, offset, GAMMA, layout=call.layout)


EXERCISE = Exercise(
    kernels="deform_ps_roi_pool",
    counted=(
        Counted(row="c1", library="roikit", layout="NHWC", dtype="float32"),
        Counted(row="c1", library="roikit", layout="NCHW", dtype="float32"),
    ),
    kinds=(((1, 2), (3, 4)), ("roikit", "mxnet")),
    small=small,
    libraries={"roikit": ours},
)
