"""How ours is called on a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import prroi_pool, prroi_pool_backward, prroi_pool_backward_boxes

from ...measuring.ours import Ours, corners_shape, maps_shape
from ...workloads import gradients_of, maps_and_gradients, maps_of
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row


def pool(read: tuple[Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Pools."""
    return prroi_pool(*read, *boxes, row.bins, level.scale, **how)


def backward(read: tuple[Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Works out the gradient for the maps."""
    del row
    return prroi_pool_backward(*read, *boxes, how["out"].shape, level.scale, **how)


def backward_boxes(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Works out the gradient for the boxes."""
    del row
    maps, grad = read
    return prroi_pool_backward_boxes(grad, maps, *boxes, level.scale, **how)


OURS = {
    Operation.FORWARD: Ours(pool, maps_of),
    Operation.BACKWARD: Ours(backward, gradients_of, maps_shape),
    Operation.BOXES: Ours(backward_boxes, maps_and_gradients, corners_shape, of_coordinates=True),
}
