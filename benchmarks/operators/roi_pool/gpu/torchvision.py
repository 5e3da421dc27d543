"""torchvision on a GPU: its CUDA operators, on the very same arrays as ours.

It takes channels-last maps too, and copies them first; that copy, and the zeroing of its output, are part of its time here, as
they are for its users. In float16 it wants the boxes in float16, and snaps them and forms the edges of bins in it, so that its
result may be another; the record says so. Its gradient is told where each maximum was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.device_contestant import DeviceContestant
from ....measuring.gpu_torch import Torch
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ....measuring.problem import Level


def forward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """The compiled CUDA operator, on the timer's stream."""
    side = Torch.beside(timer)
    from torchvision.ops import roi_pool as operator

    bins, levels = inputs.problem.row.bins, inputs.problem.levels
    tensors = {id(array): side.tensor(array, inputs.layout) for features in inputs.sets for array in features}
    boxes = [side.boxes(array, inputs.dtype) for array in inputs.boxes]

    def call(features: list[Any]) -> list[Any]:
        with side.on_stream():
            return [
                operator(tensors[id(feature)], rois, bins, level.scale)
                for feature, rois, level in zip(features, boxes, levels, strict=True)
            ]

    return DeviceContestant("torchvision", inputs, call, side.convert, side.capture, dialect="torchvision")


def backward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """The CUDA operator that its autograd function calls; it makes zeros first, which is part of the call."""
    side = Torch.beside(timer)
    pool = side.torch.ops.torchvision.roi_pool
    operator = side.torch.ops.torchvision._roi_pool_backward  # noqa: SLF001 - it has no other name
    bins, levels = inputs.problem.row.bins, inputs.problem.levels
    tensors = {id(array): side.tensor(array, inputs.layout) for given in inputs.sets for array in given}
    boxes = [side.boxes(array, inputs.dtype) for array in inputs.boxes]
    with side.on_stream():
        where = [
            pool(tensors[id(maps)], rois, level.scale, bins, bins)[1]
            for maps, rois, level in zip(inputs.sets[0], boxes, levels, strict=False)  # the gradients follow the maps
        ]

    def one(grad: Any, rois: Any, best: Any, level: Level) -> Any:
        shape = level.feature.shape
        return operator(tensors[id(grad)], rois, best, level.scale, bins, bins, *shape)

    def call(given: list[Any]) -> list[Any]:
        grads = given[len(levels) :]
        with side.on_stream():
            return [one(*each) for each in zip(grads, boxes, where, levels, strict=True)]

    return DeviceContestant("torchvision", inputs, call, side.convert, side.capture, dialect="torchvision")


TORCHVISION = {Operation.FORWARD: forward, Operation.BACKWARD: backward}
