"""A call in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import box_rows, feature_map, numpy_dtype
from .exact.budgets import Budget, quantum, single
from .exact.floats import FLOAT_TYPES, WORKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .exact.floats import FloatType
    from .exact.numbers import Array

_STORED = ("input", "grad", "offset")
"""Arrays of a case that have the data type of a call."""

_FINE = 2**20
"""Parts of a pixel."""


@dataclass(frozen=True)
class AskedCall:
    """A call, as it is made in a data type. An operator adds what else it asks for.

    Attributes:
        dtype: The data type of its maps.
        pixels: The numbers of its maps, of float64.
        boxes: Rows of float64, rounded to the type of coordinates.
        grad: What arrives, of float64; None if nothing does.
    """

    dtype: str
    pixels: Array
    boxes: Array
    grad: Array | None

    @property
    @abstractmethod
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""

    @property
    def arrays(self) -> dict[str, Array]:
        """Those that have the data type of the call, under their names in a case."""
        return {"input": self.pixels} | ({} if self.grad is None else {"grad": self.grad})

    @property
    def numbers(self) -> tuple[object, ...]:
        """All that decides the exact answer: calls of 16 bits mostly have that of float32."""
        arrays = (self.boxes, *self.arrays.values())
        return (*((a.shape, a.tobytes()) for a in arrays), *self.arrays, *self.asked_for, self.working)

    @property
    def working(self) -> FloatType:
        """The type of coordinates, weights and sums."""
        return FLOAT_TYPES[WORKING[self.dtype]]


class Handing:
    """How the numbers of a case are handed over in a data type: all of them are rounded to it, or to that of coordinates."""

    def __init__(self, arguments: Mapping[str, Any], dtype: str) -> None:
        self._arguments, self.dtype = arguments, dtype
        self._working = np.dtype(WORKING[dtype])

    def array(self, name: str) -> Array:
        """An array of the data type."""
        with np.errstate(over="ignore"):
            return feature_map(self._arguments[name]).astype(numpy_dtype(self.dtype)).astype(np.float64)

    def array_if_given(self, name: str) -> Array | None:
        """An array of the data type; None if the case has none of this name."""
        return self.array(name) if name in self._arguments else None

    def rows(self, columns: int = 5) -> Array:
        """The boxes, of so many numbers each."""
        with np.errstate(over="ignore"):
            return box_rows(self._arguments["boxes"], columns).astype(self._working).astype(np.float64)

    def number(self, number: Any) -> Fraction:
        """A number of the type of coordinates."""
        return Fraction(float(self._working.type(float(number))))


def in_range(arguments: Mapping[str, Any], dtype: str, columns: int = 5) -> bool:
    """Whether what is finite in the arguments of a case is finite in a call of a data type."""
    given = [(feature_map(arguments[name]), dtype) for name in _STORED if name in arguments]
    given.append((box_rows(arguments["boxes"], columns), WORKING[dtype]))
    return all(abs(a[np.isfinite(a)]).max(initial=0.0) <= FLOAT_TYPES[kind].largest for a, kind in given)


def same(given: Any, handed: Any) -> bool:
    """Whether numbers were handed over as they were given."""
    return np.array_equal(np.ravel(given), np.ravel(handed), equal_nan=True)


def same_boxes(given: Array, asked: AskedCall) -> bool:
    """Whether boxes were handed over as they were given."""
    return same(given, asked.boxes)


def scales_of(arguments: Mapping[str, Any]) -> list[float]:
    """The scales of a case, as float64."""
    return [float(Fraction(scale)) for scale in arguments["spatial_scale"]]


def coarse(distance: Fraction) -> Fraction:
    """A distance from a decision in parts of a pixel that are fine enough."""
    return Fraction(math.floor(distance * _FINE), _FINE)


def units(values: Array) -> Fraction:
    """The power of two of which all finite numbers of an array are multiples; 0 if there is none."""
    return quantum(map(Fraction, np.unique(values[np.isfinite(values)]).tolist()))


def each(values: Array) -> Iterator[Budget]:
    """The budgets of the finite numbers of an array."""
    return (single(Fraction(x)) for x in np.unique(values[np.isfinite(values)]).tolist())


def fits(dtype: str, stored: Iterable[Budget], computed: Iterable[Budget], values: Array) -> bool:
    """Whether a data type holds what is stored, and its arithmetic what is computed, and its values."""
    type_ = FLOAT_TYPES[dtype]
    largest = max((abs(value) for value in values.flat if isinstance(value, Fraction)), default=Fraction(0))
    return (
        largest <= type_.largest
        and all(budget.fits(type_) for budget in stored)
        and all(budget.fits(FLOAT_TYPES[WORKING[dtype]]) for budget in computed)
    )
