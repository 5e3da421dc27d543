"""Where the RoIs of systematic cases lie, in feature pixels: as those of rotated RoIAlign, turned so that orientations matter.

Where turns are quarters, all is exact: the index of one is a multiple of a quarter of the number of orientations.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from ....placing import number
from ...roi_align_rotated.draws import placements as of_rotated
from ...roi_align_rotated.draws.placements import (
    Placement,
    before,
    beyond,
    free,
    high,
    large,
    little,
    low,
    middle,
    nothing,
    quarters,
    upright,
    usual,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....draw import Draw

    At = Callable[[Draw, int], Fraction]
    Extent = Callable[[Draw], Fraction]
    Angle = Callable[[Draw], float]

QUARTERS = of_rotated.QUARTERS


def back(chance: Draw) -> float:
    """Quarter turns the other way, more than a whole turn among them."""
    return float(chance.one([-k * math.pi / 2 for k in (1, 2, 3, 5, 6, 7)]))


def free_back(chance: Draw) -> float:
    """Any turn the other way."""
    return number(-chance.between(0, 6, Fraction(1, 16)) - Fraction(1, 32))


def far(chance: Draw) -> float:
    """More than a whole turn, either way."""
    turned = chance.between(7, 25, Fraction(1, 16)) + Fraction(1, 32)
    return number(turned * int(chance.one((1, -1))))


def _placed(name: str, title: str, y: At, x: At, h: Extent, w: Extent, angle: Angle, *rules: int) -> Placement:
    return Placement(name, title, y, x, h, w, angle, tuple(f"RI-{n}" for n in rules))


PLACEMENTS = (
    _placed("upright", "upright", within, within, usual, usual, upright, 2),
    _placed("quarters", "quarter turns", within, within, usual, usual, quarters, 2),
    _placed("quarters-back", "quarter turns the other way", within, within, usual, usual, back, 2),
    _placed("free", "turned", within, within, usual, usual, free, 2, 3),
    _placed("free-back", "turned the other way", within, within, usual, usual, free_back, 2, 3),
    _placed("far", "turned by more than a whole turn", within, within, usual, usual, far, 2, 3),
    _placed("quarters-low", "quarters, over the corner at the top left", low, low, usual, usual, quarters, 1, 2),
    _placed("quarters-high", "quarters, over the far corner", high, high, usual, usual, quarters, 1, 2),
    _placed("free-top", "turned, over the top edge", low, within, usual, usual, free, 1, 3),
    _placed("free-left", "turned, over the left edge", within, low, usual, usual, free_back, 1, 3),
    _placed("free-bottom", "turned, over the bottom edge", high, within, usual, usual, far, 1, 3),
    _placed("free-right", "turned, over the right edge", within, high, usual, usual, free, 1, 3),
    _placed("around-quarters", "quarter turns, around the map", middle, middle, large, large, quarters, 1, 2),
    _placed("around-free", "turned, around the map", middle, middle, large, large, free, 1, 3),
    _placed("wide", "turned, wide and low", within, within, little, large, free, 1, 3),
    _placed("tall", "turned, high and narrow", within, within, large, little, free_back, 1, 3),
    _placed("thin", "parts of a pixel, quarter turns", within, within, little, little, quarters, 1, 2),
    _placed("thin-free", "parts of a pixel, turned", within, within, little, little, free, 1, 3),
    _placed("point", "without size, beside an upright RoI", within, within, nothing, nothing, quarters, 1, 2),
    _placed("below", "beyond the map, beside an upright RoI", beyond, within, usual, usual, free, 1),
    _placed("left-of", "before the map, beside an upright RoI", within, before, usual, usual, free, 1),
)  # fmt: skip
"""All placements; the first keeps company with those whose output may be 0."""

COMPANY = ("point", "below", "left-of")
"""Those beside which an upright RoI lies."""
