"""How ours is called on all levels: which level a box is on is chosen in the call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from roikit.kernels import (
    multiscale_weighted_roi_align,
    multiscale_weighted_roi_align_backward,
    multiscale_weighted_roi_align_backward_boxes,
    multiscale_weighted_roi_align_backward_weights,
)

from ...measuring.pyramids import OursOfPyramids, shapes_of_maps
from ...workloads import gradient, gradient_of_few
from ..weighted_roi_align.workloads import maps_and_weights, weights_of
from .operations import Operation

if TYPE_CHECKING:
    import numpy as np

    from ...measuring.problem import Problem, SampledRow

MEAN: dict[str, Any] = {"aligned": True, "normalise": True}


def pool(read: list[Any], boxes: Any, scales: list[float], row: SampledRow, **how: Any) -> list[Any]:
    """Pools, by any mode."""
    maps, weights = _halves(read)
    (out,) = how.pop("out")
    where = (row.bins, scales, row.sampling_ratio, True)
    return [multiscale_weighted_roi_align(maps, boxes, weights, *where, out=out, **how)]


def backward(read: list[Any], boxes: Any, scales: list[float], row: SampledRow, **how: Any) -> list[Any]:
    """Works out the gradients for the maps of all levels."""
    (*weights, grad), shapes = read, [out.shape for out in how["out"]]
    where = (shapes, scales, row.sampling_ratio)
    return list(multiscale_weighted_roi_align_backward(grad, boxes, weights, *where, **MEAN, **how))


def backward_weights(read: list[Any], boxes: Any, scales: list[float], row: SampledRow, **how: Any) -> list[Any]:
    """Works out the gradients for the weights of all levels."""
    *both, grad = read
    (maps, weights), where = _halves(both), (scales, row.sampling_ratio)
    return list(multiscale_weighted_roi_align_backward_weights(grad, maps, boxes, weights, *where, **MEAN, **how))


def backward_boxes(read: list[Any], boxes: Any, scales: list[float], row: SampledRow, **how: Any) -> list[Any]:
    """Works out the gradient for the boxes."""
    (*both, grad), (out,) = read, how.pop("out")
    (maps, weights), where = _halves(both), (scales, row.sampling_ratio)
    return [
        multiscale_weighted_roi_align_backward_boxes(grad, maps, boxes, weights, *where, out=out, **MEAN, **how)
    ]  # fmt: skip


def _halves(read: list[Any]) -> tuple[list[Any], list[Any]]:
    """The maps, and the weights, of all levels."""
    return list(read[: len(read) // 2]), list(read[len(read) // 2 :])


def weights_and_gradient(problem: Problem) -> list[np.ndarray]:
    """What the gradient for the maps reads: the weights of each level, and what arrives at the output."""
    return [*weights_of(problem), gradient(problem.row)]


def all_and_gradient(problem: Problem) -> list[np.ndarray]:
    """What the gradient for the weights reads."""
    return [*maps_and_weights(problem), gradient(problem.row)]


def all_and_few(problem: Problem) -> list[np.ndarray]:
    """What the gradient for the boxes reads: the same, of a gradient that is mostly zero."""
    return [*maps_and_weights(problem), gradient_of_few(problem.row)]


def weights_shapes(problem: Problem) -> list[tuple[int, ...]]:
    """The shapes of gradients for the weights."""
    return [array.shape for array in weights_of(problem)]


def boxes_shape(problem: Problem) -> list[tuple[int, ...]]:
    """The shape of a gradient for the boxes."""
    return [(problem.row.rois, 4)]


OURS = {
    Operation.FORWARD: OursOfPyramids(partial(pool, normalise=True), maps_and_weights),
    Operation.MAXIMUM: OursOfPyramids(partial(pool, mode="max"), maps_and_weights),
    Operation.BACKWARD: OursOfPyramids(backward, weights_and_gradient, shapes_of_maps),
    Operation.WEIGHTS: OursOfPyramids(backward_weights, all_and_gradient, weights_shapes),
    Operation.BOXES: OursOfPyramids(backward_boxes, all_and_few, boxes_shape, of_coordinates=True),
}
