"""Where the RoIs of systematic cases lie, in feature pixels: a centre, a size, and a turn.

Centres are multiples of an eighth of a pixel, and bins, divided by their samples, of a power of two, so that all is exact where
turns are quarters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from ....placing import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....draw import Draw

EIGHTH, HALF, ONE = Fraction(1, 8), Fraction(1, 2), Fraction(1)

QUARTERS = tuple(k * math.pi / 2 for k in (1, 2, 3, -1, -2, -3, 4, 5))
"""Angles in radians, as a program has them, that are multiples of a quarter turn."""

DEGREES = (90, 180, 270, -90, 450, -180)
"""The same in degrees."""


class Spot(NamedTuple):
    """A RoI: centre and size in feature pixels, y and x, and its angle as a row of boxes has it."""

    cy: Fraction
    cx: Fraction
    h: Fraction
    w: Fraction
    angle: float

    def row(self, image: int, scale: Fraction) -> list[int | float]:
        """Its row of boxes."""
        numbers = (self.cx / scale, self.cy / scale, self.w / scale, self.h / scale)
        return [image, *map(number, numbers), self.angle]


def within(chance: Draw, pixels: int) -> Fraction:
    """Within the map."""
    return chance.between(1, pixels - 2, EIGHTH)


def low(chance: Draw, pixels: int) -> Fraction:
    """Near the low edge."""
    del pixels
    return chance.between(-1, 1, EIGHTH)


def high(chance: Draw, pixels: int) -> Fraction:
    """Near the high edge."""
    return pixels - 1 + chance.between(-1, 1, EIGHTH)


def beyond(chance: Draw, pixels: int) -> Fraction:
    """Beyond the map, whatever the RoI's size."""
    return pixels + 24 + chance.between(0, 4, EIGHTH)


def before(chance: Draw, pixels: int) -> Fraction:
    """Before the map."""
    return -beyond(chance, pixels)


def middle(chance: Draw, pixels: int) -> Fraction:
    """In the middle of the map."""
    return Fraction(pixels, 2) + chance.between(-1, 1, EIGHTH)


def usual(chance: Draw) -> Fraction:
    """A bin of some pixels, or less than one."""
    return Fraction(chance.one((HALF, ONE, Fraction(3, 2), Fraction(2), Fraction(3, 4))))


def large(chance: Draw) -> Fraction:
    """A bin of several pixels."""
    return Fraction(chance.one((3, 4, 5)))


def little(chance: Draw) -> Fraction:
    """A bin of a part of a pixel."""
    return Fraction(chance.one((EIGHTH, Fraction(1, 16), Fraction(1, 4))))


def nothing(chance: Draw) -> Fraction:
    """No bin at all."""
    del chance
    return Fraction(0)


def negative(chance: Draw) -> Fraction:
    """A mirrored bin."""
    return -usual(chance)


def upright(chance: Draw) -> float:
    """No turn."""
    del chance
    return 0


def quarters(chance: Draw) -> float:
    """Quarter turns, in radians."""
    return float(chance.one(QUARTERS))


def degrees(chance: Draw) -> float:
    """Quarter turns, in degrees."""
    return int(chance.one(DEGREES))


def free(chance: Draw) -> float:
    """Any turn in radians, and little of one in degrees."""
    return number(chance.between(-4, 4, Fraction(1, 16)) + Fraction(1, 32))


def free_degrees(chance: Draw) -> float:
    """Any turn in degrees."""
    return int(chance.between(-200, 400)) + 0.5


@dataclass(frozen=True, slots=True)
class Placement:
    """How RoIs lie, said in a sentence, and the rules that this is about."""

    name: str
    title: str
    y: Callable[[Draw, int], Fraction]
    x: Callable[[Draw, int], Fraction]
    h: Callable[[Draw], Fraction]
    w: Callable[[Draw], Fraction]
    angle: Callable[[Draw], float]
    rules: tuple[str, ...]

    def spot(self, chance: Draw, size: Sequence[int], bins: Sequence[int]) -> Spot:
        """A RoI that lies so, on a map of this size."""
        return Spot(
            self.y(chance, size[0]),
            self.x(chance, size[1]),
            self.h(chance) * bins[0],
            self.w(chance) * bins[1],
            self.angle(chance),
        )


PLACEMENTS = (
    Placement("upright", "upright", within, within, usual, usual, upright, ("RR-8",)),
    Placement("quarters", "quarter turns", within, within, usual, usual, quarters, ("RR-3", "RR-4", "RR-8")),
    Placement("degrees", "quarter turns in degrees", within, within, usual, usual, degrees, ("RR-3", "RR-4", "RR-8")),
    Placement("free", "turned", within, within, usual, usual, free, ("RR-3", "RR-8")),
    Placement("free-degrees", "turned, in degrees", within, within, usual, usual, free_degrees, ("RR-3", "RR-8")),
    Placement("upright-low", "upright, over the corner at the top left", low, low, usual, usual, upright, ("RR-9",)),
    Placement("upright-high", "upright, over the corner at the bottom right", high, high, usual, usual, upright, ("RR-9",)),
    Placement("quarters-low", "quarters, over the corner at the top left", low, low, usual, usual, quarters, ("RR-4", "RR-9")),
    Placement("quarters-high", "quarters, over the far corner", high, high, usual, usual, quarters, ("RR-4", "RR-9")),
    Placement("free-top", "turned, over the top edge", low, within, usual, usual, free, ("RR-8", "RR-9")),
    Placement("free-left", "turned, over the left edge", within, low, usual, usual, free, ("RR-8", "RR-9")),
    Placement("free-bottom", "turned, over the bottom edge", high, within, usual, usual, free_degrees, ("RR-8", "RR-9")),
    Placement("free-right", "turned, over the right edge", within, high, usual, usual, free_degrees, ("RR-8", "RR-9")),
    Placement("around", "upright, around the map", middle, middle, large, large, upright, ("RR-9",)),
    Placement("around-quarters", "quarter turns, around the map", middle, middle, large, large, quarters, ("RR-4", "RR-9")),
    Placement("around-free", "turned, around the map", middle, middle, large, large, free, ("RR-8", "RR-9")),
    Placement("wide", "turned, wide and low", within, within, little, large, free, ("RR-2", "RR-8")),
    Placement("tall", "turned, high and narrow", within, within, large, little, free_degrees, ("RR-2", "RR-8")),
    Placement("thin", "parts of a pixel, upright", within, within, little, little, upright, ("RR-5", "RR-6")),
    Placement("thin-free", "parts of a pixel, turned", within, within, little, little, free, ("RR-5", "RR-6")),
    Placement("point", "without size, beside an upright RoI", within, within, nothing, nothing, quarters, ("RR-5", "RR-6")),
    Placement("mirrored", "of negative width, beside an upright RoI", within, within, usual, negative, upright, ("RR-7",)),
    Placement("mirrored-free", "mirrored and turned, beside an upright RoI", within, within, negative, negative, free, ("RR-7",)),
    Placement("below", "beyond the map, beside an upright RoI", beyond, within, usual, usual, free, ("RR-9",)),
    Placement("left-of", "before the map, beside an upright RoI", within, before, usual, usual, free, ("RR-9",)),
)  # fmt: skip
"""All placements; the first keeps company with those whose output may be 0."""

COMPANY = ("point", "mirrored", "mirrored-free", "below", "left-of")
"""Those beside which an upright RoI lies."""
