"""How ours is called on a level, by our dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import roi_align_rotated, roi_align_rotated_backward, roi_align_rotated_backward_boxes

from ...measuring.ours import Ours, maps_shape
from ...workloads import gradients_of, maps_and_gradients, maps_of
from .operations import Operation
from .workloads import boxes_of

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row, SampledRow


def pool(read: tuple[Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Pools."""
    return roi_align_rotated(*read, *boxes, row.bins, level.scale, row.sampling_ratio, **how)


def backward(read: tuple[Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the maps."""
    return roi_align_rotated_backward(*read, *boxes, how["out"].shape, level.scale, row.sampling_ratio, **how)


def backward_boxes(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the boxes. No peer has one."""
    maps, grad = read
    return roi_align_rotated_backward_boxes(grad, maps, *boxes, level.scale, row.sampling_ratio, **how)


def boxes_shape(level: Level, row: Row) -> tuple[int, int]:
    """The shape of a gradient for the boxes of a level: for centre, size and angle."""
    del row
    return len(level.boxes), 5


OURS = {
    Operation.FORWARD: Ours(pool, maps_of, boxes=boxes_of),
    Operation.BACKWARD: Ours(backward, gradients_of, maps_shape, boxes_of),
    Operation.BOXES: Ours(backward_boxes, maps_and_gradients, boxes_shape, boxes_of, of_coordinates=True),
}
