"""torchvision on a GPU: its CUDA operators, on the very same arrays as ours, and its pooler for all levels.

torchvision takes channels-last maps too, and copies them first: that copy, and the zeroing of its output, are part of its time
here, as they are for its users. In float16 it wants the boxes in float16, and forms coordinates in it, so that its result is
far from the exact one; the record says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.device_contestant import DeviceContestant
from ....measuring.gpu_torch import Torch
from ..cpu.torchvision import pooler
from ..operations import Operation
from .torch_poolers import backward_of, pooling_by

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ....measuring.problem import Level


def forward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """The compiled CUDA operator, on the timer's stream."""
    side = Torch.beside(timer)
    from torchvision.ops import roi_align as operator

    row, levels = inputs.problem.row, inputs.problem.levels
    tensors = {id(array): side.tensor(array, inputs.layout) for features in inputs.sets for array in features}
    boxes = [side.boxes(array, inputs.dtype) for array in inputs.boxes]

    def call(features: list[Any]) -> list[Any]:
        with side.on_stream():
            return [
                operator(tensors[id(feature)], rois, row.bins, level.scale, row.sampling_ratio, True)
                for feature, rois, level in zip(features, boxes, levels, strict=True)
            ]

    return DeviceContestant("torchvision", inputs, call, side.convert, side.capture)


def backward(inputs: Inputs, timer: Timer) -> DeviceContestant:
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


TORCHVISION = {
    Operation.FORWARD: forward,
    Operation.BACKWARD: backward,
    Operation.POOLER: pooling_by("torchvision", pooler),
    Operation.POOLER_BACKWARD: backward_of("torchvision", pooler),
}
