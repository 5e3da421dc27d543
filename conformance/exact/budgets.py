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
        """Whether all partial sums are numbers of this type, subnormal ones among them."""
        least, total = self.quantum, self.total
        if not total:
            return True
        # In integers: fractions take many times as long to compare.
        is_multiple = least.numerator << (type_.bits - 1 - type_.least_exponent) >= least.denominator
        is_within = total.numerator * least.denominator <= (least.numerator * total.denominator) << type_.bits
        return is_multiple and is_within and not type_.overflows(total)


def quantum(numbers: Iterable[Fraction]) -> Fraction:
    """The greatest power of two of which all numbers are multiples; 0 if there is none, 1 for all zeros."""
    some = [(x.numerator, x.denominator) for x in numbers if x]
    if any(denominator & (denominator - 1) for _, denominator in some):
        return Fraction(0)
    exponent = min(((n & -n).bit_length() - denominator.bit_length() for n, denominator in some), default=0)
    return Fraction(1 << max(exponent, 0), 1 << max(-exponent, 0))


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
    n, denominator = x.numerator, x.denominator
    if denominator & (denominator - 1):
        return Budget(Fraction(0), abs(x))
    return Budget(Fraction(n & -n, denominator) if n else Fraction(1), abs(x))


def numbers(array: Array) -> Iterator[Budget]:
    """The budget of each number of an array of `Exact`, alone."""
    for value in set(array.flat):
        if isinstance(value, Fraction):
            yield single(value)
