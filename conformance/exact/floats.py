"""Binary floating-point types, and numbers that are known up to an error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .numbers import Special

if TYPE_CHECKING:
    from collections.abc import Callable

    from .numbers import Array, Exact


@dataclass(frozen=True, slots=True)
class FloatType:
    """A binary floating-point type: bits of its significand, exponents of its smallest and largest normal numbers."""

    bits: int
    least_exponent: int
    greatest_exponent: int

    @property
    def unit(self) -> float:
        """Greatest error of a rounding, relative to the result."""
        return 2.0**-self.bits

    @property
    def smallest(self) -> float:
        """The smallest normal number."""
        return 2.0**self.least_exponent

    @property
    def least(self) -> float:
        """The smallest subnormal number, of which all others are multiples."""
        return 2.0 ** (self.least_exponent - self.bits + 1)

    @property
    def largest(self) -> float:
        """The largest number."""
        return (2 - 2.0 ** (1 - self.bits)) * 2.0**self.greatest_exponent

    def represents(self, x: Fraction) -> bool:
        """Whether ``x`` is zero or a normal number of this type."""
        numerator, denominator = abs(x.numerator), x.denominator
        if numerator == 0 or denominator & (denominator - 1):
            return numerator == 0
        odd = numerator // (numerator & -numerator)
        exponent = numerator.bit_length() - denominator.bit_length()
        return odd.bit_length() <= self.bits and self.least_exponent <= exponent <= self.greatest_exponent

    def spacing(self, x: Fraction) -> Fraction:
        """The distance of numbers of this type in the binade of ``x``."""
        magnitude = abs(x)
        exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
        if Fraction(2) ** exponent > magnitude:
            exponent -= 1
        return Fraction(2) ** (max(exponent, self.least_exponent) - self.bits + 1)

    def nearest(self, x: Fraction) -> Fraction:
        """The number of this type that ``x`` is rounded to: the nearest; of two, the one whose last bit is 0.

        Raises:
            OverflowError: it is infinity.
        """
        unit = self.spacing(x)
        rounded = round(x / unit) * unit  # of two that are equally near, Python's takes the even one
        if abs(rounded) > self.largest:
            raise OverflowError(f"{float(x)} is beyond the largest number, {self.largest}")
        return rounded

    def overflows(self, x: Fraction) -> bool:
        """Whether ``x`` is beyond the largest number, which is looked at only if its exponent may be."""
        exponent = x.numerator.bit_length() - x.denominator.bit_length()
        return exponent >= self.greatest_exponent and abs(x) > self.largest

    def rounding(self, magnitude: float) -> float:
        """The greatest error of rounding a number of at most ``magnitude``."""
        return max(self.unit * magnitude, self.underflow) if magnitude <= self.largest else math.inf

    @property
    def underflow(self) -> float:
        """Greatest error of rounding a subnormal number."""
        return self.smallest * self.unit

    def gamma(self, roundings: float) -> float:
        """The greatest relative error of so many roundings in a row."""
        return roundings * self.unit / (1 - roundings * self.unit) if roundings * self.unit < 1 else math.inf


FLOAT_TYPES = {
    "float64": FloatType(53, -1022, 1023),
    "float32": FloatType(24, -126, 127),
    "float16": FloatType(11, -14, 15),
    "bfloat16": FloatType(8, -126, 127),
}

WORKING = {"float64": "float64", "float32": "float32", "float16": "float32", "bfloat16": "float32"}
"""The data type of coordinates, weights and sums for maps of each: those of 16 bits are only stored in it."""


@dataclass(frozen=True, slots=True)
class Approx:
    """A number as it may have been computed: within ``error`` of the exact ``value``."""

    value: Fraction
    error: float
    type: FloatType

    @classmethod
    def rounded(cls, value: Fraction, type_: FloatType, error: float = 0.0) -> Approx:
        """Rounds a number that already is in error."""
        if error == 0 and type_.represents(value):
            return cls(value, 0.0, type_)
        return cls(value, error + type_.rounding(abs(as_float(value)) + error), type_)

    def __add__(self, other: Approx) -> Approx:
        return Approx.rounded(self.value + other.value, self.type, self.error + other.error)

    def __sub__(self, other: Approx) -> Approx:
        return Approx.rounded(self.value - other.value, self.type, self.error + other.error)

    def __mul__(self, other: Approx) -> Approx:
        a, b = abs(as_float(self.value)), abs(as_float(other.value))
        return Approx.rounded(
            self.value * other.value, self.type, a * other.error + b * self.error + self.error * other.error
        )

    def over(self, count: int) -> Approx:
        """Divides by an integer."""
        return Approx.rounded(self.value / count, self.type, self.error / count)


def rounded(values: Array, dtype: str) -> Array:
    """Exact values, each rounded to a data type; what is no number stays, and what is too large becomes infinite."""
    nearest = FLOAT_TYPES[dtype].nearest

    def one(x: Any) -> Any:
        if not isinstance(x, Fraction):
            return x
        try:
            return nearest(x)
        except OverflowError:
            return Special.INFINITY if x > 0 else Special.MINUS_INFINITY

    stored: Array = np.frompyfunc(one, 1, 1)(values)
    return stored


def as_floats(function: Callable[[Any], float], array: Array) -> Array:
    """``function`` of each element, in float64."""
    floats: Array = np.frompyfunc(function, 1, 1)(array).astype(float)
    return floats


def as_float(x: Exact | None) -> float:
    """``x``, rounded; infinity if it is too large, 0 if it is no number."""
    try:
        return float(x) if isinstance(x, Fraction) else 0.0
    except OverflowError:
        return math.inf
