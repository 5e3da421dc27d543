"""What is exercised of an operator on a GPU: small calls of every kind, and the calls of a row once. It knows no operator."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from .contestant import LAYOUTS, in_layout, numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .problem import Level, Problem

_BOXES = np.array(
    [
        [0, 1, 2, 30, 25],
        [1, -20, -20, 60, 60],
        [0, 5, 5, 5, 5],
        [1, 40, 40, 200, 200],
        [0, 30, 10, 3, 12],
        [1, 3.25, 4.5, 3.5, 4.75],
        [7, 0, 0, 9, 9],
        [0, np.nan, 0, 9, 9],
    ],
    np.float32,
)
"""The last two are to be refused."""
_CHANNELS = (1, 7, 8, 72)
_HEIGHT, _WIDTH = 19, 23


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A row of which the profiler counts what happens."""

    row: str
    library: str
    layout: str
    dtype: str


def ours_on(row: str) -> tuple[Counted, ...]:
    """Ours on a row in float32, channels last and first."""
    return tuple(Counted(row=row, library="roikit", layout=layout, dtype="float32") for layout in reversed(LAYOUTS))


@dataclass(frozen=True)
class SmallCall:
    """What small calls are made on.

    Attributes:
        boxes: In CuPy's array: over the edge, empty, inverted, thin, and to be refused; or none at all.
    """

    layout: str
    dtype: str
    channels: int
    boxes: Any
    rng: np.random.Generator

    def maps(self, each: int = 1, size: tuple[int, ...] = (_HEIGHT, _WIDTH)) -> Any:
        """Maps of two images of this size, with ``each`` channels for each of the call's, in CuPy's array."""
        import cupy

        feature = self.rng.standard_normal((2, self.channels * each, *size))
        return cupy.asarray(in_layout(feature, self.layout, self.dtype))


@dataclass(frozen=True)
class RowCall:
    """What the calls of a row are made on, level by level: CuPy's arrays."""

    row: Any
    level: Level
    layout: Any
    dtype: str
    maps: Any

    @property
    def boxes(self) -> Any:
        """Boxes ``(K, 5)`` of the level, in float32."""
        import cupy

        return cupy.asarray(self.level.boxes)

    def tensors(self) -> tuple[Any, Any]:
        """Maps and boxes as tensors, without a copy but of boxes in another type, channels after images."""
        import torch

        maps = torch.from_dlpack(self.maps)
        maps = maps if self.layout == "NCHW" else maps.permute(0, 3, 1, 2)
        return maps, torch.from_dlpack(self.boxes).to(maps.dtype)


@dataclass(frozen=True)
class PyramidCall:
    """What the call of a row is made on that is of all levels at once: maps of each in CuPy's arrays."""

    problem: Problem
    layout: Any
    dtype: str
    maps: list[Any]

    @property
    def row(self) -> Any:
        """The row."""
        return self.problem.row


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """The calls on a GPU that run under sanitizers and the profiler: ``python -m benchmarks.exercise OPERATOR``.

    Attributes:
        kernels: A regular expression of the names of kernels to profile, ours and the peers'.
        counted: What to profile.
        kinds: What small calls differ in besides data type, layout and channels: the values of each.
        small: Makes the calls of one of each kind; gives back how many.
        libraries: Who makes the call of a level of a row, or that of all levels, by name; ours is ``roikit``.
        joined: Whether a call is of all levels.
    """

    kernels: str
    counted: tuple[Counted, ...]
    kinds: tuple[tuple[Any, ...], ...]
    small: Callable[..., int]
    libraries: Mapping[str, Callable[..., object]]
    joined: bool = False

    def small_calls(self) -> int:
        """Makes the small calls; returns how many."""
        import cupy

        made = sum(self.small(call, *kind) for call, kind in self._small())
        cupy.cuda.Device().synchronize()
        return made

    def _small(self) -> Iterator[tuple[SmallCall, tuple[Any, ...]]]:
        import cupy

        rng = np.random.default_rng(7)
        dtypes = ["float32", "float64", "float16", *(["bfloat16"] if find_spec("ml_dtypes") else [])]
        for dtype, layout, channels, *kind in itertools.product(dtypes, LAYOUTS, _CHANNELS, *self.kinds):
            boxes = cupy.asarray(_BOXES.astype(numpy_dtype("float64" if dtype == "float64" else "float32")))
            for count in (len(boxes), 0):
                yield SmallCall(layout, dtype, channels, boxes[:count], rng), tuple(kind)

    def row_calls(self, problem: Problem, library: str, layout: str, dtype: str) -> int:
        """Makes all calls of a row once; returns how many.

        Raises:
            KeyError: the library takes no part.
        """
        import cupy

        call, row = self.libraries[library], problem.row
        maps = [cupy.asarray(in_layout(level.feature, layout, dtype)) for level in problem.levels]
        if self.joined:
            call(PyramidCall(problem, layout, dtype, maps))
        else:
            for level, of_level in zip(problem.levels, maps, strict=True):
                call(RowCall(row, level, layout, dtype, of_level))
        cupy.cuda.Device().synchronize()
        return 1 if self.joined else len(maps)
