"""How ours is called on a level, by our dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import riroi_align_rotated, riroi_align_rotated_backward, riroi_align_rotated_backward_boxes

from ...measuring.ours import Ours, maps_shape
from ...workloads import gradients_of, maps_and_gradients, maps_of
from ..roi_align_rotated.calls import boxes_shape
from ..roi_align_rotated.workloads import boxes_of
from .operations import Operation
from .workloads import ORIENTATIONS

if TYPE_CHECKING:
    from ...measuring.problem import Level, SampledRow


def pool(read: tuple[Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Pools."""
    return riroi_align_rotated(*read, *boxes, row.bins, level.scale, row.sampling_ratio, ORIENTATIONS, **how)


def backward(read: tuple[Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the maps."""
    where = (how["out"].shape, level.scale, row.sampling_ratio, ORIENTATIONS)
    return riroi_align_rotated_backward(*read, *boxes, *where, **how)


def backward_boxes(read: tuple[Any, Any], boxes: tuple[Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the boxes. No peer has one."""
    (maps, grad), where = read, (level.scale, row.sampling_ratio, ORIENTATIONS)
    return riroi_align_rotated_backward_boxes(grad, maps, *boxes, *where, **how)


OURS = {
    Operation.FORWARD: Ours(pool, maps_of, boxes=boxes_of),
    Operation.BACKWARD: Ours(backward, gradients_of, maps_shape, boxes_of),
    Operation.BOXES: Ours(backward_boxes, maps_and_gradients, boxes_shape, boxes_of, of_coordinates=True),
}
