"""How ours is called on a level."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from roikit.kernels import (
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)

from ...measuring.ours import Ours, corners_shape, maps_shape
from .operations import Operation
from .workloads import all_three, all_three_of_few, maps_and_weights, weights_and_gradients, weights_shape

if TYPE_CHECKING:
    from ...measuring.problem import Level, SampledRow

MEAN: dict[str, Any] = {"aligned": True, "normalise": True}


def pool(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Pools, by any mode."""
    maps, weights = read
    return weighted_roi_align(maps, *boxes, weights, row.bins, level.scale, row.sampling_ratio, aligned=True, **how)


def backward(read: tuple[Any, ...], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the maps, which all but that of a mean reads."""
    *maps, weights, grad = read
    where, given = (how["out"].shape, level.scale, row.sampling_ratio), {"input": maps[0]} if maps else {}
    return weighted_roi_align_backward(grad, *boxes, weights, *where, aligned=True, **given, **how)


def backward_weights(read: tuple[Any, Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the weights."""
    (maps, weights, grad), where = read, (level.scale, row.sampling_ratio)
    return weighted_roi_align_backward_weights(grad, maps, *boxes, weights, *where, **MEAN, **how)


def backward_boxes(read: tuple[Any, Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the boxes."""
    (maps, weights, grad), where = read, (level.scale, row.sampling_ratio)
    return weighted_roi_align_backward_boxes(grad, maps, *boxes, weights, *where, **MEAN, **how)


OURS = {
    Operation.FORWARD: Ours(partial(pool, normalise=True), maps_and_weights),
    Operation.MAXIMUM: Ours(partial(pool, mode="max"), maps_and_weights),
    Operation.POWER_MEAN: Ours(partial(pool, mode="lp"), maps_and_weights),
    Operation.SOFTMAX: Ours(partial(pool, mode="softmax"), maps_and_weights),
    Operation.BACKWARD: Ours(partial(backward, normalise=True), weights_and_gradients, maps_shape),
    Operation.WEIGHTS: Ours(backward_weights, all_three, weights_shape),
    Operation.BOXES: Ours(backward_boxes, all_three_of_few, corners_shape, of_coordinates=True),
    Operation.POWER_MEAN_BACKWARD: Ours(partial(backward, mode="lp"), all_three, maps_shape),
    Operation.SOFTMAX_BACKWARD: Ours(partial(backward, mode="softmax"), all_three, maps_shape),
}
