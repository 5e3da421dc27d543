"""What a call of PrRoIPool, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.prroi_pool import DIALECTS
from ....arrays import box_rows, feature_map
from ....call import DTYPES
from ....exact.budgets import bits_needed
from ....exact.floats import FLOAT_TYPES, WORKING, rounded
from ....exact.numbers import as_json
from ....operation import Operation
from ....operator import Answer
from . import bounds as limits
from . import certificate, gradient, output
from .asked import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from fractions import Fraction

    from .....kernels.dialects.prroi_pool import Dialect
    from ....exact.numbers import Array
    from .geometry import Stages

    Arguments = Mapping[str, Any]

BOUNDED = ("float32", "float64")
"""Data types in which an inexact gradient has bounds."""


class PrRoiPoolOracle:
    """The oracle of PrRoIPool."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each: one exact answer, or one with bounds."""
        del claims
        for dtype in DTYPES:
            if answer := answer_in(arguments, operation, dialect, dtype):
                yield dtype, (answer,)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits.

        The gradient for boxes may be float32 where maps have 16 bits, and is not rounded in these.
        """
        return tuple(dtype for dtype in DTYPES if _is_exact(arguments, operation, dialect, dtype))

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result of a call of float64."""
        asked = Asked.of(arguments, dialect, "float64")
        values: Array = _values(_result(asked, asked.rois(), operation))
        return values

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        asked = Asked.of(arguments, dialect, dtype)
        rois = asked.rois()
        result = output.prroi_pool(asked.maps, rois, asked.output_size, asked.rules)
        return result.values, limits.output_bounds(result, asked, rois)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation."""
        asked = Asked.of(arguments, dialect, "float64")
        rois = asked.rois()
        exact = _result(asked, rois, operation)
        found = certificate.budgets(asked, rois, operation, exact) | certificate.handed(asked, operation)
        return bits_needed(found)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """How near a RoI comes to having no extent."""
        return certificate.nearest_decision(Asked.of(arguments, dialect, "float64").rois())

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """The answer in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # of which there are none
        answer = answer_in(arguments, operation, DIALECTS[dialect], dtype)
        return (answer,) if answer and (bounds or answer.bound is None) else ()


def answer_in(arguments: Arguments, operation: Operation, dialect: Dialect, dtype: str) -> Answer | None:
    """What a call may return in a data type; None if nobody can say."""
    if not _in_range(arguments, dtype):
        return None
    asked = Asked.of(arguments, dialect, dtype)
    if asked.grad is not None and not np.isfinite(asked.grad).all():
        return None
    rois = asked.rois()
    exact = _result(asked, rois, operation)
    values = _values(exact)
    if _same_numbers(arguments, asked, operation) and _fits(asked, rois, operation, exact):
        return Answer(as_json(_stored(values, dtype)))
    bound = _bound(exact, asked, rois, operation)
    return None if bound is None else Answer(as_json(values), _written(bound))


def is_decided(arguments: Arguments, dialect: Dialect, dtype: str) -> bool:
    """Whether no rounding decides if a RoI has an extent."""
    asked = Asked.of(arguments, dialect, dtype)
    return all(limits.is_decided(roi, asked.working) for roi in asked.rois() if roi)


def _is_exact(arguments: Arguments, operation: Operation, dialect: Dialect, dtype: str) -> bool:
    if not _in_range(arguments, dtype):
        return False
    asked = Asked.of(arguments, dialect, dtype)
    if not _same_numbers(arguments, asked, operation) or (asked.grad is not None and not np.isfinite(asked.grad).all()):
        return False
    rois = asked.rois()
    return _fits(asked, rois, operation, _result(asked, rois, operation))


def _stored(values: Array, dtype: str) -> Array:
    """Exact values that the arithmetic of a data type holds, rounded to the type; each once, as most of a large map are alike."""
    if WORKING[dtype] == dtype:
        return values
    distinct = list(set(values.flat))
    stored = dict(zip(distinct, rounded(np.array(distinct, object), dtype).tolist(), strict=True))
    found: Array = np.frompyfunc(stored.__getitem__, 1, 1)(values)
    return np.asarray(found, object)


def _fits(asked: Asked, rois: Sequence[Stages | None], operation: Operation, exact: Any) -> bool:
    """Whether a call is exact in its data type."""
    values = _values(exact)
    if operation == Operation.BOX_GRADIENT and not (_stored(values, asked.dtype) == values).all():
        return False
    computed = certificate.budgets(asked, rois, operation, exact)
    return certificate.fits(asked, certificate.handed(asked, operation), computed, values)


def _same_numbers(arguments: Arguments, asked: Asked, operation: Operation) -> bool:
    """Whether no number that matters was rounded when it was handed over."""
    pairs: list[tuple[Any, Any]] = [
        (box_rows(arguments["boxes"]), asked.boxes),
        (arguments["spatial_scale"], asked.scale),
    ]
    if operation != Operation.FEATURE_GRADIENT:
        pairs.append((feature_map(arguments["input"]), asked.pixels))
    if asked.grad is not None:
        pairs.append((feature_map(arguments["grad"]), asked.grad))
    return all(np.array_equal(given, handed, equal_nan=True) for given, handed in pairs)


def _result(asked: Asked, rois: Sequence[Stages | None], operation: Operation) -> Any:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return output.prroi_pool(asked.maps, rois, asked.output_size, asked.rules)
        case Operation.FEATURE_GRADIENT:
            return gradient.feature_gradient(asked.exact_grad(), asked.maps.shape, rois, asked.rules)
        case Operation.BOX_GRADIENT:
            return gradient.box_gradient(asked.exact_grad(), asked.maps, rois, asked.rules)


def _values(exact: Any) -> Array:
    return exact if isinstance(exact, np.ndarray) else exact.values


def _bound(exact: Any, asked: Asked, rois: Sequence[Stages | None], operation: Operation) -> Array | None:
    """The greatest error of each element; None if nobody can say."""
    if operation == Operation.FORWARD:
        return limits.output_bounds(exact, asked, rois)
    if asked.dtype not in BOUNDED:
        return None
    if operation == Operation.FEATURE_GRADIENT:
        return limits.feature_gradient_bounds(exact, asked, rois)
    return limits.box_gradient_bounds(exact, asked, rois)


def _in_range(arguments: Arguments, dtype: str) -> bool:
    """Whether what is finite in the arguments of a case is finite in a call of a data type."""
    given = [(feature_map(arguments["input"]), dtype), (box_rows(arguments["boxes"]), WORKING[dtype])]
    given += [(feature_map(arguments["grad"]), dtype)] if "grad" in arguments else []
    return all(abs(a[np.isfinite(a)]).max(initial=0.0) <= FLOAT_TYPES[kind].largest for a, kind in given)


def _written(bound: Array) -> Any:
    """Bounds as nested lists; None where there is none."""
    nested: Any = np.frompyfunc(lambda x: None if math.isinf(x) else float(f"{x * 1.01:.2e}"), 1, 1)(bound)
    return nested.tolist()
