"""How ours is called, on a level and on all levels at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import (
    multiscale_roi_align,
    multiscale_roi_align_backward,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)

from ...measuring.ours import Ours, corners_shape, maps_shape
from ...measuring.pyramids import OursOfPyramids, shapes_of_maps
from ...workloads import gradients_of, maps_and_gradients, maps_of, whole_gradient
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


def pool_all(read: list[Any], boxes: Any, scales: list[float], row: RoiAlignRow, **how: Any) -> list[Any]:
    """Pools from all levels at once, by torchvision's rule for levels."""
    (out,) = how.pop("out")
    return [multiscale_roi_align(read, boxes, row.bins, scales, row.sampling_ratio, out=out, **how)]


def backward_all(read: list[Any], boxes: Any, scales: list[float], row: RoiAlignRow, **how: Any) -> list[Any]:
    """Works out the gradients for the maps of all levels; there is no graph, and levels are chosen again."""
    shapes = [out.shape for out in how["out"]]
    return list(multiscale_roi_align_backward(*read, boxes, shapes, scales, row.sampling_ratio, **how))


OURS = {
    Operation.FORWARD: Ours(pool, maps_of),
    Operation.BACKWARD: Ours(backward, gradients_of, maps_shape),
    Operation.BOXES: Ours(backward_boxes, maps_and_gradients, corners_shape, of_coordinates=True),
    Operation.POOLER: OursOfPyramids(pool_all, maps_of),
    Operation.POOLER_BACKWARD: OursOfPyramids(backward_all, whole_gradient, shapes_of_maps),
}
