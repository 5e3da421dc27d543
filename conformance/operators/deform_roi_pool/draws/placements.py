"""Where the RoIs of systematic cases lie, in feature pixels, and how their bins are moved.

Corners are multiples of an eighth of a pixel, bins of a power of two, and offsets of an eighth, so that all is exact but for the
numbers of bins or samples that are no powers of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....placing import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....draw import Draw

    Along = Callable[[Draw, int, Fraction], Fraction]

EIGHTH, QUARTER, HALF, ONE = Fraction(1, 8), Fraction(1, 4), Fraction(1, 2), Fraction(1)


def within(chance: Draw, pixels: int, size: Fraction) -> Fraction:
    """Within the map, if there is room."""
    return chance.between(0, max(pixels - 1 - size, EIGHTH), EIGHTH)


def low(chance: Draw, pixels: int, size: Fraction) -> Fraction:
    """Around the low edge."""
    del pixels
    return -size / 2 + chance.between(-HALF, HALF, EIGHTH)


def high(chance: Draw, pixels: int, size: Fraction) -> Fraction:
    """Around the high edge."""
    return pixels - 1 - size / 2 + chance.between(-HALF, HALF, EIGHTH)


def middle(chance: Draw, pixels: int, size: Fraction) -> Fraction:
    """Around the middle of the map."""
    return Fraction(pixels - 1, 2) - size / 2 + chance.between(-HALF, HALF, EIGHTH)


def beyond(chance: Draw, pixels: int, size: Fraction) -> Fraction:
    """Beyond the map, whatever the offsets."""
    return pixels + 24 + 4 * abs(size) + chance.between(0, 4, EIGHTH)


def before(chance: Draw, pixels: int, size: Fraction) -> Fraction:
    """Before the map, whatever the offsets."""
    return -beyond(chance, pixels, size) - abs(size)


def on_pixels(chance: Draw, pixels: int, size: Fraction) -> Fraction:
    """From a pixel on."""
    return chance.between(0, max(int(pixels - 1 - size), 0))


def usual(chance: Draw) -> Fraction:
    """A bin of some pixels, or less than one."""
    return Fraction(chance.one((HALF, ONE, Fraction(3, 2), Fraction(2), Fraction(3, 4))))


def large(chance: Draw) -> Fraction:
    """A bin of several pixels."""
    return Fraction(chance.one((3, 4, 5)))


def little(chance: Draw) -> Fraction:
    """A bin of a part of a pixel."""
    return Fraction(chance.one((EIGHTH, Fraction(1, 16), QUARTER)))


def whole(chance: Draw) -> Fraction:
    """A bin of whole pixels."""
    return Fraction(chance.one((1, 2)))


def nothing(chance: Draw) -> Fraction:
    """No bin at all."""
    del chance
    return Fraction(0)


def negative(chance: Draw) -> Fraction:
    """A mirrored bin."""
    return -usual(chance)


@dataclass(frozen=True)
class Placement:
    """How RoIs lie, said in a sentence, and the rules that this is about. Offsets are up to ``far`` eighths."""

    name: str
    title: str
    y: Along
    x: Along
    h: Callable[[Draw], Fraction]
    w: Callable[[Draw], Fraction]
    rules: tuple[str, ...]
    far: int = 8

    def row(
        self, chance: Draw, image: int, size: Sequence[int], bins: Sequence[int], scales: Sequence[Fraction]
    ) -> list[int | float]:
        """A row of boxes that lies so, on a map of this size."""
        (y1, y2), (x1, x2) = (
            self._corners(chance, *each) for each in zip((self.y, self.x), (self.h, self.w), size, bins, scales, strict=True)
        )  # fmt: skip
        return [image, *map(number, (x1, y1, x2, y2))]

    @staticmethod
    def _corners(
        chance: Draw, along: Along, extent: Callable[[Draw], Fraction], pixels: int, bins: int, scale: Fraction
    ) -> tuple[Fraction, Fraction]:
        size = extent(chance) * bins
        start = along(chance, pixels, size) + HALF
        return start / scale, (start + size) / scale

    def offsets(self, chance: Draw, shape: Sequence[int]) -> dict[str, Any]:
        """Offsets of this shape."""
        return offsets(chance, shape, self.far)


def offsets(chance: Draw, shape: Sequence[int], far: int = 8) -> dict[str, Any]:
    """Offsets that are multiples of an eighth."""
    rows = shape[0] * shape[1] * shape[2]
    values = [[number(chance.between(-far, far) * EIGHTH) for _ in range(shape[3])] for _ in range(rows)]
    return {"shape": list(shape), "rows": values}


PLACEMENTS = (
    Placement("within", "within the map", within, within, usual, usual, ("DP-4",)),
    Placement("low", "over the corner at the top left", low, low, usual, usual, ("DP-4", "DP-5")),
    Placement("high", "over the corner at the bottom right", high, high, usual, usual, ("DP-4", "DP-5")),
    Placement("top", "over the top edge", low, within, usual, usual, ("DP-4", "DP-5")),
    Placement("left", "over the left edge", within, low, usual, usual, ("DP-4", "DP-5")),
    Placement("bottom", "over the bottom edge", high, within, usual, usual, ("DP-4", "DP-5")),
    Placement("right", "over the right edge", within, high, usual, usual, ("DP-4", "DP-5")),
    Placement("around", "around the map", middle, middle, large, large, ("DP-4", "DP-5")),
    Placement("far", "moved beyond the edges, or from there to the map", low, high, usual, usual, ("DP-4", "DP-5"), 64),
    Placement("thrown", "moved far", within, within, usual, usual, ("DP-4", "DP-5"), 64),
    Placement("still", "not moved, though there are offsets", within, low, usual, usual, ("DP-4",), 0),
    Placement("whole", "bins of whole pixels", on_pixels, on_pixels, whole, whole, ("DP-4", "DP-8")),
    Placement("wide", "wide and low", within, middle, little, large, ("DP-2", "DP-4")),
    Placement("tall", "high and narrow", middle, within, large, little, ("DP-2", "DP-4")),
    Placement("thin", "parts of a pixel", within, within, little, little, ("DP-3", "DP-4")),
    Placement("point", "without size, beside another RoI", within, within, nothing, nothing, ("DP-3", "DP-4")),
    Placement("mirrored", "of negative width, beside another RoI", within, within, usual, negative, ("DP-2", "DP-4")),
    Placement("inverted", "mirrored both ways, beside another RoI", middle, middle, negative, negative, ("DP-2", "DP-4")),
    Placement("below", "beyond the map, beside another RoI", beyond, within, usual, usual, ("DP-5",)),
    Placement("before", "before the map, beside another RoI", within, before, usual, usual, ("DP-5",)),
)  # fmt: skip

COMPANY = ("point", "mirrored", "inverted", "below", "before")
"""Placements that have a RoI within the map beside them, since of them alone there may be nothing to see."""
