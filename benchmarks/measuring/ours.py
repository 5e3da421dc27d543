"""Ours, prepared for the rows of any operator: a call for each level, with the outputs given, on a CPU and on a GPU.

An operator says how a call of a level is made, what it reads, and what it gives; kernels take NumPy's arrays and CuPy's alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .contestant import Contestant, as_nchw, coordinates, in_layout, numpy_dtype, shape_in
from .device_contestant import DeviceContestant
from .problem import Level, Problem, Row

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .contestant import PrepareOurs
    from .device import Timer
    from .device_contestant import Inputs, PrepareOnDevice

CallOfLevel = Callable[..., Any]
"""Makes the call of a level: gets what is read of it, its boxes and what is beside them, the level, its row, and by keyword
``layout`` and ``out``."""
Shape = Callable[[Level, Row], tuple[int, ...]]
"""The shape of what the call of a level gives, ``(N or K, C, …)``."""


def output_shape(level: Level, row: Row) -> tuple[int, ...]:
    """The shape of what pooling gives of a level."""
    return len(level.boxes), row.channels, *row.bin_shape


def maps_shape(level: Level, row: Row) -> tuple[int, ...]:
    """The shape of the maps of a level."""
    del row
    return level.feature.shape


def corners_shape(level: Level, row: Row) -> tuple[int, ...]:
    """The shape of the corners of the boxes of a level."""
    del row
    return len(level.boxes), 4


def rows_of(level: Level, dtype: str) -> tuple[np.ndarray, ...]:
    """The boxes of a level as most of our functions take them: rows ``(K, 5)``."""
    return (level.boxes.astype(coordinates(dtype)),)


def nothing(level: Level, row: Row, dtype: str) -> tuple[np.ndarray, ...]:
    """What most of our functions take beside the boxes of a level."""
    del level, row, dtype
    return ()


@dataclass(frozen=True)
class Ours:
    """An operation of ours.

    Attributes:
        call: Makes the call of a level.
        reads: The arrays that it reads besides boxes, ``(N or K, C, …)`` on the host: one of each level, and so on.
        gives: What it gives.
        boxes: What a function of ours takes for the boxes of a level, given the data type of the maps.
        beside: What it takes beside these that is small, such as offsets, which lie alike in all layouts.
        of_coordinates: Whether it gives coordinates: in no layout, and of the type of boxes.
        of_offsets: Whether it gives offsets: in no layout, and of the type of the maps.
    """

    call: CallOfLevel
    reads: Callable[[Problem], list[np.ndarray]]
    gives: Shape = output_shape
    boxes: Callable[[Level, str], Sequence[np.ndarray]] = rows_of
    beside: Callable[[Level, Row, str], Sequence[np.ndarray]] = nothing
    of_coordinates: bool = False
    of_offsets: bool = False

    @property
    def _in_layout(self) -> bool:
        return not (self.of_coordinates or self.of_offsets)

    def _type(self, dtype: str) -> np.dtype[Any]:
        """Of what it gives, beside maps of this data type."""
        return np.dtype(coordinates(dtype)) if self.of_coordinates else numpy_dtype(dtype)

    def _boxes(self, level: Level, row: Row, dtype: str) -> tuple[np.ndarray, ...]:
        return (*self.boxes(level, dtype), *self.beside(level, row, dtype))

    def on_cpu(self, problem: Problem, layout: str, dtype: str) -> Contestant:
        """Prepares the calls of a row on a CPU."""
        row, calls, owned = problem.row, [], []
        read = [in_layout(array, layout, dtype) for array in self.reads(problem)]
        for level, arrays in zip(problem.levels, by_level(read, problem), strict=True):
            shape = self.gives(level, row)
            out = np.empty(shape_in(layout, shape) if self._in_layout else shape, self._type(dtype))
            make = partial(self.call, arrays, self._boxes(level, row, dtype), level, row, layout=layout, out=out)
            calls.append(partial(_listed, make))
            owned.append(out)
        convert = as_nchw(layout) if self._in_layout else np.asarray
        return Contestant("roikit", layout, dtype, calls, convert, owned)

    def on_device(self, inputs: Inputs, timer: Timer) -> DeviceContestant:
        """Prepares the calls of a row on a GPU.

        Gradients that are as large as the maps take turns, as what is read does: they might fit into the cache.
        """
        import cupy

        problem, row = inputs.problem, inputs.problem.row
        boxes = [tuple(map(cupy.asarray, self._boxes(level, row, inputs.dtype))) for level in problem.levels]

        def outs() -> list[Any]:
            shapes = [self.gives(level, row) for level in problem.levels]
            if self._in_layout:
                return [inputs.empty(shape) for shape in shapes]
            return [cupy.empty(shape, self._type(inputs.dtype)) for shape in shapes]

        first = outs()
        fresh = self.gives is maps_shape
        owned = {id(one): outs() if fresh and number else first for number, one in enumerate(inputs.sets)}

        def call(given: list[Any]) -> list[Any]:
            levels = zip(by_level(given, problem), boxes, problem.levels, owned[id(given)], strict=True)
            return [
                self.call(arrays, rows, level, row, layout=inputs.layout, out=out)
                for arrays, rows, level, out in levels
            ]

        def unchanged(out: Any) -> Any:
            return out

        everything = list({id(out): out for each in owned.values() for out in each}.values())
        convert = inputs.as_nchw if self._in_layout else unchanged
        return DeviceContestant("roikit", inputs, call, convert, timer.capture, everything)


def _listed(make: Callable[[], Any]) -> list[Any]:
    return [make()]


def by_level(arrays: Sequence[Any], problem: Problem) -> list[tuple[Any, ...]]:
    """Of each level the arrays that are of it, of a list that has one of each level, and so on."""
    count = len(problem.levels)
    return list(zip(*(arrays[first : first + count] for first in range(0, len(arrays), count)), strict=True))


class Prepared(Protocol):
    """An operation of ours: a call for each level, or of all of them."""

    @property
    def reads(self) -> Callable[[Problem], list[np.ndarray]]: ...

    def on_cpu(self, problem: Problem, layout: str, dtype: str) -> Contestant: ...

    def on_device(self, inputs: Inputs, timer: Timer) -> DeviceContestant: ...


def on_cpu(ours: Mapping[Hashable, Prepared]) -> dict[Any, PrepareOurs]:
    """How ours is prepared for each operation on a CPU."""
    return {operation: each.on_cpu for operation, each in ours.items()}


def on_device(ours: Mapping[Hashable, Prepared]) -> dict[Any, PrepareOnDevice]:
    """How ours is prepared for each operation on a GPU."""
    return {operation: each.on_device for operation, each in ours.items()}


def inputs_of(ours: Mapping[Hashable, Prepared]) -> dict[Any, Callable[[Problem], list[np.ndarray]]]:
    """What each operation reads on the host."""
    return {operation: each.reads for operation, each in ours.items()}
