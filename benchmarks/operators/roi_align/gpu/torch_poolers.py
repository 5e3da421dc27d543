"""Poolers of PyTorch on a GPU.

They wait for the device, so that their times have some of the host's in them. In float16 they run under autocast, as their users
run them: boxes and coordinates are float32. What is timed of their gradients, ``cpu/torch_poolers.py`` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.device_contestant import DeviceContestant
from ....measuring.gpu_torch import Torch, not_captured
from ..cpu.torch_poolers import Given

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs, PrepareOnDevice
    from ..cpu.torch_poolers import Pooler


def autocast(side: Torch, dtype: str) -> Any:
    """A context in which operators that want float32 are given it."""
    return side.torch.autocast("cuda", dtype=side.torch.float16, enabled=dtype == "float16")


def pooling_by(library: str, pooler: Pooler) -> PrepareOnDevice:
    """Prepares the pooling of a pooler."""

    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        side = Torch.beside(timer)
        boxes = side.torch.from_dlpack(inputs.all_boxes)
        pools = {}
        for maps in inputs.sets:
            tensors = [side.tensor(array, inputs.layout) for array in maps]
            pools[id(maps)] = pooler(Given.of(inputs.problem, tensors, boxes))

        def call(maps: list[Any]) -> list[Any]:
            with side.on_stream(), autocast(side, inputs.dtype):
                return [pools[id(maps)]()]

        return DeviceContestant(library, inputs, call, side.convert, not_captured)

    return prepare


def backward_of(library: str, pooler: Pooler) -> PrepareOnDevice:
    """Prepares the gradients of a pooler."""

    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        side = Torch.beside(timer)
        boxes = side.torch.from_dlpack(inputs.all_boxes)
        levels = inputs.problem.levels
        maps = [side.tensor(inputs.placed(level.feature), inputs.layout).requires_grad_() for level in levels]
        with side.on_stream(), autocast(side, inputs.dtype):
            pooled = pooler(Given.of(inputs.problem, maps, boxes))()
        sent = {id(grads): side.tensor(grads[0], inputs.layout) for grads in inputs.sets}

        def call(grads: list[Any]) -> list[Any]:
            with side.on_stream():
                return list(side.torch.autograd.grad(pooled, maps, sent[id(grads)], retain_graph=True))

        return DeviceContestant(library, inputs, call, side.convert, not_captured)

    return prepare
