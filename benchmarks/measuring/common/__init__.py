"""The kernel that most libraries have, in our own words: in NCHW, a launch for each level, a thread for each value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels.execution.device import OPTIONS

from ..contestant import in_layout
from ..device_contestant import DeviceContestant, gradients_like_maps

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..device import Timer
    from ..device_contestant import Inputs
    from ..problem import Level, Problem, Row

_FEATURE_T = {"float32": "float", "float16": "unsigned short"}
_THREADS, _MOST_BLOCKS = 512, 4096


def _shared(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def rows_of(level: Level) -> np.ndarray:
    """The boxes of a level as most kernels read them."""
    return level.boxes


@dataclass(frozen=True)
class CommonKernel:
    """That of an operator: aligned, in float32 or float16, its gradient in float32.

    Attributes:
        bins: The file that says where bins and their samples lie.
        ratio: The samples of a row along an axis of a bin.
        boxes: What it reads of the boxes of a level, in float32.
        arriving: What arrives at the output of each level, if that is not what is given: libraries put it apart before, which
            is not counted.
    """

    bins: Path
    ratio: Callable[[Row], int]
    boxes: Callable[[Level], np.ndarray] = rows_of
    arriving: Callable[[Problem], list[np.ndarray]] | None = None

    @cached_property
    def text(self) -> str:
        """Of the kernels, but for the type of maps."""
        return "\n".join((_shared("samples.cuh"), self.bins.read_text(encoding="utf-8"), _shared("entries.cuh")))

    def forward(self, inputs: Inputs, timer: Timer) -> DeviceContestant:
        """Pools each level by itself.

        Raises:
            ValueError: it has no such layout or data type.
        """
        _check(inputs, ("float32", "float16"))
        row, levels = inputs.problem.row, inputs.problem.levels
        owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]
        boxes = self._boxes(inputs)

        def call(features: list[Any]) -> list[Any]:
            for feature, rows, level, out in zip(features, boxes, levels, owned, strict=True):
                self._launch(inputs, "common_forward", feature, rows, level, out)
            return owned

        return DeviceContestant("common-kernel", inputs, call, inputs.as_nchw, timer.capture, owned)

    def backward(self, inputs: Inputs, timer: Timer) -> DeviceContestant:
        """Adds up the gradient for the maps of each level, which is made zero before.

        Raises:
            ValueError: it has no such layout or data type.
        """
        _check(inputs, ("float32",))
        levels, owned, boxes = inputs.problem.levels, gradients_like_maps(inputs), self._boxes(inputs)
        apart = self._apart(inputs)

        def call(grads: list[Any]) -> list[Any]:
            outs = owned[id(grads)]
            for grad, rows, level, out in zip(apart or grads, boxes, levels, outs, strict=True):
                out.fill(0)
                self._launch(inputs, "common_backward", grad, rows, level, out)
            return outs

        all_outs = list(chain.from_iterable(owned.values()))
        return DeviceContestant("common-kernel", inputs, call, inputs.as_nchw, timer.capture, all_outs)

    def _boxes(self, inputs: Inputs) -> list[Any]:
        import cupy

        return [cupy.asarray(self.boxes(level)) for level in inputs.problem.levels]

    def _apart(self, inputs: Inputs) -> list[Any]:
        import cupy

        arrays = self.arriving(inputs.problem) if self.arriving else []
        return [cupy.asarray(in_layout(array, inputs.layout, inputs.dtype)) for array in arrays]

    def _launch(self, inputs: Inputs, entry: str, source: Any, boxes: Any, level: Level, to: Any) -> None:
        import cupy

        row = inputs.problem.row
        count = len(level.boxes) * row.channels * row.bins**2
        kernel = cupy.RawKernel(f"#define FEATURE_T {_FEATURE_T[inputs.dtype]}\n{self.text}", entry, options=OPTIONS)
        height, width = level.feature.shape[2:]
        sizes = (row.channels, height, width, row.bins, self.ratio(row), 1)
        values = (np.int32(count), np.float32(level.scale), *map(np.int32, sizes))
        arrays = (np.uintp(array.data.ptr) for array in (source, boxes, to))
        kernel((min(-(-count // _THREADS), _MOST_BLOCKS), 1, 1), (_THREADS, 1, 1), (*arrays, *values))


def _check(inputs: Inputs, dtypes: tuple[str, ...]) -> None:
    if inputs.layout != "NCHW" or inputs.dtype not in dtypes:
        raise ValueError(f"the common kernel takes NCHW, and maps of {' or '.join(dtypes)}")
