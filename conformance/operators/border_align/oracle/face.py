"""What a call of BorderAlign, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.border_align import DIALECTS
from ....arrays import box_rows, feature_map
from ....call import DTYPES
from ....exact.budgets import bits_needed
from ....exact.floats import FLOAT_TYPES, WORKING, rounded
from ....exact.numbers import as_json
from ....operation import Operation
from ....operator import Answer
from . import bounds as limits
from . import certificate, output
from .asked import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from .....kernels.dialects.border_align import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]

BOUNDED = ("float32", "float64")
"""Data types in which an inexact gradient has bounds."""


class BorderAlignOracle:
    """The oracle of BorderAlign."""

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
        return result_of(Asked.of(arguments, dialect, "float64"), operation).values

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        asked = Asked.of(arguments, dialect, dtype)
        result = result_of(asked, Operation.FORWARD)
        return result.values, limits.output_bounds(result, asked)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation."""
        asked = Asked.of(arguments, dialect, "float64")
        exact = result_of(asked, operation)
        found = [
            *certificate.budgets(asked, operation, exact),
            *certificate.handed(asked),
            *certificate.coordinates(asked),
        ]
        return bits_needed(found)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """How near a point comes to a decision."""
        return certificate.nearest_decision(Asked.of(arguments, dialect, "float64"))

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """The answer in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # BA-8 says what a slope is where there is none
        answer = answer_in(arguments, operation, DIALECTS[dialect], dtype, bounds=bounds)
        return (answer,) if answer else ()


def result_of(asked: Asked, operation: Operation) -> output.Result:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return output.border_align(asked.maps, asked.rois)
        case Operation.FEATURE_GRADIENT:
            return output.feature_gradient(asked.arriving, asked.maps, asked.rois)
        case Operation.BOX_GRADIENT:
            return output.box_gradient(asked.arriving, asked.maps, asked.rois)
        case _:
            raise ValueError(f"border_align has no {operation}")


_LAST: dict[tuple[object, ...], tuple[Any, output.Result]] = {}
"""The last call: where its boxes lie, and its exact result."""


def _known(asked: Asked, operation: Operation) -> output.Result:
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
    asked = Asked.of(arguments, dialect, dtype)
    if asked.grad is not None and not np.isfinite(asked.grad).all():
        return None
    exact = _known(asked, operation)
    if _same_numbers(arguments, asked) and _fits(asked, operation, exact):
        return Answer(as_json(_stored(exact.values, dtype)))
    bound = _bound(exact, asked, operation) if bounds else None
    return None if bound is None else Answer(as_json(exact.values), _written(bound))


def is_decided(arguments: Arguments, dialect: Dialect, dtype: str) -> bool:
    """Whether no rounding decides whether a point is inside."""
    return limits.is_decided(Asked.of(arguments, dialect, dtype))


def _stored(values: Array, dtype: str) -> Array:
    """Exact values that the arithmetic of a data type holds, rounded to the type."""
    return values if WORKING[dtype] == dtype else rounded(values, dtype)


def _fits(asked: Asked, operation: Operation, exact: output.Result) -> bool:
    """Whether a call is exact in its data type."""
    if not all(error.are_exact for error in limits.errors_of(asked) if error):
        return False
    if not np.isfinite(asked.pixels).all() and _reads_what_is_no_number(asked):
        return False
    values = exact.values
    if operation == Operation.BOX_GRADIENT and not (_stored(values, asked.dtype) == values).all():
        return False
    return certificate.fits(asked, certificate.handed(asked), certificate.budgets(asked, operation, exact), values)


def _reads_what_is_no_number(asked: Asked) -> bool:
    return any(output.read(asked.maps, roi).special.any() for roi in asked.rois if roi)


def _same_numbers(arguments: Arguments, asked: Asked) -> bool:
    """Whether no number was rounded when it was handed over."""
    pairs = [(box_rows(arguments["boxes"]), asked.boxes), (feature_map(arguments["input"]), asked.pixels)]
    if asked.grad is not None:
        pairs.append((feature_map(arguments["grad"]), asked.grad))
    return all(np.array_equal(given.reshape(-1), handed.reshape(-1), equal_nan=True) for given, handed in pairs)


def _bound(exact: output.Result, asked: Asked, operation: Operation) -> Array | None:
    """The greatest error of each element; None if nobody can say."""
    if operation == Operation.FORWARD:
        return limits.output_bounds(exact, asked)
    if asked.dtype not in BOUNDED:
        return None
    if operation == Operation.FEATURE_GRADIENT:
        return limits.feature_gradient_bounds(exact, asked)
    return limits.box_gradient_bounds(exact, asked)


def _in_range(arguments: Arguments, dtype: str) -> bool:
    """Whether what is finite in the arguments of a case is finite in a call of a data type."""
    given = [(feature_map(arguments["input"]), dtype), (box_rows(arguments["boxes"]), WORKING[dtype])]
    given += [(feature_map(arguments["grad"]), dtype)] if "grad" in arguments else []
    return all(abs(a[np.isfinite(a)]).max(initial=0.0) <= FLOAT_TYPES[kind].largest for a, kind in given)


def _written(bound: Array) -> Any:
    """Bounds as nested lists; None where there is none."""
    nested: Any = np.frompyfunc(lambda x: None if math.isinf(x) else float(f"{x * 1.01:.2e}"), 1, 1)(bound)
    return nested.tolist()
