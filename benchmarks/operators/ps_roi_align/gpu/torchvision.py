"""torchvision on a GPU: its CUDA operators, on the very same arrays as ours.

It takes channels-last maps too, and copies them first; that copy is part of its time here, as it is for its users. In float16 it
wants the boxes in float16, and forms coordinates in it, so that its result is far from the exact one; the record says so. Its
gradient is timed on a CPU alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.device_contestant import DeviceContestant
from ....measuring.gpu_torch import Torch
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs


def forward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """The compiled CUDA operator, on the timer's stream."""
    side = Torch.beside(timer)
    from torchvision.ops import ps_roi_align as operator

    row, levels = inputs.problem.row, inputs.problem.levels
    tensors = {id(array): side.tensor(array, inputs.layout) for features in inputs.sets for array in features}
    boxes = [side.boxes(array, inputs.dtype) for array in inputs.boxes]

    def call(features: list[Any]) -> list[Any]:
        with side.on_stream():
            return [
                operator(tensors[id(feature)], rois, row.bins, level.scale, row.sampling_ratio)
                for feature, rois, level in zip(features, boxes, levels, strict=True)
            ]

    return DeviceContestant("torchvision", inputs, call, side.convert, side.capture)


TORCHVISION = {Operation.FORWARD: forward}
