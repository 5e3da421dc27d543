"""torchvision on a GPU: two calls of its RoIAlign, of weighed maps and of weights, and a division; on the same arrays as ours.

It takes channels-last maps too, and copies them first; that copy is part of its time here, as it is for its users. In float16 it
wants the boxes in float16, and forms coordinates in it, so that its result is far from the exact one; the record says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.device_contestant import DeviceContestant
from ....measuring.gpu_torch import Torch
from ....measuring.ours import by_level
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs


def forward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """The compiled CUDA operator, twice, on the timer's stream."""
    side = Torch.beside(timer)
    from torchvision.ops import roi_align as operator

    row, levels = inputs.problem.row, inputs.problem.levels
    tensors = {id(array): side.tensor(array, inputs.layout) for given in inputs.sets for array in given}
    boxes = [side.boxes(array, inputs.dtype) for array in inputs.boxes]

    def call(given: list[Any]) -> list[Any]:
        with side.on_stream():
            found = []
            for (maps, weights), rois, level in zip(by_level(given, inputs.problem), boxes, levels, strict=True):
                where = (rois, row.bins, level.scale, row.sampling_ratio, True)
                of_pixels = tensors[id(weights)]
                found.append(operator(tensors[id(maps)] * of_pixels, *where) / operator(of_pixels, *where))
            return found

    return DeviceContestant("torchvision", inputs, call, side.convert, side.capture)


TORCHVISION = {Operation.FORWARD: forward}
