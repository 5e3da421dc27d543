"""Who takes part in the gradient for the maps on a GPU, a call per level; see `gpu_contestants`.

For cold inputs the gradients that are written take turns too: they may fit into the cache.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from roikit.kernels import roi_align_backward

from ....measuring.device_contestant import DeviceContestant
from ....measuring.gpu_torch import Torch
from ..workloads import gradient

if TYPE_CHECKING:
    import numpy as np

    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ..workloads import Level, Problem


def arrays(problem: Problem) -> list[np.ndarray]:
    """Returns what is read on the host: what arrives at the output of each level."""
    arriving = gradient(problem.row)
    return [arriving[level.rois] for level in problem.levels]


def outputs_of(inputs: Inputs) -> dict[int, list[Any]]:
    """Returns arrays for the gradients for the maps of each level, for each set of inputs by its `id`."""
    levels = inputs.problem.levels
    return {id(one): [inputs.empty(level.feature.shape) for level in levels] for one in inputs.sets}


def roikit(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Our kernels, with the output given."""
    row, levels, owned = inputs.problem.row, inputs.problem.levels, outputs_of(inputs)

    def one(grad: Any, boxes: Any, level: Level, out: Any) -> Any:
        sampling = level.scale, row.sampling_ratio, True
        return roi_align_backward(grad, boxes, out.shape, *sampling, layout=inputs.layout, out=out)

    def call(grads: list[Any]) -> list[Any]:
        return [one(*each) for each in zip(grads, inputs.boxes, levels, owned[id(grads)], strict=True)]

    all_outs = list(chain.from_iterable(owned.values()))
    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, all_outs)


def torchvision(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """The CUDA operator that torchvision's autograd function calls; it makes zeros first, which is part of the call."""
    side = Torch.beside(timer)
    operator = side.torch.ops.torchvision._roi_align_backward  # noqa: SLF001 - it has no other name
    row, levels = inputs.problem.row, inputs.problem.levels
    tensors = {id(array): side.tensor(array, inputs.layout) for grads in inputs.sets for array in grads}
    boxes = [side.boxes(array, inputs.dtype) for array in inputs.boxes]

    def one(grad: Any, rois: Any, level: Level) -> Any:
        bins, shape = (row.bins, row.bins), level.feature.shape
        return operator(tensors[id(grad)], rois, level.scale, *bins, *shape, row.sampling_ratio, True)

    def call(grads: list[Any]) -> list[Any]:
        with side.on_stream():
            return [one(*each) for each in zip(grads, boxes, levels, strict=True)]

    return DeviceContestant("torchvision", inputs, call, side.convert, side.capture)


PEERS = {"torchvision": torchvision}
