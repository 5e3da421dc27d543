"""Ours, prepared for the rows of any operator that takes all levels in one call, with the outputs given, on a CPU and on a GPU.

An operator says how the call is made, what it reads, and what it gives, as it does of calls of levels in `ours`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .contestant import Contestant, as_nchw, coordinates, in_layout, numpy_dtype, shape_in
from .device_contestant import DeviceContestant
from .problem import Problem

if TYPE_CHECKING:
    from .device import Timer
    from .device_contestant import Inputs

CallOfPyramid = Callable[..., list[Any]]
"""Makes the call: gets what is read, the boxes of all levels, the scales of these, the row, and by keyword ``layout`` and
``out``, the arrays that are written to. Returns these."""
Shapes = Callable[[Problem], list[tuple[int, ...]]]
"""The shapes of what the call gives, ``(N or K, C, …)``."""


def pooled_shape(problem: Problem) -> list[tuple[int, ...]]:
    """The shape of what pooling gives."""
    return [(problem.row.rois, problem.row.channels, *problem.row.bin_shape)]


def shapes_of_maps(problem: Problem) -> list[tuple[int, ...]]:
    """The shapes of the maps of all levels."""
    return [level.feature.shape for level in problem.levels]


def rows_of(problem: Problem) -> np.ndarray:
    """The boxes as most poolers take them: rows ``(K, 5)``."""
    return problem.boxes


@dataclass(frozen=True)
class OursOfPyramids:
    """An operation of ours on all levels at once.

    Attributes:
        call: Makes the call.
        reads: The arrays that it reads besides boxes, ``(N or K, C, …)`` on the host.
        gives: What it gives.
        boxes: Boxes as it takes them, in float32.
        of_coordinates: Whether it gives coordinates: in no layout, and of the type of boxes.
    """

    call: CallOfPyramid
    reads: Callable[[Problem], list[np.ndarray]]
    gives: Shapes = pooled_shape
    boxes: Callable[[Problem], np.ndarray] = rows_of
    of_coordinates: bool = False

    def _boxes(self, problem: Problem, dtype: str) -> np.ndarray:
        return self.boxes(problem).astype(coordinates(dtype))

    def on_cpu(self, problem: Problem, layout: str, dtype: str) -> Contestant:
        """Prepares the call of a row on a CPU."""
        shapes = self.gives(problem)
        kind = np.dtype(coordinates(dtype)) if self.of_coordinates else numpy_dtype(dtype)
        outs = [np.empty(shape if self.of_coordinates else shape_in(layout, shape), kind) for shape in shapes]
        read = [in_layout(array, layout, dtype) for array in self.reads(problem)]
        boxes, scales = self._boxes(problem, dtype), scales_of(problem)
        call = partial(self.call, read, boxes, scales, problem.row, layout=layout, out=outs)
        convert = np.asarray if self.of_coordinates else as_nchw(layout)
        return Contestant("roikit", layout, dtype, [call], convert, outs)

    def on_device(self, inputs: Inputs, timer: Timer) -> DeviceContestant:
        """Prepares the call of a row on a GPU.

        Gradients that are as large as the maps take turns, as what is read does: they might fit into the cache.
        """
        import cupy

        problem, row = inputs.problem, inputs.problem.row
        boxes, scales = cupy.asarray(self._boxes(problem, inputs.dtype)), scales_of(problem)

        def outs() -> list[Any]:
            if self.of_coordinates:
                return [cupy.empty(shape, np.dtype(coordinates(inputs.dtype))) for shape in self.gives(problem)]
            return [inputs.empty(shape) for shape in self.gives(problem)]

        first = outs()
        fresh = self.gives is shapes_of_maps
        owned = {id(one): outs() if fresh and number else first for number, one in enumerate(inputs.sets)}

        def call(read: Sequence[Any]) -> list[Any]:
            return self.call(read, boxes, scales, row, layout=inputs.layout, out=owned[id(read)])

        everything = list({id(out): out for each in owned.values() for out in each}.values())
        convert = _unchanged if self.of_coordinates else inputs.as_nchw
        return DeviceContestant("roikit", inputs, call, convert, timer.capture, everything)


def scales_of(problem: Problem) -> list[float]:
    """The scale of each level."""
    return [level.scale for level in problem.levels]


def _unchanged(out: Any) -> Any:
    return out
