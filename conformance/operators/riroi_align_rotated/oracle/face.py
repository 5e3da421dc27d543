"""What a call of rotation-invariant RoIAlign, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.riroi_align_rotated import DIALECTS
from ....call import DTYPES
from ....exact.budgets import bits_needed
from ....exact.numbers import as_json
from ....operation import Operation
from ....operator import Answer
from ...roi_align_rotated.oracle import bounds as of_points
from ...roi_align_rotated.oracle import certificate as of_rotated

# Whoever is composed of rotated RoIAlign looks at its calls as it does.
from ...roi_align_rotated.oracle.face import (
    BOUNDED,
    MOST_SAMPLES,
    _in_range,
    _same_numbers,
    _stored,
    _written,
    samples_of,
)
from . import bounds as limits
from . import certificate
from .asked import Asked
from .output import Mixed, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from .....kernels.dialects.riroi_align_rotated import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]


class RotationInvariantOracle:
    """The oracle of rotation-invariant RoIAlign."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each: one exact answer, or one with bounds."""
        del claims
        for dtype in DTYPES:
            if answer := answer_in(arguments, operation, dialect, dtype):
                yield dtype, (answer,)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
        found = ((dtype, answer_in(arguments, operation, dialect, dtype)) for dtype in DTYPES)
        return tuple(dtype for dtype, answer in found if answer and answer.bound is None)

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result of a call of float64."""
        return result_of(Asked.made(arguments, dialect, "float64"), operation).values

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        asked = Asked.made(arguments, dialect, dtype)
        result = result_of(asked, Operation.FORWARD)
        return result.values, limits.output_bounds(result, asked)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation."""
        asked = Asked.made(arguments, dialect, "float64")
        exact = result_of(asked, operation)
        found = [
            *certificate.budgets(asked, operation, exact),
            *of_rotated.handed(asked, operation),
            *certificate.coordinates(asked),
        ]
        return bits_needed(found)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """How near a sample, or an index, comes to a decision."""
        return certificate.nearest_decision(Asked.made(arguments, dialect, "float64"))

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """The answer in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # RR-12 says what a slope is where there is none
        answer = answer_in(arguments, operation, DIALECTS[dialect], dtype, bounds=bounds)
        return (answer,) if answer else ()


_LAST: dict[tuple[object, ...], tuple[Any, Mixed]] = {}
"""The last call: where its RoIs lie, and its exact result."""


def _known(asked: Asked, operation: Operation) -> Mixed:
    """The exact result of a call, which may be that of the call before in another data type."""
    key = (operation, *asked.numbers)
    if key not in _LAST:
        _LAST.clear()
        _LAST[key] = asked.rois, result_of(asked, operation)
    asked.__dict__["rois"], result = _LAST[key]
    return result


def answer_in(
    arguments: Arguments, operation: Operation, dialect: Dialect, dtype: str, *, bounds: bool = True
) -> Answer | None:
    """What a call may return in a data type; None if nobody can say, or if it has bounds that are not wanted."""
    if not _in_range(arguments, dtype):
        return None
    asked = Asked.made(arguments, dialect, dtype)
    if (asked.grad is not None and not np.isfinite(asked.grad).all()) or samples_of(asked) > MOST_SAMPLES:
        return None
    exact = _known(asked, operation)
    if _same_numbers(arguments, asked, operation) and _fits(asked, operation, exact):
        return Answer(as_json(_stored(exact.values, dtype)))
    bound = _bound(exact, asked, operation) if bounds else None
    return None if bound is None else Answer(as_json(exact.values), _written(bound))


def is_decided(arguments: Arguments, dialect: Dialect, dtype: str) -> bool:
    """Whether no rounding decides how many samples there are, whether one is inside, or which orientation is read."""
    return limits.is_decided(Asked.made(arguments, dialect, dtype))


def _fits(asked: Asked, operation: Operation, exact: Mixed) -> bool:
    """Whether a call is exact in its data type."""
    errors = [error for error in of_points.errors_of(asked) if error]
    if not all(error.are_exact and not error.grid_is_open for error in errors):
        return False
    reads = operation != Operation.FEATURE_GRADIENT
    if reads and not np.isfinite(asked.pixels).all() and _in_doubt(asked, operation, exact):
        return False
    values = exact.values
    if operation == Operation.BOX_GRADIENT and not (_stored(values, asked.dtype) == values).all():
        return False
    computed = certificate.budgets(asked, operation, exact)
    return of_rotated.fits(asked, of_rotated.handed(asked, operation), computed, values)


def _in_doubt(asked: Asked, operation: Operation, exact: Mixed) -> bool:
    """Whether nobody can say of an exact call with pixels that are not finite which of them it reads."""
    if operation == Operation.BOX_GRADIENT:
        return True
    return bool(np.isinf(limits.output_bounds(exact, asked)).any())


def _bound(exact: Mixed, asked: Asked, operation: Operation) -> Array | None:
    """The greatest error of each element; None if nobody can say."""
    if operation == Operation.FORWARD:
        return limits.output_bounds(exact, asked)
    if asked.dtype not in BOUNDED:
        return None
    if operation == Operation.FEATURE_GRADIENT:
        return limits.feature_gradient_bounds(exact, asked)
    return limits.box_gradient_bounds(exact, asked)
