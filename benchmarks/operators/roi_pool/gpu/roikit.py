"""Our kernels on a GPU, through CuPy, with the outputs given.

For cold inputs the gradients that are written take turns too: they may fit into the cache.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from roikit.kernels import roi_pool, roi_pool_backward

from ....measuring.device_contestant import DeviceContestant, gradients_like_maps
from ....workloads import gradients_of, maps_of
from ..operations import Operation

if TYPE_CHECKING:
    import numpy as np

    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs, PrepareOnDevice
    from ....measuring.problem import Level, Problem


def pooling(operation: Operation) -> PrepareOnDevice:
    """Prepares pooling, by maximum or average."""

    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        row, levels = inputs.problem.row, inputs.problem.levels
        owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]
        rules = {"mode": operation.mode, "layout": inputs.layout, "dialect": operation.dialect}

        def one(maps: Any, boxes: Any, level: Level, out: Any) -> Any:
            return roi_pool(maps, boxes, row.bins, level.scale, **rules, out=out)

        def call(features: list[Any]) -> list[Any]:
            return [one(*each) for each in zip(features, inputs.boxes, levels, owned, strict=True)]

        return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, owned)

    return prepare


def backward(operation: Operation) -> PrepareOnDevice:
    """Prepares the gradient for the maps; that of a maximum finds the greatest pixels again."""

    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        levels, owned = inputs.problem.levels, gradients_like_maps(inputs)
        rules = {"mode": operation.mode, "layout": inputs.layout, "dialect": operation.dialect}

        def one(maps: Any, grad: Any, boxes: Any, level: Level, out: Any) -> Any:
            given = rules if maps is None else {**rules, "input": maps}
            return roi_pool_backward(grad, boxes, out.shape, level.scale, **given, out=out)

        def call(given: list[Any]) -> list[Any]:
            maps = given[: len(levels)] if operation.mode == "max" else [None] * len(levels)
            grads = given[-len(levels) :]
            return [one(*each) for each in zip(maps, grads, inputs.boxes, levels, owned[id(given)], strict=True)]

        all_outs = list(chain.from_iterable(owned.values()))
        return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, all_outs)

    return prepare


def maps_and_gradients(problem: Problem) -> list[np.ndarray]:
    """What the gradient of a maximum reads on the host: the maps of each level, and then what arrives at the output of each."""
    return [*maps_of(problem), *gradients_of(problem)]


INPUTS = {
    Operation.FORWARD: maps_of,
    Operation.BACKWARD: maps_and_gradients,
    Operation.AVERAGE: maps_of,
    Operation.AVERAGE_BACKWARD: gradients_of,
}
OURS = {operation: (backward if operation.gradient else pooling)(operation) for operation in Operation}
