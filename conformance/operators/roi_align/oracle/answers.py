"""What a call of RoIAlign, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.roi_align import DIALECTS
from ....arrays import box_rows, feature_map, numpy_dtype
from ....call import DTYPES
from ....exact.budgets import bits_needed
from ....exact.floats import FLOAT_TYPES, WORKING, rounded
from ....exact.numbers import as_json
from ....operation import Operation
from ....operator import Answer
from .bounds import bounds
from .branches import branches, rounded_result
from .certificate import exact_dtypes, forward_budgets, forward_result, nearest_decision
from .gradient import FeatureGradient, feature_gradient
from .gradient_bounds import gradient_bounds
from .gradient_certificate import exact_gradient_dtypes, gradient, gradient_budgets
from .output import refused
from .quick import quick
from .quick_gradient import quick_gradient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from fractions import Fraction

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array
    from .bounds import Bounds

    Arguments = Mapping[str, Any]

BOUNDED = ("float32", "float64")
"""Data types in which an inexact gradient has bounds."""


class RoiAlignOracle:
    """The oracle of RoIAlign."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each.

        Those in which the result is exact, but for its rounding to 16 bits, are compared bit for bit. In the others there is a
        bound, for an output, and for the gradient of an average in float32 and float64; other gradients are left out.
        """
        exact = self.exact_dtypes(arguments, operation, dialect)
        if operation != Operation.FORWARD:
            found = _gradients(arguments, operation, dialect) if exact else ()
            yield from ((dtype, tuple(Answer(as_json(rounded(values, dtype))) for values in found)) for dtype in exact)
            if operation == Operation.FEATURE_GRADIENT and arguments["mode"] == "avg":
                yield from ((d, (_bounded_gradient(arguments, dialect, d),)) for d in BOUNDED if d not in exact)
            return
        result = forward_result(arguments, dialect)
        for dtype in (dtype for dtype in DTYPES if _in_range(arguments, dtype)):
            if dtype in exact:  # no argument is rounded
                values = refused(result, FLOAT_TYPES[WORKING[dtype]]).values
                yield dtype, (Answer(as_json(rounded(values, dtype))),)
            else:
                yield dtype, _bounded(arguments, dialect, dtype, claims)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits.

        The gradient for boxes may be float32 where maps have 16 bits, and is not rounded in these.
        """
        if operation == Operation.FORWARD:
            return exact_dtypes(arguments, dialect)
        exact = exact_gradient_dtypes(arguments, operation, dialect)
        if operation == Operation.BOX_GRADIENT:
            values = gradient(arguments, operation, dialect).values
            return tuple(dtype for dtype in exact if (rounded(values, dtype) == values).all())
        return exact

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result."""
        if operation == Operation.FORWARD:
            return rounded_result(arguments, dialect, "float64").values
        return gradient(arguments, operation, dialect).values

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        result = rounded_result(arguments, dialect, dtype)
        limits = bounds(result, dtype)
        return result.values, np.where(limits.fragile, np.inf, limits.bound)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation."""
        if operation == Operation.FORWARD:
            return bits_needed(forward_budgets(arguments, dialect))
        return bits_needed(gradient_budgets(arguments, operation, dialect))

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """The least distance of a sample from a bound of the map, and of an adaptive bin size from a step."""
        return nearest_decision(arguments, dialect)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """Exact answers; if there are none and ``bounds`` are wanted, one with bounds; or nothing.

        There are no bounds for gradients in 16-bit types, for boxes or of maxima.
        """
        if operation == Operation.FORWARD:
            return _quick_output(arguments, dialect, dtype, bounds=bounds)
        return _quick_gradients(arguments, operation, dialect, dtype, kinks=kinks, bounds=bounds)


def _bounded(arguments: Arguments, dialect: Dialect, dtype: str, claims: str) -> tuple[Answer, ...]:
    """What an output that is not exact may be, with bounds; of every branch that rounding may take, if a case is about that."""
    if claims == "fragile":
        return tuple(
            Answer(as_json(values), _nested(lambda bound: _limit(bound, fragile=False), bound))
            for values, bound in branches(arguments, dialect, dtype)
        )
    result = rounded_result(arguments, dialect, dtype)
    return (Answer(as_json(result.values), _limits(bounds(result, dtype))),)


