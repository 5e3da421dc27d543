"""Who takes part in the gradients of pooling from all levels at once on a GPU; see `gpu_contestants`.

What is timed of a pooler of PyTorch, `pooler_backward_contestants` says.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from roikit.kernels import multiscale_roi_align_backward

from ....measuring.device_contestant import DeviceContestant
from ....measuring.gpu_torch import Torch, not_captured
from ..cpu.pooler import POOLERS, Given
from ..workloads import gradient
from .gradient import outputs_of
from .pooler import autocast

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ..workloads import Problem


def arrays(problem: Problem) -> list[np.ndarray]:
    """Returns what is read on the host: what arrives at the output."""
    return [gradient(problem.row)]


def roikit(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Our kernels, with the outputs given, by torchvision's rule for levels."""
    row, boxes, owned = inputs.problem.row, inputs.all_boxes, outputs_of(inputs)
    scales = [level.scale for level in inputs.problem.levels]

    def call(grads: list[Any]) -> list[Any]:
        outs = owned[id(grads)]
        shapes, ratio = [out.shape for out in outs], row.sampling_ratio
        given = {"layout": inputs.layout, "out": outs}
        return list(multiscale_roi_align_backward(grads[0], boxes, shapes, scales, ratio, **given))

    all_outs = list(chain.from_iterable(owned.values()))
    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, all_outs)


def _peer(library: str) -> Callable[[Inputs, Timer], DeviceContestant]:
    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        side = Torch.beside(timer)
        boxes = side.torch.from_dlpack(inputs.all_boxes)
        levels = inputs.problem.levels
        maps = [side.tensor(inputs.placed(level.feature), inputs.layout).requires_grad_() for level in levels]
        with side.on_stream(), autocast(side, inputs.dtype):
            pooled = POOLERS[library](Given.of(inputs.problem, maps, boxes))()
        sent = {id(grads): side.tensor(grads[0], inputs.layout) for grads in inputs.sets}

        def call(grads: list[Any]) -> list[Any]:
            with side.on_stream():
                return list(side.torch.autograd.grad(pooled, maps, sent[id(grads)], retain_graph=True))

        return DeviceContestant(library, inputs, call, side.convert, not_captured)

    return prepare


PEERS = {library: _peer(library) for library in POOLERS}
