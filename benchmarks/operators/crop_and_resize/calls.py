"""How ours is called on a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import crop_and_resize, crop_and_resize_backward, crop_and_resize_backward_boxes

from ...measuring.ours import Ours, corners_shape, maps_shape
from ...workloads import gradients_of, maps_and_whole_gradients, maps_of
from .operations import Operation
from .workloads import boxes_of

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row


def crop(read: tuple[Any], boxes: tuple[Any, Any], level: Level, row: Row, **how: Any) -> Any:
    """Crops."""
    del level
    return crop_and_resize(*read, *boxes, row.bins, **how)


def backward(read: tuple[Any], boxes: tuple[Any, Any], level: Level, row: Row, **how: Any) -> Any:
    """Works out the gradient for the images."""
    del level, row
    return crop_and_resize_backward(*read, *boxes, how["out"].shape, **how)


def backward_boxes(read: tuple[Any, Any], boxes: tuple[Any, Any], level: Level, row: Row, **how: Any) -> Any:
    """Works out the gradient for the boxes."""
    del level, row
    images, grad = read
    return crop_and_resize_backward_boxes(grad, images, *boxes, **how)


OURS = {
    Operation.FORWARD: Ours(crop, maps_of, boxes=boxes_of),
    Operation.BACKWARD: Ours(backward, gradients_of, maps_shape, boxes_of),
    Operation.BOXES: Ours(backward_boxes, maps_and_whole_gradients, corners_shape, boxes_of, of_coordinates=True),
}
