"""What a call of a pooler, or of a gradient of it, must return: rotated RoIAlign's answers on the map of each level."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.multiscale_roi_align_rotated import DIALECTS
from ....arrays import leaves
from ....call import DTYPES
from ....operation import Operation
from ....operator import Answer
from ...roi_align_rotated.oracle.face import ORACLE as ROTATED
from .assembling import assembled, parts, shape_of
from .levels import decided, exactly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.multiscale_roi_align_rotated import Dialect
    from ....exact.numbers import Array
    from ...multiscale_roi_align.oracle.assembling import Part

    Arguments = Mapping[str, Any]

_WIDE = ("float32", "float64")


@lru_cache(maxsize=1024)
def _known(method: str, text: str, how: tuple[Any, ...], bounds: bool | None) -> Any:
    named = {} if bounds is None else {"bounds": bounds}
    return getattr(ROTATED, method)(json.loads(text), *how, **named)


def _asked(method: str, part: Part, *how: Any, bounds: bool | None = None) -> Any:
    """What rotated RoIAlign's oracle says of a part. Most dialects ask of the same parts, so that it is remembered."""
    return _known(method, json.dumps(part.arguments), how, bounds)


class RotatedPyramidOracle:
    """The oracle of poolers of rotated boxes. What it says of exactness it says of the calls of rotated RoIAlign.

    In a data type in which rounding decides the level of a box nothing is due.
    """

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each: one exact answer, or one with bounds."""
        del claims
        for dtype in DTYPES:
            if answer := self.answer_in(arguments, operation, dialect, dtype):
                yield dtype, (answer,)

    def answer_in(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, dtype: str, *, bounds: bool = True
    ) -> Answer | None:
        """What a call may return in a data type; None if nobody can say, or if it has bounds that are not wanted."""
        levels = decided(arguments, dialect, dtype)
        if levels is None:
            return None
        found = []
        for part in parts(arguments, levels):
            answer = _asked("answer_in", part, operation, dialect.sampling, dtype, bounds=bounds)
            if answer is None:
                return None
            found.append((part, answer))
        return _together(arguments, operation, found)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
        return tuple(dtype for dtype in DTYPES if self.answer_in(arguments, operation, dialect, dtype, bounds=False))

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result of a call of float64."""
        found = [(part, _asked("values", part, operation, dialect.sampling)) for part in _due(arguments, dialect)]
        return assembled(arguments, operation, found, Fraction(0))

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        found = [(part, _asked("bounded", part, dialect.sampling, dtype)) for part in _due(arguments, dialect)]
        values = assembled(arguments, Operation.FORWARD, [(part, both[0]) for part, both in found], Fraction(0))
        errors = assembled(arguments, Operation.FORWARD, [(part, both[1]) for part, both in found], 0.0)
        if decided(arguments, dialect, dtype) is None:
            errors[:] = math.inf
        return values, errors.astype(np.float64)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation, but those by which levels are chosen."""
        needed = [_asked("bits", part, operation, dialect.sampling) for part in _due(arguments, dialect)]
        known = [bits for bits in needed if bits is not None]
        return max(known, default=1) if len(known) == len(needed) else None

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """The least distance of a sample from a bound of its map, and of an adaptive bin size from a step."""
        each = (_asked("nearest_decision", part, dialect.sampling) for part in _due(arguments, dialect))
        return min((distance for distance in each if distance is not None), default=None)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """The answer in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # RR-12 says what a slope is where there is none
        answer = self.answer_in(arguments, operation, DIALECTS[dialect], dtype, bounds=bounds)
        return (answer,) if answer else ()

    def claim(self, arguments: Arguments, operation: Operation, dialects: Sequence[str]) -> str:
        """Whether a call is exact in float32 and float64 under all these dialects, or has bounds, or rounding decides.

        Rounding of float32 may decide a level: then nothing is due in it.
        """
        taken = [DIALECTS[name] for name in dialects]
        if not all(_is_decided(arguments, dialect) for dialect in taken):
            return "fragile"
        exact = (self.exact_dtypes(arguments, operation, dialect) for dialect in taken)
        return "exact" if all(set(_WIDE) <= set(dtypes) for dtypes in exact) else "bounded"


ORACLE = RotatedPyramidOracle()
"""The oracle of poolers of rotated boxes."""


def _due(arguments: Arguments, dialect: Dialect) -> Iterator[Part]:
    """The parts of a call whose levels are computed exactly."""
    return parts(arguments, exactly(arguments, dialect))


def _is_decided(arguments: Arguments, dialect: Dialect) -> bool:
    """Whether no rounding decides a level in float64, nor what is read in float32 or float64."""
    levels = decided(arguments, dialect, "float64")
    if levels is None:
        return False
    asked = (
        ROTATED.asked(part.arguments, dialect.sampling, dtype) for part in parts(arguments, levels) for dtype in _WIDE
    )
    return all(map(ROTATED.is_decided, asked))


def _together(arguments: Arguments, operation: Operation, found: Sequence[tuple[Part, Answer]]) -> Answer:
    """The answer of a pooler, of those to its parts."""

    def whole(values: Sequence[tuple[Part, Any]]) -> Any:
        shaped = [(part, _array(nested, shape_of(part.arguments, operation))) for part, nested in values]
        return assembled(arguments, operation, shaped, 0).tolist()

    output = whole([(part, answer.output) for part, answer in found])
    if all(answer.bound is None for _, answer in found):
        return Answer(output)
    return Answer(output, whole([(part, 0 if answer.bound is None else answer.bound) for part, answer in found]))


def _array(nested: Any, shape: tuple[int, ...]) -> Array:
    """Nested lists, or one number for all elements, as an array of objects."""
    array = np.empty(math.prod(shape), object)
    array[:] = list(leaves(nested)) if isinstance(nested, list) else nested
    return array.reshape(shape)
