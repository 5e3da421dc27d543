"""An oracle whose calls are exact in some data types, and have bounds in others: what all such oracles do in the same way.

An operator says how a call is asked, what its exact result is, what is computed on the way, and how far off it may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

from .arrays import box_rows, feature_map
from .asking import AskedCall, each, fits, in_range, same, same_boxes
from .call import DTYPES
from .exact.budgets import bits_needed
from .exact.floats import FLOAT_TYPES, WORKING, rounded
from .exact.numbers import as_json
from .operation import Operation
from .operator import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from .exact.budgets import Budget
    from .exact.numbers import Array

Arguments = Mapping[str, Any]
"""Those of a case."""

BOUNDED_GRADIENTS = ("float32", "float64")
"""Data types in which an inexact gradient may have bounds."""

_WIDE = ("float32", "float64")


class Result(Protocol):
    """An exact result."""

    @property
    def values(self) -> Array:
        """An array of `Exact`; None throughout an invalid RoI."""


A = TypeVar("A", bound=AskedCall)
R = TypeVar("R", bound=Result)


def _none(arguments: Arguments, asked: AskedCall) -> tuple[tuple[Any, Any], ...]:
    del arguments, asked
    return ()


def _is_small(asked: AskedCall) -> bool:
    del asked
    return False


@dataclass(kw_only=True)
class AnsweringOracle(Generic[A, R]):
    """An `Oracle`, made of what is an operator's own.

    Attributes:
        dialects: By name.
        asked: The call that a case describes, made in a data type.
        result: The exact result of a call.
        is_decided: Whether no rounding decides what a call reads.
        are_exact: Whether all positions are exact in the data type of a call.
        budgets: Those of what is computed, but for positions.
        coordinates: The budgets of positions.
        decisions: How near positions come to where rounding would decide.
        output_bounds: The greatest error of each element of an output; infinite where no bound holds.
        gradient_bounds: Likewise of a gradient in float32 or float64; None if nobody can say.
        other_numbers: Pairs of numbers besides arrays and boxes, as a case has them and as they are handed over.
        same_boxes: Whether the boxes of a case mean the same as those that are handed over.
        in_doubt: Whether nobody can say of an exact output, of pixels that are not finite, which of them it reads; if it has
            no bounds somewhere unless an operator knows better.
        maps_decide: Whether the gradient for the maps hangs on their numbers.
        is_too_large: Whether nobody waits for the exact result of a call.
        columns: The numbers of a row of boxes.
        kept: The cached property of a call that hangs on its numbers alone, and is dear.
    """

    dialects: Mapping[str, Any]
    asked: Callable[[Arguments, Any, str], A]
    result: Callable[[A, Operation], R]
    is_decided: Callable[[A], bool]
    are_exact: Callable[[A], bool]
    budgets: Callable[[A, Operation, R], Iterable[Budget]]
    coordinates: Callable[[A], Iterable[Budget]]
    decisions: Callable[[A], Iterable[Fraction]]
    output_bounds: Callable[[R, A], Array]
    gradient_bounds: Callable[[R, A, Operation], Array] | None = None
    other_numbers: Callable[[Arguments, A], Iterable[tuple[Any, Any]]] = _none
    same_boxes: Callable[[Array, A], bool] = same_boxes
    in_doubt: Callable[[A], bool] | None = None
    maps_decide: bool = False
    is_too_large: Callable[[A], bool] = _is_small
    columns: int = 5
    kept: str = "rois"
    _last: tuple[tuple[object, ...], Any, R] | None = field(default=None, init=False, repr=False)

    # ---- what the harness asks ----

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Any, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each: one exact answer, or one with bounds."""
        del claims
        for dtype in DTYPES:
            if answer := self.answer_in(arguments, operation, dialect, dtype):
                yield dtype, (answer,)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Any) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
        return tuple(dtype for dtype in DTYPES if self.answer_in(arguments, operation, dialect, dtype, bounds=False))

    def values(self, arguments: Arguments, operation: Operation, dialect: Any) -> Array:
        """The exact result of a call of float64."""
        return self.result(self.asked(arguments, dialect, "float64"), operation).values

    def bounded(self, arguments: Arguments, dialect: Any, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        asked = self.asked(arguments, dialect, dtype)
        result = self.result(asked, Operation.FORWARD)
        return result.values, self.output_bounds(result, asked)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Any) -> int | None:
        """The bits of a significand that holds every number of a computation."""
        asked = self.asked(arguments, dialect, "float64")
        computed = self.budgets(asked, operation, self.result(asked, operation))
        return bits_needed(chain(computed, self._handed(asked, operation), self.coordinates(asked)))

    def nearest_decision(self, arguments: Arguments, dialect: Any) -> Fraction | None:
        """How near a sample comes to a decision; None if there is none."""
        return min(self.decisions(self.asked(arguments, dialect, "float64")), default=None)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """The answer in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # the rules of these operators say what a slope is where there is none
        answer = self.answer_in(arguments, operation, self.dialects[dialect], dtype, bounds=bounds)
        return (answer,) if answer else ()

    # ---- what cases are drawn by ----

    def answer_in(
        self, arguments: Arguments, operation: Operation, dialect: Any, dtype: str, *, bounds: bool = True
    ) -> Answer | None:
        """What a call may return in a data type; None if nobody can say, or if it has bounds that are not wanted."""
        if not in_range(arguments, dtype, self.columns):
            return None
        asked = self.asked(arguments, dialect, dtype)
        if (asked.grad is not None and not np.isfinite(asked.grad).all()) or self.is_too_large(asked):
            return None
        exact = self._known(asked, operation)
        if self._same_numbers(arguments, asked, operation) and self._is_exact(asked, operation, exact):
            return Answer(as_json(_stored(exact.values, dtype)))
        bound = self._bounds(exact, asked, operation) if bounds else None
        return None if bound is None else Answer(as_json(exact.values), _written(bound))

    def claim(self, arguments: Arguments, operation: Operation, dialects: Sequence[str]) -> str:
        """Whether a call is exact in float32 and float64 under all these dialects, or has bounds, or rounding decides."""
        taken = [self.dialects[name] for name in dialects]
        if not all(self.is_decided(self.asked(arguments, dialect, dtype)) for dialect in taken for dtype in _WIDE):
            return "fragile"
        for dialect in taken:
            needed = self.bits(arguments, operation, dialect)
            if needed is None or needed > FLOAT_TYPES["float32"].bits:
                return "bounded"
            if not set(_WIDE) <= set(self.exact_dtypes(arguments, operation, dialect)):
                return "bounded"
        return "exact"

    # ---- how it is put together ----

    def _known(self, asked: A, operation: Operation) -> R:
        """The exact result of a call, which may be that of the call before in another data type."""
        key = (operation, *asked.numbers)
        if self._last is None or self._last[0] != key:
            self._last = key, getattr(asked, self.kept), self.result(asked, operation)
        _, asked.__dict__[self.kept], exact = self._last
        return exact

    def _handed(self, asked: A, operation: Operation) -> Iterator[Budget]:
        """The budgets of numbers that are handed over."""
        for array in self._arrays(asked, operation).values():
            yield from each(array)

    def _reads_maps(self, operation: Operation) -> bool:
        return self.maps_decide or operation != Operation.FEATURE_GRADIENT

    def _arrays(self, asked: A, operation: Operation) -> dict[str, Array]:
        arrays = asked.arrays
        return {name: arrays[name] for name in arrays if name != "input" or self._reads_maps(operation)}

    def _same_numbers(self, arguments: Arguments, asked: A, operation: Operation) -> bool:
        """Whether no number that matters was rounded when it was handed over."""
        arrays = self._arrays(asked, operation)
        return (
            self.same_boxes(box_rows(arguments["boxes"], self.columns), asked)
            and all(same(feature_map(arguments[name]), array) for name, array in arrays.items())
            and all(same(*pair) for pair in self.other_numbers(arguments, asked))
        )

    def _is_exact(self, asked: A, operation: Operation, exact: R) -> bool:
        """Whether a call is exact in its data type."""
        if not self.are_exact(asked):
            return False
        if (
            self._reads_maps(operation)
            and not np.isfinite(asked.pixels).all()
            and self._in_doubt(asked, operation, exact)
        ):
            return False
        values = exact.values
        if operation == Operation.BOX_GRADIENT and not (_stored(values, asked.dtype) == values).all():
            return False  # it may be float32 beside maps of 16 bits, and is not rounded to these then
        return fits(asked.dtype, self._handed(asked, operation), self.budgets(asked, operation, exact), values)

    def _in_doubt(self, asked: A, operation: Operation, exact: R) -> bool:
        """Whether nobody can say of an exact call with pixels that are not finite which of them it reads."""
        if self.in_doubt:
            return self.in_doubt(asked)
        return operation != Operation.FORWARD or bool(np.isinf(self.output_bounds(exact, asked)).any())

    def _bounds(self, exact: R, asked: A, operation: Operation) -> Array | None:
        """The greatest error of each element; None if nobody can say."""
        if operation == Operation.FORWARD:
            return self.output_bounds(exact, asked)
        if self.gradient_bounds is None or asked.dtype not in BOUNDED_GRADIENTS:
            return None
        return self.gradient_bounds(exact, asked, operation)


def _stored(values: Array, dtype: str) -> Array:
    """Exact values that the arithmetic of a data type holds, rounded to the type."""
    return values if WORKING[dtype] == dtype else rounded(values, dtype)


def _written(bound: Array) -> Any:
    """Bounds as nested lists; None where there is none."""
    nested: Any = np.frompyfunc(lambda x: None if math.isinf(x) else float(f"{x * 1.01:.2e}"), 1, 1)(bound)
    return nested.tolist()
