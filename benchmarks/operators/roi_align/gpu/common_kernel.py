"""The kernel that most libraries have, in our own words (``common_kernel.cu``): in NCHW, a launch for each level."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels.execution.device import OPTIONS

from ....measuring.device_contestant import DeviceContestant, gradients_like_maps
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ....measuring.problem import Level

TEXT = (Path(__file__).parents[1] / "common_kernel.cu").read_text(encoding="utf-8")
_FEATURE_T = {"float32": "float", "float16": "unsigned short"}
_THREADS, _MOST_BLOCKS = 512, 4096


def _launch(inputs: Inputs, entry: str, source: Any, boxes: Any, level: Level, to: Any, operation: Operation) -> None:
    import cupy

    row = inputs.problem.row
    count = len(level.boxes) * row.channels * row.bins**2
    kernel = cupy.RawKernel(f"#define FEATURE_T {_FEATURE_T[inputs.dtype]}\n{TEXT}", entry, options=OPTIONS)
    height, width = level.feature.shape[2:]
    sizes = (row.channels, height, width, row.bins, row.sampling_ratio, operation.aligned)
    values = (np.int32(count), np.float32(level.scale), *map(np.int32, sizes))
    arrays = (np.uintp(array.data.ptr) for array in (source, boxes, to))
    kernel((min(-(-count // _THREADS), _MOST_BLOCKS), 1, 1), (_THREADS, 1, 1), (*arrays, *values))


def _check(inputs: Inputs, dtypes: tuple[str, ...]) -> None:
    if inputs.layout != "NCHW" or inputs.dtype not in dtypes:
        raise ValueError(f"the common kernel takes NCHW, and maps of {' or '.join(dtypes)}")


def forward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Pools each level by itself.

    Raises:
        ValueError: it has no such layout or data type.
    """
    _check(inputs, ("float32", "float16"))
    row, levels = inputs.problem.row, inputs.problem.levels
    owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]

    def call(features: list[Any]) -> list[Any]:
        for feature, boxes, level, out in zip(features, inputs.boxes, levels, owned, strict=True):
            _launch(inputs, "common_forward", feature, boxes, level, out, Operation.FORWARD)
        return owned

    return DeviceContestant("common-kernel", inputs, call, inputs.as_nchw, timer.capture, owned)


def backward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Adds up the gradient for the maps of each level, which is made zero before.

    Raises:
        ValueError: it has no such layout or data type.
    """
    _check(inputs, ("float32",))
    levels, owned = inputs.problem.levels, gradients_like_maps(inputs)

    def call(grads: list[Any]) -> list[Any]:
        outs = owned[id(grads)]
        for grad, boxes, level, out in zip(grads, inputs.boxes, levels, outs, strict=True):
            out.fill(0)
            _launch(inputs, "common_backward", grad, boxes, level, out, Operation.BACKWARD)
        return outs

    all_outs = list(chain.from_iterable(owned.values()))
    return DeviceContestant("common-kernel", inputs, call, inputs.as_nchw, timer.capture, all_outs)


COMMON = {Operation.FORWARD: forward, Operation.BACKWARD: backward}
