"""How ours is called on a level, by our dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import deform_ps_roi_pool, deform_ps_roi_pool_backward, deform_ps_roi_pool_backward_offset

from ...measuring.ours import Ours, maps_shape
from ...workloads import gradients_of, maps_and_whole_gradients, maps_of
from ..deform_roi_pool.workloads import GAMMA, offsets_of, offsets_shape
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.problem import Level, SampledRow


def pool(read: tuple[Any], boxes: tuple[Any, Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Pools."""
    rows, offset = boxes
    return deform_ps_roi_pool(*read, rows, row.bins, level.scale, row.sampling_ratio, offset, GAMMA, **how)


def backward(read: tuple[Any], boxes: tuple[Any, Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the maps."""
    rows, offset = boxes
    where = (how["out"].shape, level.scale, row.sampling_ratio)
    return deform_ps_roi_pool_backward(*read, rows, *where, offset, GAMMA, **how)


def backward_offsets(read: tuple[Any, Any], boxes: tuple[Any, Any], level: Level, row: SampledRow, **how: Any) -> Any:
    """Works out the gradient for the offsets."""
    maps, grad = read
    return deform_ps_roi_pool_backward_offset(grad, maps, *boxes, level.scale, row.sampling_ratio, GAMMA, **how)


OURS = {
    Operation.FORWARD: Ours(pool, maps_of, beside=offsets_of),
    Operation.BACKWARD: Ours(backward, gradients_of, maps_shape, beside=offsets_of),
    Operation.OFFSETS: Ours(
        backward_offsets, maps_and_whole_gradients, offsets_shape, beside=offsets_of, of_offsets=True
    ),
}
