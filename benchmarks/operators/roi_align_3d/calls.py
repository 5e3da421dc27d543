"""How ours is called on a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import roi_align_3d, roi_align_3d_backward, roi_align_3d_backward_boxes

from ...measuring.ours import Ours, maps_shape
from ...workloads import gradients_of, maps_and_gradients, maps_of
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row, SampledRow


def pool(read: tuple[Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Pools."""
    return roi_align_3d(*read, *boxes, row.bins, level.scale, row.sampling_ratio, aligned=True, **how)


def backward(read: tuple[Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the volumes."""
    where = (how["out"].shape, level.scale, row.sampling_ratio)
    return roi_align_3d_backward(*read, *boxes, *where, aligned=True, **how)


def backward_boxes(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the boxes."""
    maps, grad = read
    return roi_align_3d_backward_boxes(grad, maps, *boxes, level.scale, row.sampling_ratio, aligned=True, **how)


def boxes_shape(level: Level, row: Row) -> tuple[int, int]:
    """The shape of a gradient for the boxes of a level: for six coordinates."""
    del row
    return len(level.boxes), 6


OURS = {
    Operation.FORWARD: Ours(pool, maps_of),
    Operation.BACKWARD: Ours(backward, gradients_of, maps_shape),
    Operation.BOXES: Ours(backward_boxes, maps_and_gradients, boxes_shape, of_coordinates=True),
}
