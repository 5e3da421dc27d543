"""Bit budgets: which sums of numbers a floating-point type holds exactly, in whatever order they are added."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .floats import FloatType
    from .numbers import Array


class Budget(NamedTuple):
    """Multiples of ``quantum`` whose absolute values add up to ``total``; a quantum of 0 stands for no power of two."""

    quantum: Fraction
    total: Fraction

    def fits(self, type_: FloatType) -> bool:
        """Whether all partial sums are normal numbers of this type."""
        if self.total == 0:
            return True
        return type_.smallest <= self.quantum and self.total <= min(2**type_.bits * self.quantum, type_.largest)


def quantum(numbers: Iterable[Fraction]) -> Fraction:
    """The greatest power of two of which all numbers are multiples; 0 if there is none, 1 for all zeros."""
    quanta = {Fraction(x.numerator & -x.numerator, x.denominator) for x in numbers if x}
    least = min(quanta, default=Fraction(1))
    return least if all(q.denominator & (q.denominator - 1) == 0 for q in quanta) else Fraction(0)


def bits_needed(budgets: Iterable[Budget]) -> int | None:
    """The bits of a significand that holds every budget; None if one has no quantum."""
    needed = 1
    for budget in budgets:
        if budget.total and not budget.quantum:
            return None
        if budget.total:
            needed = max(needed, (math.ceil(budget.total / budget.quantum) - 1).bit_length())
    return needed


def single(x: Fraction) -> Budget:
    """The budget of one number."""
    return Budget(quantum([x]), abs(x))


def numbers(array: Array) -> Iterator[Budget]:
    """The budget of each number of an array of `Exact`, alone."""
    for value in set(array.flat):
        if isinstance(value, Fraction):
            yield single(value)
