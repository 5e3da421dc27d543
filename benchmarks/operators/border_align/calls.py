"""How ours is called on a level, by our dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import border_align, border_align_backward, border_align_backward_boxes

from ...measuring.ours import Ours, corners_shape, maps_shape
from ...workloads import maps_and_gradients, maps_and_whole_gradients, maps_of
from .operations import Operation
from .workloads import boxes_of

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row


def pool(read: tuple[Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Pools."""
    del level
    return border_align(*read, *boxes, row.bins, **how)


def backward(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Works out the gradient for the maps."""
    del level
    maps, grad = read
    return border_align_backward(grad, maps, *boxes, row.bins, **how)


def backward_boxes(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Works out the gradient for the boxes."""
    del level
    maps, grad = read
    return border_align_backward_boxes(grad, maps, *boxes, row.bins, **how)


OURS = {
    Operation.FORWARD: Ours(pool, maps_of, boxes=boxes_of),
    Operation.BACKWARD: Ours(backward, maps_and_whole_gradients, maps_shape, boxes_of),
    Operation.BOXES: Ours(backward_boxes, maps_and_gradients, corners_shape, boxes_of, of_coordinates=True),
}
