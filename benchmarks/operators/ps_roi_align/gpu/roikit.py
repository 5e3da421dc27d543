"""Our kernels on a GPU, through CuPy, with the outputs given.

For cold inputs the gradients that are written take turns too: they may fit into the cache.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import ps_roi_align, ps_roi_align_backward, ps_roi_align_backward_boxes

from ....measuring.device_contestant import DeviceContestant, gradients_like_maps
from ....workloads import gradients_of, maps_and_gradients, maps_of
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs, PrepareOnDevice
    from ....measuring.problem import Level


def pooling(operation: Operation) -> PrepareOnDevice:
    """Prepares pooling."""

    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        row, levels = inputs.problem.row, inputs.problem.levels
        owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]
        rules = {"layout": inputs.layout, "dialect": operation.dialect}

        def one(maps: Any, boxes: Any, level: Level, out: Any) -> Any:
            return ps_roi_align(maps, boxes, row.bins, level.scale, row.sampling_ratio, **rules, out=out)

        def call(features: list[Any]) -> list[Any]:
            return [one(*each) for each in zip(features, inputs.boxes, levels, owned, strict=True)]

        return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, owned)

    return prepare


def backward(operation: Operation) -> PrepareOnDevice:
    """Prepares the gradient for the maps."""

    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        levels, owned = inputs.problem.levels, gradients_like_maps(inputs)
        ratio = inputs.problem.row.sampling_ratio
        rules = {"layout": inputs.layout, "dialect": operation.dialect}

        def call(grads: list[Any]) -> list[Any]:
            given = zip(grads, inputs.boxes, levels, owned[id(grads)], strict=True)
            return [
                ps_roi_align_backward(grad, boxes, out.shape, level.scale, ratio, **rules, out=out)
                for grad, boxes, level, out in given
            ]

        all_outs = list(chain.from_iterable(owned.values()))
        return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, all_outs)

    return prepare


def boxes_backward(operation: Operation) -> PrepareOnDevice:
    """Prepares the gradient for the boxes. No peer has one."""

    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        import cupy

        levels, ratio = inputs.problem.levels, inputs.problem.row.sampling_ratio
        owned = [cupy.empty((len(level.boxes), 4), np.float32) for level in levels]
        rules = {"layout": inputs.layout, "dialect": operation.dialect}

        def one(maps: Any, grad: Any, boxes: Any, level: Level, out: Any) -> Any:
            return ps_roi_align_backward_boxes(grad, maps, boxes, level.scale, ratio, **rules, out=out)

        def call(given: list[Any]) -> list[Any]:
            maps, grads = given[: len(levels)], given[len(levels) :]
            return [one(*each) for each in zip(maps, grads, inputs.boxes, levels, owned, strict=True)]

        return DeviceContestant("roikit", inputs, call, lambda out: out, timer.capture, owned)

    return prepare


INPUTS = {
    Operation.FORWARD: maps_of,
    Operation.BACKWARD: gradients_of,
    Operation.BOXES: maps_and_gradients,
}
OURS = {
    Operation.FORWARD: pooling(Operation.FORWARD),
    Operation.BACKWARD: backward(Operation.BACKWARD),
    Operation.BOXES: boxes_backward(Operation.BOXES),
}
