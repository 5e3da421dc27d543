"""What is exercised of BorderAlign on a GPU: see ``python -m benchmarks.exercise border_align``."""

from __future__ import annotations

from roikit.kernels import border_align, border_align_backward, border_align_backward_boxes

from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on
from .workloads import SIDES, boxes_of


def small(call: SmallCall, pool_size: int, dialect: str) -> int:
    """Pools, and works out both gradients; returns how many calls that were."""
    maps, boxes = call.maps(SIDES), call.boxes
    grad = border_align(maps, boxes, pool_size, layout=call.layout, dialect=dialect)
    border_align_backward(grad, maps, boxes, pool_size, layout=call.layout, dialect=dialect)
    border_align_backward_boxes(grad, maps, boxes, pool_size, layout=call.layout, dialect=dialect)
    return 3


def ours(call: RowCall) -> None:
    """Pools a level."""
    import cupy

    border_align(call.maps, *map(cupy.asarray, boxes_of(call.level, call.dtype)), call.row.bins, layout=call.layout)


EXERCISE = Exercise(
    kernels="border_align",
    counted=ours_on("c1"),
    kinds=((1, 10), ("roikit", "roikit-aligned")),
    small=small,
    libraries={"roikit": ours},
)
