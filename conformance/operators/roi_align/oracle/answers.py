"""What a call of RoIAlign, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.roi_align import DIALECTS
from ....arrays import box_rows, feature_map
from ....call import Operation
from ....exact.budgets import bits_needed
from ....exact.numbers import as_json
from ....operator import Answer
from .bounds import bounds
from .branches import branches, rounded_result
from .certificate import exact_dtypes, forward_budgets, nearest_decision
from .gradient import FeatureGradient, feature_gradient
from .gradient_bounds import gradient_bounds
from .gradient_certificate import exact_gradient_dtypes, gradient, gradient_budgets
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
"""Data types in which an inexact output has bounds."""


class RoiAlignOracle:
    """The oracle of RoIAlign."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each.

        Those in which the result is exact are compared bit for bit. In the others of float32 and float64 there is a bound, for
        an output; 16-bit types, and gradients, are left out where they are not exact.
        """
        exact = self.exact_dtypes(arguments, operation, dialect)
        if operation != Operation.FORWARD:
            answers = _gradients(arguments, operation, dialect) if exact else ()
            yield from ((dtype, answers) for dtype in exact)
            return
        if exact:
            # No argument is rounded in any of them.
            answers = (Answer(as_json(rounded_result(arguments, dialect, "float64").values)),)
            yield from ((dtype, answers) for dtype in exact)
        for dtype in BOUNDED:
            if dtype not in exact:
                yield dtype, _bounded(arguments, dialect, dtype, claims)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact, even if all of it is computed in them."""
        if operation == Operation.FORWARD:
            return exact_dtypes(arguments, dialect)
        return exact_gradient_dtypes(arguments, operation, dialect)

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

        There are no bounds in 16-bit types, and none for gradients for boxes or of maxima.
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


def _gradients(arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[Answer, ...]:
    """An exact gradient; where candidates for a maximum are equal, also that of the last of them."""
    exact = gradient(arguments, operation, dialect)
    answer = Answer(as_json(exact.values))
    if isinstance(exact, FeatureGradient) and exact.ties.any():
        return answer, Answer(as_json(gradient(arguments, operation, dialect, last_of_ties=True).values))
    return (answer,)


def _quick_output(arguments: Arguments, dialect: str, dtype: str, *, bounds: bool) -> tuple[Answer, ...]:
    values = quick(arguments, dialect, dtype)
    if values is not None:
        return (Answer(_with_names(values)),)
    if bounds and dtype in BOUNDED:
        return _bounded(arguments, DIALECTS[dialect].for_mode(arguments["mode"]), dtype, "bounded")
    return ()


def _quick_gradients(
    arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
) -> tuple[Answer, ...]:
    exact = quick_gradient(arguments, operation, dialect, dtype)
    if exact is None:
        is_bounded = operation == Operation.FEATURE_GRADIENT and arguments["mode"] == "avg"
        judged = bounds and is_bounded and dtype in BOUNDED
        return (_bounded_gradient(arguments, dialect, dtype),) if judged else ()
    open_ = None
    if exact.kinks.any() and not kinks:
        open_ = np.where(exact.kinks, None, 0).tolist()  # type: ignore[call-overload]
    same = np.array_equal(exact.values, exact.last, equal_nan=True)
    return tuple(Answer(_with_names(values), open_) for values in (exact.values, exact.last)[: 2 - same])


def _bounded_gradient(arguments: Arguments, dialect: str, dtype: str) -> Answer:
    grad = feature_map(arguments["grad"])
    exact = feature_gradient(
        grad,
        box_rows(arguments["boxes"]).astype(dtype),
        tuple(arguments["input"]["shape"]),
        tuple(arguments["spatial_scale"]),
        tuple(arguments["sampling_ratio"]),
        "avg",
        DIALECTS[dialect].for_mode("avg"),
    )
    return Answer(as_json(exact.values), _limits(gradient_bounds(exact, grad, dtype)))


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
