"""How ours is called on all levels, by our dialect: which level a box is on is chosen in the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import (
    multiscale_ps_roi_align,
    multiscale_ps_roi_align_backward,
    multiscale_ps_roi_align_backward_boxes,
)

from ...measuring.pyramids import OursOfPyramids, shapes_of_maps
from ...workloads import maps_and_few, maps_of, whole_gradient
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.problem import Problem
    from ..ps_roi_align.workloads import SampledRow


def pool(read: list[Any], boxes: Any, scales: list[float], row: SampledRow, **how: Any) -> list[Any]:
    """Pools."""
    (out,) = how.pop("out")
    return [multiscale_ps_roi_align(read, boxes, row.bins, scales, row.sampling_ratio, out=out, **how)]


def backward(read: list[Any], boxes: Any, scales: list[float], row: SampledRow, **how: Any) -> list[Any]:
    """Works out the gradients for the maps of all levels."""
    shapes = [out.shape for out in how["out"]]
    return list(multiscale_ps_roi_align_backward(*read, boxes, shapes, scales, row.sampling_ratio, **how))


def backward_boxes(read: list[Any], boxes: Any, scales: list[float], row: SampledRow, **how: Any) -> list[Any]:
    """Works out the gradient for the boxes. No peer has one."""
    (*maps, grad), (out,) = read, how.pop("out")
    return [multiscale_ps_roi_align_backward_boxes(grad, maps, boxes, scales, row.sampling_ratio, out=out, **how)]


def boxes_shape(problem: Problem) -> list[tuple[int, ...]]:
    """The shape of a gradient for the boxes."""
    return [(problem.row.rois, 4)]


OURS = {
    Operation.FORWARD: OursOfPyramids(pool, maps_of),
    Operation.BACKWARD: OursOfPyramids(backward, whole_gradient, shapes_of_maps),
    Operation.BOXES: OursOfPyramids(backward_boxes, maps_and_few, boxes_shape, of_coordinates=True),
}
