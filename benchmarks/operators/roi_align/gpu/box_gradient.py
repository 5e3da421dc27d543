"""Who takes part in the gradient for the boxes on a GPU, a call per level; see `gpu_contestants`. No peer has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import roi_align_backward_boxes

from ....measuring.device_contestant import DeviceContestant
from ..workloads import gradient_of_few

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ..workloads import Level, Problem


def arrays(problem: Problem) -> list[np.ndarray]:
    """Returns what is read on the host: the maps of each level, and then what arrives at the output of each."""
    arriving = gradient_of_few(problem.row)
    return [*(level.feature for level in problem.levels), *(arriving[level.rois] for level in problem.levels)]


def roikit(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Our kernels, with the output given."""
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


PEERS: dict[str, Callable[[Inputs, Timer], DeviceContestant]] = {}
