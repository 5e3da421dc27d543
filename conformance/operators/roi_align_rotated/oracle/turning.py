"""Cosine and sine of an angle, enclosed by rational numbers, and which angles are quarter turns.

All is integers: a number stands for itself over a power of two, and every division is rounded down, so that a sum of n
terms is low by less than n units. What is returned is within `SLACK` of the truth.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ....exact.floats import FloatType

BITS = 112
"""Cosines and sines are multiples of 2⁻ᴮᴵᵀˢ."""

SLACK = 2.0 ** (2 - BITS)
"""The greatest error of a cosine or sine: half a unit of rounding, and less than 2⁻²⁰ of one of everything before."""

MOST_QUARTERS = 64
"""RR-4: of so many quarter turns at the most it is asked whether a number is the nearest to them."""

_GUARD = 64  # bits that are computed with besides; fewer than 2¹⁰ units are lost in any sum


class Turned(NamedTuple):
    """The cosine and the sine of an angle, multiples of 2⁻ᴮᴵᵀˢ, and whether an implementation has to have them exactly."""

    cos: Fraction
    sin: Fraction
    is_exact: bool


QUARTERS = tuple(Turned(Fraction(c), Fraction(s), True) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1)))
"""No turn, and one, two and three quarters of one."""


@cache
def _pi(bits: int) -> int:
    """π · 2ᵇⁱᵗˢ, low or high by less than 2¹⁰: 16 arctan(1/5) − 4 arctan(1/239)."""
    return 16 * _arctan(5, bits) - 4 * _arctan(239, bits)


def _arctan(inverse: int, bits: int) -> int:
    term, total, n = (1 << bits) // inverse, 0, 0
    while term:
        total += (-1) ** n * (term // (2 * n + 1))
        term //= inverse * inverse
        n += 1
    return total


def _of_quarter(angle: int, bits: int) -> tuple[int, int]:
    """Cosine and sine of an angle of at most an eighth of a turn and a little, by their series."""
    sums, term, n = [0, 0], 1 << bits, 0
    while term:
        sums[n % 2] += -term if n % 4 >= 2 else term
        n += 1
        term = term * angle // (n << bits)
        if term == -1:  # which a negative number over any other is at least
            break
    return sums[0], sums[1]


@cache
def turned(angle: Fraction, *, degrees: bool) -> Turned:
    """The cosine and sine of an angle in degrees or radians."""
    if degrees and (angle / 90).denominator == 1:
        return QUARTERS[int(angle / 90) % 4]
    if not angle:
        return QUARTERS[0]
    bits = BITS + _GUARD + max(int(abs(angle)).bit_length(), 1)
    pi = _pi(bits)
    radians = angle.numerator * (pi if degrees else 1 << bits) // (angle.denominator * (180 if degrees else 1))
    quarters = (2 * radians + pi // 2) // pi
    cos, sin = _of_quarter(radians - quarters * pi // 2, bits)
    for _ in range(quarters % 4):
        cos, sin = -sin, cos
    unit = 1 << (bits - BITS)
    of_cos, of_sin = (Fraction(round(Fraction(x, unit)), 1 << BITS) for x in (cos, sin))
    return Turned(of_cos, of_sin, is_exact=False)


def quarter_of(angle: Fraction, type_: FloatType, *, degrees: bool) -> int | None:
    """RR-4: how many quarter turns an angle stands for, modulo 4; None if it is no multiple of one."""
    if degrees:
        quarters = angle / 90
        return int(quarters) % 4 if quarters.denominator == 1 else None
    nearest = round(angle / half_pi())
    if abs(nearest) > MOST_QUARTERS or type_.nearest(nearest * half_pi()) != angle:
        return None
    return nearest % 4


def half_pi() -> Fraction:
    """π/2, within 2⁻¹⁶⁰: no multiple of it by up to `MOST_QUARTERS` is that near to where a float type rounds the other way."""
    return Fraction(_pi(BITS + _GUARD), 1 << (BITS + _GUARD + 1))