def _gradients(arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[Array, ...]:
    """An exact gradient; where candidates for a maximum are equal, also that of the last of them."""
    exact = gradient(arguments, operation, dialect)
    if isinstance(exact, FeatureGradient) and exact.ties.any():
        return exact.values, gradient(arguments, operation, dialect, last_of_ties=True).values
    return (exact.values,)


def _quick_output(arguments: Arguments, dialect: str, dtype: str, *, bounds: bool) -> tuple[Answer, ...]:
    values = quick(arguments, dialect, dtype)
    if values is not None:
        return (Answer(_with_names(_stored(values, dtype))),)
    if bounds:
        return _bounded(arguments, DIALECTS[dialect].for_mode(arguments["mode"]), dtype, "bounded")
    return ()


def _quick_gradients(
    arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
) -> tuple[Answer, ...]:
    exact = quick_gradient(arguments, operation, dialect, dtype)
    if exact is None:
        is_bounded = operation == Operation.FEATURE_GRADIENT and arguments["mode"] == "avg"
        judged = bounds and is_bounded and dtype in BOUNDED
        return (_bounded_gradient(arguments, DIALECTS[dialect], dtype),) if judged else ()
    open_ = None
    if exact.kinks.any() and not kinks:
        open_ = np.where(exact.kinks, None, 0).tolist()  # type: ignore[call-overload]
    same = np.array_equal(exact.values, exact.last, equal_nan=True)
    found = [_stored(values, dtype) for values in (exact.values, exact.last)[: 2 - same]]
    if operation == Operation.BOX_GRADIENT and not np.array_equal(found[0], exact.values, equal_nan=True):
        return ()  # it may be float32, and is not rounded then
    return tuple(Answer(_with_names(values), open_) for values in found)


def _bounded_gradient(arguments: Arguments, dialect: Dialect, dtype: str) -> Answer:
    grad = feature_map(arguments["grad"])
    exact = feature_gradient(
        grad,
        box_rows(arguments["boxes"]).astype(dtype),
        tuple(arguments["input"]["shape"]),
        tuple(arguments["spatial_scale"]),
        tuple(arguments["sampling_ratio"]),
        "avg",
        dialect.for_mode("avg"),
    )
    return Answer(as_json(exact.values), _limits(gradient_bounds(exact, grad, dtype)))


def _in_range(arguments: Arguments, dtype: str) -> bool:
    """Whether what is finite in the arguments of a case is finite in a call of a data type."""
    given = ((feature_map(arguments["input"]), dtype), (box_rows(arguments["boxes"]), WORKING[dtype]))
    return all(abs(a[np.isfinite(a)]).max(initial=0.0) <= FLOAT_TYPES[kind].largest for a, kind in given)


def _stored(values: Array, dtype: str) -> Array:
    """Numbers of the arithmetic of a data type, in float64, rounded to the type."""
    stored: Array = values.astype(WORKING[dtype]).astype(numpy_dtype(dtype)).astype(np.float64)
    return stored


def _with_names(values: np.ndarray) -> Any:
    """Numbers as nested lists; what is not finite by the names that case files have."""
    if np.isfinite(values).all():
        return values.tolist()
    named: Any = np.frompyfunc(lambda x: x if np.isfinite(x) else str(x), 1, 1)(values)
    return named.tolist()


def _limits(limits: Bounds) -> Any:
    """Bounds as nested lists; None where there is none."""
    return _nested(_limit, limits.bound, limits.fragile)


def _limit(bound: float, fragile: bool) -> float | None:
    return None if fragile else float(f"{bound * 1.01:.2e}")


def _nested(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """``function`` of each element of ``arrays``, as nested lists."""
    values: Any = np.frompyfunc(function, len(arrays), 1)(*arrays)
    return values.tolist()
