"""Numbers between two fractions: exponentials, logarithms and powers, whose values are none.

What is computed in whole numbers, times a power of two, is off by no more units than are counted beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

_PLACES = 192
"""Binary places of series."""

_KEPT = 128
"""Binary digits of the ends of intervals, which are rounded outward."""

_LEAST = -20_000
"""The exponential of less than this is between 0 and e to this power: of no number that a floating-point type has."""


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from ``low`` to ``high``."""

    low: Fraction
    high: Fraction

    @classmethod
    def of(cls, x: Fraction | int) -> Interval:
        """A number by itself."""
        return cls(Fraction(x), Fraction(x))

    @property
    def middle(self) -> Fraction:
        """The number in the middle."""
        return self.low if self.low == self.high else (self.low + self.high) / 2

    def __add__(self, other: Interval) -> Interval:
        return _outward(self.low + other.low, self.high + other.high)

    def times(self, factor: Fraction | int) -> Interval:
        """Multiplied by a number."""
        low, high = self.low * factor, self.high * factor
        return _outward(low, high) if factor >= 0 else _outward(high, low)

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return _outward(min(ends), max(ends))

    def over(self, other: Interval) -> Interval:
        """Divided by what is greater than 0."""
        if other.low <= 0:
            raise ValueError("the divisor may be 0")
        return self * Interval(1 / other.high, 1 / other.low)


def _outward(low: Fraction, high: Fraction) -> Interval:
    return Interval(-_above(-low), _above(high))


def _above(x: Fraction) -> Fraction:
    """A number of few digits, not less than this."""
    excess = x.numerator.bit_length() - x.denominator.bit_length() - _KEPT
    if x.denominator.bit_length() <= _KEPT and x.numerator.bit_length() <= _KEPT:
        return x
    unit = Fraction(2) ** excess
    return math.ceil(x / unit) * unit


def _series(numerator: int, denominator: int) -> tuple[int, int]:
    """2 artanh of a fraction from 0 to 1/3 in units of 2 to the -`_PLACES`, and by how many of these it may be off.

    Each power of the fraction is off by less than 2 units, and each term of the series, which is rounded, by less than 3.
    """
    power = (numerator << _PLACES) // denominator
    square, total, n = power * power >> _PLACES, 0, 0
    while power:
        total += power // (2 * n + 1)
        power = power * square >> _PLACES
        n += 1
    return 2 * total, 6 * n + 4


_LN2, _LN2_OFF = _series(1, 3)


@lru_cache(maxsize=100_000)
def log(x: Fraction) -> Interval:
    """The natural logarithm of a number greater than 0."""
    if x <= 0:
        raise ValueError(f"{x} has no logarithm")
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    part = x / Fraction(2) ** exponent  # from 1/2 to 2
    if part > Fraction(4, 3):
        part, exponent = part / 2, exponent + 1
    if part < Fraction(2, 3):
        part, exponent = part * 2, exponent - 1
    below, above = part.numerator - part.denominator, part.numerator + part.denominator
    found, off = _series(abs(below), above) if below else (0, 0)
    total = exponent * _LN2 + (found if below > 0 else -found)
    off += abs(exponent) * _LN2_OFF
    unit = Fraction(1, 2**_PLACES)
    return Interval((total - off) * unit, (total + off) * unit)


@lru_cache(maxsize=100_000)
def exp(x: Fraction) -> Interval:
    """The number e to some power.

    With x = k ln 2 + r, r from 0 to ln 2, it is 2 to the k times the series of r, whose terms are each off by less than 4
    units; and of an error of r the result has no more than three times as much.
    """
    if x == 0:
        return Interval.of(1)
    if x < _LEAST:
        return Interval(Fraction(0), exp(Fraction(_LEAST)).high)
    scaled = math.floor(x * 2**_PLACES)
    whole, rest = divmod(scaled, _LN2)
    term, total, n = 1 << _PLACES, 0, 0
    while term:
        total += term
        n += 1
        term = (term * rest >> _PLACES) // n
    off = 4 * n + 3 * (2 + abs(whole) * _LN2_OFF) + 4
    unit = Fraction(2) ** (whole - _PLACES)
    return _outward((total - off) * unit, (total + off) * unit)


def exp_of(x: Interval) -> Interval:
    """The number e to the power of numbers."""
    return Interval(exp(x.low).low, exp(x.high).high)


def power(x: Interval, y: Fraction) -> Interval:
    """Numbers of at least 0, to the power of a number; of 0 it is greater than 0."""
    if y == 0 or x == Interval.of(1):
        return Interval.of(1)
    if y == 1 or x == Interval.of(0):
        return x
    if x.low <= 0:
        raise ValueError("a power of what may be 0")
    low, high = log(x.low).times(y), log(x.high).times(y)
    ends = exp_of(low), exp_of(high)
    return Interval(min(e.low for e in ends), max(e.high for e in ends))
