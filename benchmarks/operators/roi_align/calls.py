"""How ours is called on a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import roi_align, roi_align_backward, roi_align_backward_boxes

from ...measuring.ours import Ours, corners_shape, maps_shape
from ...workloads import gradients_of, maps_and_gradients, maps_of
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.problem import Level
    from .workloads import RoiAlignRow


def pool(read: tuple[Any], boxes: tuple[Any], level: Level, row: RoiAlignRow, **how: Any) -> Any:
    """Pools."""
    return roi_align(*read, *boxes, row.bins, level.scale, row.sampling_ratio, aligned=True, **how)


def backward(read: tuple[Any], boxes: tuple[Any], level: Level, row: RoiAlignRow, **how: Any) -> Any:
    """Works out the gradient for the maps."""
    return roi_align_backward(*read, *boxes, how["out"].shape, level.scale, row.sampling_ratio, True, **how)


def backward_boxes(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: RoiAlignRow, **how: Any) -> Any:
    """Works out the gradient for the boxes. No peer has one."""
    maps, grad = read
    return roi_align_backward_boxes(grad, maps, *boxes, level.scale, row.sampling_ratio, True, **how)


OF_LEVELS = {
    Operation.FORWARD: Ours(pool, maps_of),
    Operation.BACKWARD: Ours(backward, gradients_of, maps_shape),
    Operation.BOXES: Ours(backward_boxes, maps_and_gradients, corners_shape, of_coordinates=True),
}
