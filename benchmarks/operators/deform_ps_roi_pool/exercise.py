"""What is exercised of deformable PSRoIPool on a GPU: see ``python -m benchmarks.exercise deform_ps_roi_pool``."""

from __future__ import annotations

from typing import Any

from roikit.kernels import deform_ps_roi_pool, deform_ps_roi_pool_backward, deform_ps_roi_pool_backward_offset

from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on
from ..deform_roi_pool.exercise import some_offsets
from ..deform_roi_pool.workloads import GAMMA, offsets_of


def small(call: SmallCall, grid: tuple[int, int], dialect: str) -> int:
    """Pools, and works out both gradients; returns how many calls that were."""
    bins, ratio = grid
    maps, boxes = call.maps(bins**2), call.boxes
    offset = some_offsets(call, bins)
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
    counted=ours_on("c1"),
    kinds=(((1, 2), (3, 4)), ("roikit", "mxnet")),
    small=small,
    libraries={"roikit": ours},
)
