"""Who takes part in pooling from all levels at once on a GPU; see `gpu_contestants` and `pooler_contestants`.

Poolers of PyTorch wait for the device, so that their times have some of the host's in them. In float16 they run under autocast,
as their users run them: boxes and coordinates are float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import multiscale_roi_align

from ....measuring.device_contestant import DeviceContestant
from ....measuring.gpu_torch import Torch, not_captured
from ..cpu.pooler import POOLERS, Given
from .forward import arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs

__all__ = ["PEERS", "arrays", "roikit"]


def roikit(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Our kernels, with the output given, by torchvision's rule for levels."""
    row, boxes = inputs.problem.row, inputs.all_boxes
    scales = [level.scale for level in inputs.problem.levels]
    out = inputs.empty((row.rois, row.channels, row.bins, row.bins))

    def call(maps: list[Any]) -> list[Any]:
        return [multiscale_roi_align(maps, boxes, row.bins, scales, row.sampling_ratio, layout=inputs.layout, out=out)]

    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, [out])


def autocast(side: Torch, dtype: str) -> Any:
    """Returns a context in which operators that want float32 are given it."""
    return side.torch.autocast("cuda", dtype=side.torch.float16, enabled=dtype == "float16")


def _peer(library: str) -> Callable[[Inputs, Timer], DeviceContestant]:
    def prepare(inputs: Inputs, timer: Timer) -> DeviceContestant:
        side = Torch.beside(timer)
        boxes = side.torch.from_dlpack(inputs.all_boxes)
        pools = {}
        for maps in inputs.sets:
            tensors = [side.tensor(array, inputs.layout) for array in maps]
            pools[id(maps)] = POOLERS[library](Given.of(inputs.problem, tensors, boxes))

        def call(maps: list[Any]) -> list[Any]:
            with side.on_stream(), autocast(side, inputs.dtype):
                return [pools[id(maps)]()]

        return DeviceContestant(library, inputs, call, side.convert, not_captured)

    return prepare


PEERS = {library: _peer(library) for library in POOLERS}
