"""Our kernels on a GPU, through CuPy, with the outputs given.

For cold inputs the gradients that are written take turns too: they may fit into the cache.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from roikit.kernels import multiscale_roi_align, multiscale_roi_align_backward

from ....measuring.device_contestant import DeviceContestant, gradients_like_maps
from ....measuring.ours import on_device
from ..calls import OF_LEVELS
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs


def pooler(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Pools from all levels at once, by torchvision's rule for levels."""
    row, boxes = inputs.problem.row, inputs.all_boxes
    scales = [level.scale for level in inputs.problem.levels]
    out = inputs.empty((row.rois, row.channels, row.bins, row.bins))

    def call(maps: list[Any]) -> list[Any]:
        return [multiscale_roi_align(maps, boxes, row.bins, scales, row.sampling_ratio, layout=inputs.layout, out=out)]

    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, [out])


def pooler_backward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Works out the gradients for the maps of all levels."""
    row, boxes, owned = inputs.problem.row, inputs.all_boxes, gradients_like_maps(inputs)
    scales = [level.scale for level in inputs.problem.levels]

    def call(grads: list[Any]) -> list[Any]:
        outs = owned[id(grads)]
        shapes, ratio = [out.shape for out in outs], row.sampling_ratio
        given = {"layout": inputs.layout, "out": outs}
        return list(multiscale_roi_align_backward(grads[0], boxes, shapes, scales, ratio, **given))

    all_outs = list(chain.from_iterable(owned.values()))
    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, all_outs)


OURS = {
    **on_device(OF_LEVELS),
    Operation.POOLER: pooler,
    Operation.POOLER_BACKWARD: pooler_backward,
}
