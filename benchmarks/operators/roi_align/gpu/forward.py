"""Who takes part in pooling on a GPU: roikit through CuPy, and torchvision's CUDA operator, each on the very same arrays.

torchvision takes channels-last maps too, and copies them first: that copy, and the zeroing of its output, are part of its time
here, as they are for its users. In float16 it wants the boxes in float16, and forms coordinates in it, so that its result is
far from the exact one; the record says so.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from roikit.kernels import roi_align

from ....measuring.contestant import LAYOUTS, numpy_dtype
from ....measuring.device_contestant import DeviceContestant, Inputs
from ....measuring.gpu_torch import Torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    import numpy as np

    from ....measuring.device import Timer
    from ..workloads import Level, Problem


def arrays(problem: Problem) -> list[np.ndarray]:
    """Returns what is read on the host: the maps of each level."""
    return [level.feature for level in problem.levels]


def roikit(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Our kernels, with the output given."""
    row, levels = inputs.problem.row, inputs.problem.levels
    owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]

    def one(feature: Any, boxes: Any, level: Level, out: Any) -> Any:
        sampling = level.scale, row.sampling_ratio
        return roi_align(feature, boxes, row.bins, *sampling, aligned=True, layout=inputs.layout, out=out)

    def call(features: list[Any]) -> list[Any]:
        return [one(*each) for each in zip(features, inputs.boxes, levels, owned, strict=True)]

    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, owned)


def torchvision(inputs: Inputs, timer: Timer) -> DeviceContestant:
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


PEERS = {"torchvision": torchvision}


def everybody(
    part: ModuleType, problem: Problem, timer: Timer, copies: Callable[[int], int]
) -> tuple[list[DeviceContestant], dict[str, str]]:
    """Returns ours and the peers, and why others do not take part.

    ``part`` is a module like this one: ``arrays`` are what is read, ``roikit`` is ours, ``PEERS`` are the others; ``copies``
    says how many of the inputs are to be made, with elements of so many bytes.
    """
    present, absent = [], {}
    given = part.arrays(problem)
    for dtype, layout in itertools.product(("float32", "float16"), LAYOUTS):
        inputs = Inputs(problem, given, layout, dtype, copies(numpy_dtype(dtype).itemsize))
        present.append(part.roikit(inputs, timer))
        for name, peer in part.PEERS.items():
            try:
                present.append(peer(inputs, timer))
            except Exception as error:  # noqa: BLE001 - whatever ails a peer, ours is timed
                absent[name] = f"{type(error).__name__}: {error}"
    for layout in LAYOUTS:  # torchvision has no bfloat16
        try:
            present.append(part.roikit(Inputs(problem, given, layout, "bfloat16", copies(2)), timer))
        except Exception as error:  # noqa: BLE001 - ml_dtypes, or a CuPy that knows it, may be missing
            absent["roikit bfloat16"] = f"{type(error).__name__}: {error}"
    return present, absent
