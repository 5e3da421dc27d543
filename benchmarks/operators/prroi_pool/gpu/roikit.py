"""Our kernels on a GPU, through CuPy, with the outputs given.

For cold inputs the gradients that are written take turns too: they may fit into the cache.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import prroi_pool, prroi_pool_backward, prroi_pool_backward_boxes

from ....measuring.device_contestant import DeviceContestant, gradients_like_maps
from ....workloads import gradient_of_few, gradients_of, maps_of
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ....measuring.problem import Level, Problem


def forward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Pools each level by itself."""
    row, levels = inputs.problem.row, inputs.problem.levels
    owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]

    def one(maps: Any, boxes: Any, level: Level, out: Any) -> Any:
        return prroi_pool(maps, boxes, row.bins, level.scale, layout=inputs.layout, out=out)

    def call(features: list[Any]) -> list[Any]:
        return [one(*each) for each in zip(features, inputs.boxes, levels, owned, strict=True)]

    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, owned)


def backward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Works out the gradient for the maps of each level."""
    levels, owned = inputs.problem.levels, gradients_like_maps(inputs)

    def one(grad: Any, boxes: Any, level: Level, out: Any) -> Any:
        return prroi_pool_backward(grad, boxes, out.shape, level.scale, layout=inputs.layout, out=out)

    def call(grads: list[Any]) -> list[Any]:
        return [one(*each) for each in zip(grads, inputs.boxes, levels, owned[id(grads)], strict=True)]

    all_outs = list(chain.from_iterable(owned.values()))
    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, all_outs)


def boxes(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Works out the gradient for the boxes of each level."""
    import cupy

    levels = inputs.problem.levels
    owned = [cupy.empty((len(level.boxes), 4), np.float32) for level in levels]

    def one(maps: Any, grad: Any, boxes: Any, level: Level, out: Any) -> Any:
        return prroi_pool_backward_boxes(grad, maps, boxes, level.scale, layout=inputs.layout, out=out)

    def call(given: list[Any]) -> list[Any]:
        maps, grads = given[: len(levels)], given[len(levels) :]
        return [one(*each) for each in zip(maps, grads, inputs.boxes, levels, owned, strict=True)]

    return DeviceContestant("roikit", inputs, call, lambda out: out, timer.capture, owned)


def _maps_and_gradients(problem: Problem) -> list[np.ndarray]:
    """The maps of each level, and then what arrives at the output of each, as they are read on the host."""
    arriving = gradient_of_few(problem.row)
    return [*(level.feature for level in problem.levels), *(arriving[level.rois] for level in problem.levels)]


INPUTS = {Operation.FORWARD: maps_of, Operation.BACKWARD: gradients_of, Operation.BOXES: _maps_and_gradients}
OURS = {Operation.FORWARD: forward, Operation.BACKWARD: backward, Operation.BOXES: boxes}
