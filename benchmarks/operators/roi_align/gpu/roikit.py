"""Our kernels on a GPU, through CuPy, with the outputs given.

For cold inputs the gradients that are written take turns too: they may fit into the cache.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import (
    multiscale_roi_align,
    multiscale_roi_align_backward,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)

from ....measuring.device_contestant import DeviceContestant, gradients_like_maps
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ....measuring.problem import Level


def forward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Pools each level by itself."""
    row, levels = inputs.problem.row, inputs.problem.levels
    owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]

    def one(feature: Any, boxes: Any, level: Level, out: Any) -> Any:
        sampling = level.scale, row.sampling_ratio
        return roi_align(feature, boxes, row.bins, *sampling, aligned=True, layout=inputs.layout, out=out)

    def call(features: list[Any]) -> list[Any]:
        return [one(*each) for each in zip(features, inputs.boxes, levels, owned, strict=True)]

    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, owned)


def backward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Works out the gradient for the maps of each level."""
    row, levels, owned = inputs.problem.row, inputs.problem.levels, gradients_like_maps(inputs)

    def one(grad: Any, boxes: Any, level: Level, out: Any) -> Any:
        sampling = level.scale, row.sampling_ratio, True
        return roi_align_backward(grad, boxes, out.shape, *sampling, layout=inputs.layout, out=out)

    def call(grads: list[Any]) -> list[Any]:
        return [one(*each) for each in zip(grads, inputs.boxes, levels, owned[id(grads)], strict=True)]

    all_outs = list(chain.from_iterable(owned.values()))
    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, all_outs)


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


def boxes(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Works out the gradient for the boxes of each level. No peer has one."""
    import cupy

    row, levels = inputs.problem.row, inputs.problem.levels
    owned = [cupy.empty((len(level.boxes), 4), np.float32) for level in levels]

    def one(maps: Any, grad: Any, boxes: Any, level: Level, out: Any) -> Any:
        sampling = level.scale, row.sampling_ratio, True
        return roi_align_backward_boxes(grad, maps, boxes, *sampling, layout=inputs.layout, out=out)

    def call(given: list[Any]) -> list[Any]:
        maps, grads = given[: len(levels)], given[len(levels) :]
        return [one(*each) for each in zip(maps, grads, inputs.boxes, levels, owned, strict=True)]

    return DeviceContestant("roikit", inputs, call, lambda out: out, timer.capture, owned)


OURS = {
    Operation.FORWARD: forward,
    Operation.BACKWARD: backward,
    Operation.POOLER: pooler,
    Operation.POOLER_BACKWARD: pooler_backward,
    Operation.BOXES: boxes,
}
