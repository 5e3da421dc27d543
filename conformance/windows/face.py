"""An oracle of an operator whose bins are whole pixels: what all such oracles do in the same way.

Where rounding decides which pixel a corner becomes, a call has an answer for each way. An operator says how a call is asked,
where its RoIs may lie, what its exact result is, and what an implementation may return of RoIs that lie somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from ..asking import each
from ..call import DTYPES
from ..exact.budgets import bits_needed
from ..exact.floats import FLOAT_TYPES
from ..operation import Operation
from .asked import WindowCall
from .decisions import possible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from ..exact.budgets import Budget
    from ..exact.numbers import Array
    from ..operator import Answer
    from .geometry import Axis, Stages

    Arguments = Mapping[str, Any]
    Rois = Sequence[Stages | None]

A = TypeVar("A", bound=WindowCall[Any])

_WIDE = ("float32", "float64")


@dataclass(kw_only=True)
class WindowOracle(Generic[A]):
    """An `Oracle`, made of what is an operator's own.

    Attributes:
        dialects: By name.
        asked: The call that a case describes, made in a data type.
        axes: Those that rounding may make of a box's corners, a scale, a number of bins and of pixels, by formulas.
        result: The exact result of a call, of RoIs that lie there.
        answer: What a call may return then; None if nobody can say.
        output_bounds: The greatest error of each element of an exact output; None if there is none.
        budgets: Those of what is computed of RoIs that lie there.
        ties: How far each number that rounding may move is from where it would become another pixel.
    """

    dialects: Mapping[str, Any]
    asked: Callable[[Arguments, Any, str], A]
    axes: Callable[..., Sequence[Axis]]
    result: Callable[[A, Rois, Operation], Any]
    answer: Callable[[A, Rois, Operation], Answer | None]
    output_bounds: Callable[[Any, A], Array | None]
    budgets: Callable[[A, Rois, Operation], Iterable[Budget]]
    ties: Callable[[A], Iterable[Fraction]]

    # ---- what the harness asks ----

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Any, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each, whatever it claims; exact answers first."""
        del claims
        found = [(dtype, self.answers_in(arguments, operation, dialect, dtype)) for dtype in DTYPES]
        some = [(dtype, answers) for dtype, answers in found if answers]
        yield from ((dtype, answers) for dtype, answers in some if answers[0].bound is None)
        yield from ((dtype, answers) for dtype, answers in some if answers[0].bound is not None)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Any) -> tuple[str, ...]:
        """The data types in which a call has one answer, and that without bounds."""
        found = {dtype: self.answers_in(arguments, operation, dialect, dtype) for dtype in DTYPES}
        return tuple(dtype for dtype, each in found.items() if len(each) == 1 and each[0].bound is None)

    def values(self, arguments: Arguments, operation: Operation, dialect: Any) -> Array:
        """The exact result of a call of float64."""
        asked = self.asked(arguments, dialect, "float64")
        values: Array = self.result(asked, asked.rois, operation).values
        return values

    def bounded(self, arguments: Arguments, dialect: Any, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        asked = self.asked(arguments, dialect, dtype)
        result = self.result(asked, asked.rois, Operation.FORWARD)
        bound = self.output_bounds(result, asked)
        return result.values, np.zeros(result.values.shape) if bound is None else bound

    def bits(self, arguments: Arguments, operation: Operation, dialect: Any) -> int | None:
        """The bits of a significand that holds every number that is read, formed and returned; None if none does."""
        asked = self.asked(arguments, dialect, "float64")
        computed = (self.budgets(asked, rois, operation) for rois in possible(asked, self.axes))
        return bits_needed(chain(each(asked.pixels), *computed))

    def nearest_decision(self, arguments: Arguments, dialect: Any) -> Fraction | None:
        """How near a corner, or an edge, comes to where it would become another pixel; 0 if one is exactly there."""
        return min(self.ties(self.asked(arguments, dialect, "float64")), default=None)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """What a call may return in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # boxes have no gradient
        found = self.answers_in(arguments, operation, self.dialects[dialect].for_mode(arguments["mode"]), dtype)
        return found if bounds or all(answer.bound is None for answer in found) else ()

    # ---- what cases are drawn by ----

    def answers_in(self, arguments: Arguments, operation: Operation, dialect: Any, dtype: str) -> tuple[Answer, ...]:
        """What a call may return: an answer, several where rounding decides; nothing if nobody can say."""
        if operation not in (Operation.FORWARD, Operation.FEATURE_GRADIENT):
            return ()
        asked = self.asked(arguments, dialect, dtype)
        found = [self.answer(asked, rois, operation) for rois in possible(asked, self.axes)]
        distinct = list({repr(each): each for each in found}.values())
        return tuple(each for each in distinct if each) if all(distinct) else ()

    def claim(self, arguments: Arguments, operation: Operation, dialects: Sequence[str]) -> str:
        """Whether a call is exact from float32 on under all these dialects, or has bounds, or rounding decides on a pixel."""
        taken = list(dict.fromkeys(self.dialects[name].for_mode(arguments["mode"]) for name in dialects))
        for dialect in taken:
            if any(len(self.answers_in(arguments, operation, dialect, dtype)) != 1 for dtype in _WIDE):
                return "fragile"
        for dialect in taken:
            needed = self.bits(arguments, operation, dialect)
            if needed is None or needed > FLOAT_TYPES["float32"].bits:
                return "bounded"
            if not set(_WIDE) <= set(self.exact_dtypes(arguments, operation, dialect)):
                return "bounded"
        return "exact"
