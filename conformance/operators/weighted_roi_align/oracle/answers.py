"""What a call of weighted RoIAlign, or of a gradient, must return: the face of the oracle to the harness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.weighted_roi_align import DIALECTS, MEANS
from ....arrays import feature_map, numpy_dtype
from ....call import DTYPES, MAP_GRADIENTS
from ....exact.budgets import bits_needed
from ....exact.floats import FLOAT_TYPES, WORKING, rounded
from ....exact.numbers import as_json
from ....operation import Operation
from ....operator import Answer
from ...roi_align.oracle.certificate import nearest_decision
from ...roi_align.oracle.gradient import extent_kinks, sample_kinks
from .bounds import bounded
from .certificate import budgets, exact_dtypes
from .formulas import Formulas, last_answer
from .mean_bounds import bounded_mean
from .means import BETA, P
from .quick import quick

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]


class WeightedRoiAlignOracle:
    """The oracle of weighted RoIAlign."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each: an output with bounds where it is inexact; no inexact gradient."""
        del claims
        arguments = simplest(arguments, operation)
        if arguments["mode"] in MEANS:
            yield from self._of_means(arguments, operation, dialect)
            return
        exact = self.exact_dtypes(arguments, operation, dialect)
        for dtype in (dtype for dtype in DTYPES if _in_range(arguments, dtype)):
            if dtype in exact:
                found = self._in(arguments, operation, dialect, dtype)
                yield dtype, tuple(Answer(as_json(rounded(values, dtype))) for values in found)
            elif operation == Operation.FORWARD:
                yield dtype, (_bounded(arguments, dialect, dtype),)

    def _of_means(
        self, arguments: Arguments, operation: Operation, dialect: Dialect
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Those of SW-14 and SW-15, of which few numbers are exact: all have bounds, of gradients too."""
        for dtype in DTYPES:
            if answer := _mean_in(arguments, operation, dialect, dtype):
                yield dtype, (answer,)

    def _in(self, arguments: Arguments, operation: Operation, dialect: Dialect, dtype: str) -> tuple[Array, ...]:
        """The exact result: of an output, without RoIs that reach too far for the type of coordinates.

        Of a gradient of maxima also that of the last of equal ones, if that is another.
        """
        if operation == Operation.FORWARD and WORKING[dtype] == "float32":
            return (bounded(arguments, dialect, dtype)[0],)
        values = self.values(arguments, operation, dialect)
        if operation not in MAP_GRADIENTS or arguments["mode"] != "max":
            return (values,)
        last = Formulas(arguments, dialect, last_answer).returned(operation)
        return (values,) if np.array_equal(values, last) else (values, last)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits.

        The gradient for boxes may be float32 where maps have 16 bits, and is not rounded in these.
        """
        arguments = simplest(arguments, operation)
        if arguments["mode"] in MEANS:
            return ()
        exact = exact_dtypes(arguments, operation, dialect)
        if operation == Operation.BOX_GRADIENT:
            values = self.values(arguments, operation, dialect) if exact else None
            return tuple(dtype for dtype in exact if np.equal(rounded(values, dtype), values).all())  # type: ignore[arg-type]
        return exact

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result."""
        return Formulas(arguments, dialect).returned(operation)

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        arguments = simplest(arguments, Operation.FORWARD)
        if arguments["mode"] in MEANS:
            found = bounded_mean(arguments, Operation.FORWARD, dialect, dtype)
            values = Formulas(arguments, dialect).output if found is None else found[0]
            return values, np.full(values.shape, np.inf) if found is None else found[1]
        return bounded(arguments, dialect, dtype)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation; None of means."""
        arguments = simplest(arguments, operation)
        if arguments["mode"] in MEANS:
            return None
        needed = budgets(arguments, operation, dialect)
        return None if needed is None else bits_needed(needed)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """The least distance of a sample from a bound of the map, and of an adaptive bin size from a step."""
        return nearest_decision(as_average(arguments), dialect)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """Exact answers; if there are none and ``bounds`` are wanted, an output with bounds; or nothing.

        Of means there are bounds alone, and of their gradient for boxes where no sample is on a kink.
        """
        arguments = simplest(arguments, operation)
        if arguments["mode"] in MEANS:
            if not bounds or (operation == Operation.BOX_GRADIENT and not kinks and _has_kinks(arguments, dialect)):
                return ()
            answer = _mean_in(arguments, operation, DIALECTS[dialect], dtype)
            return (answer,) if answer else ()
        found = quick(arguments, operation, dialect, dtype)
        if found is None:
            wanted = bounds and operation == Operation.FORWARD and _in_range(arguments, dtype)
            return (_bounded(arguments, DIALECTS[dialect], dtype),) if wanted else ()
        each, open_ = found
        bound = None
        if open_ is not None and open_.any() and not kinks:
            bound = np.where(open_, None, 0).tolist()  # type: ignore[call-overload]
        stored = [values.astype(WORKING[dtype]).astype(numpy_dtype(dtype)).astype(np.float64) for values in each]
        if operation == Operation.BOX_GRADIENT and not np.array_equal(stored[0], each[0], equal_nan=True):
            return ()  # it may be float32, and is not rounded then
        named = np.frompyfunc(lambda x: x if math.isfinite(x) else str(x), 1, 1)
        return tuple(Answer(named(values).tolist(), bound) for values in stored)


def as_average(arguments: Arguments) -> Arguments:
    """The arguments of an average of the same samples, if they are those of a mean."""
    return {**arguments, "mode": "avg"} if arguments["mode"] in MEANS else arguments


def _has_kinks(arguments: Arguments, dialect: str) -> bool:
    """Whether a gradient for boxes is a convention for some RoI."""
    axes = (axis for roi in Formulas(arguments, DIALECTS[dialect]).rois if roi for axis in roi[1:])
    return any(
        extent_kinks(axis) or any(sample_kinks(axis, s.position) for p in range(axis.bins) for s in axis.samples(p))
        for axis in axes
    )


def simplest(arguments: Arguments, operation: Operation) -> Arguments:
    """The arguments of an average, if they are those of a mean that is one, to the last bit where an average is exact.

    A softmax with a beta of 0 is; and the output of a power mean of exponent 1, where no weighed pixel is less than 0.
    """
    match arguments["mode"]:
        case "softmax":
            is_average = arguments.get("beta", BETA) == 0
        case "lp":
            is_average = operation == Operation.FORWARD and arguments.get("p", P) == 1 and _is_positive(arguments)
        case _:
            return arguments
    return as_average(arguments) if is_average else arguments


def _is_positive(arguments: Arguments) -> bool:
    pixels, weights = feature_map(arguments["input"]), feature_map(arguments["weights"])
    return bool(
        np.isfinite(pixels).all() and np.isfinite(weights).all() and (pixels >= 0).all() and (weights >= 0).all()
    )


def _mean_in(arguments: Arguments, operation: Operation, dialect: Dialect, dtype: str) -> Answer | None:
    if not _in_range(arguments, dtype):
        return None
    found = bounded_mean(arguments, operation, dialect, dtype)
    return None if found is None else Answer(as_json(found[0]), _limits(found[1]))


def _bounded(arguments: Arguments, dialect: Dialect, dtype: str) -> Answer:
    values, errors = bounded(arguments, dialect, dtype)
    return Answer(as_json(values), _limits(errors))


def _limits(errors: Array) -> Any:
    """Bounds as an answer has them."""
    return np.frompyfunc(lambda e: None if math.isinf(e) else float(f"{e * 1.01:.2e}"), 1, 1)(errors).tolist()


def _in_range(arguments: Arguments, dtype: str) -> bool:
    """Whether what is finite in the arguments of a case is finite in a call of a data type."""
    largest = FLOAT_TYPES[dtype].largest
    given = (feature_map(arguments[name]) for name in ("input", "weights"))
    corners = np.array([float(x) for row in arguments["boxes"] for x in row])
    reach = abs(corners[np.isfinite(corners)]).max(initial=0.0)
    return reach <= FLOAT_TYPES[WORKING[dtype]].largest and all(
        abs(a[np.isfinite(a)]).max(initial=0.0) <= largest for a in given
    )
