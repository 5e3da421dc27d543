"""What is exercised of PrRoIPool on a GPU: see ``python -m benchmarks.exercise prroi_pool``."""

from __future__ import annotations

from roikit.kernels import prroi_pool, prroi_pool_backward, prroi_pool_backward_boxes

from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on


def small(call: SmallCall, bins: int) -> int:
    """Pools, and works out both gradients; returns how many calls that were."""
    maps = call.maps()
    grad = prroi_pool(maps, call.boxes, bins, 0.5, layout=call.layout)
    prroi_pool_backward(grad, call.boxes, maps.shape, 0.5, layout=call.layout)
    prroi_pool_backward_boxes(grad, maps, call.boxes, 0.5, layout=call.layout)
    return 3


def ours(call: RowCall) -> None:
    """Pools a level."""
    prroi_pool(call.maps, call.boxes, call.row.bins, call.level.scale, layout=call.layout)


EXERCISE = Exercise(
    kernels="prroi_pool",
    counted=ours_on("a"),
    kinds=((1, 3),),
    small=small,
    libraries={"roikit": ours},
)
