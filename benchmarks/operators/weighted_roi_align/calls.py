"""How ours is called on a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import (
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)

from ...measuring.ours import Ours, corners_shape, maps_shape
from .operations import Operation
from .workloads import all_three, all_three_of_few, gradients_and_weights, maps_and_weights, weights_shape

if TYPE_CHECKING:
    from ...measuring.problem import Level, SampledRow

MEAN: dict[str, Any] = {"aligned": True, "normalise": True}


def pool(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Pools."""
    maps, weights = read
    return weighted_roi_align(maps, *boxes, weights, row.bins, level.scale, row.sampling_ratio, **MEAN, **how)


def maximum(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Pools by the greatest sample."""
    maps, weights = read
    where = (row.bins, level.scale, row.sampling_ratio, True)
    return weighted_roi_align(maps, *boxes, weights, *where, mode="max", **how)


def backward(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the maps."""
    (grad, weights), where = read, (how["out"].shape, level.scale, row.sampling_ratio)
    return weighted_roi_align_backward(grad, *boxes, weights, *where, **MEAN, **how)


def backward_weights(read: tuple[Any, Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the weights."""
    (maps, weights, grad), where = read, (level.scale, row.sampling_ratio)
    return weighted_roi_align_backward_weights(grad, maps, *boxes, weights, *where, **MEAN, **how)


def backward_boxes(read: tuple[Any, Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the boxes."""
    (maps, weights, grad), where = read, (level.scale, row.sampling_ratio)
    return weighted_roi_align_backward_boxes(grad, maps, *boxes, weights, *where, **MEAN, **how)


OURS = {
    Operation.FORWARD: Ours(pool, maps_and_weights),
    Operation.MAXIMUM: Ours(maximum, maps_and_weights),
    Operation.BACKWARD: Ours(backward, gradients_and_weights, maps_shape),
    Operation.WEIGHTS: Ours(backward_weights, all_three, weights_shape),
    Operation.BOXES: Ours(backward_boxes, all_three_of_few, corners_shape, of_coordinates=True),
}
