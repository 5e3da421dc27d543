"""Where the boxes of systematic cases lie: from where to where along x, and along y.

Corners are multiples of an eighth of a pixel, so that all is exact where a side is divided into a power of two of parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ....placing import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....draw import Draw

    Span = tuple[Fraction, Fraction]
    SpanOf = Callable[[Draw, int], Span]

_EIGHTH, _QUARTER = Fraction(1, 8), Fraction(1, 4)


def within(chance: Draw, pixels: int) -> Span:
    """Within the map, over two pixels or more."""
    start = chance.between(_QUARTER, Fraction(pixels, 2) - 1, _EIGHTH)
    return start, chance.between(start + 2, pixels - 1 - _QUARTER, _EIGHTH)


def whole(chance: Draw, pixels: int) -> Span:
    """Between pixels, so that points may lie on them."""
    start = Fraction(chance.one(range(max(1, pixels // 2 - 1))))
    return start, Fraction(chance.one(range(int(start) + 1, pixels)))


def low(chance: Draw, pixels: int) -> Span:
    """Over the low edge, into the band and beyond."""
    return chance.between(-2, 0, _EIGHTH), chance.between(2, pixels - 2, _EIGHTH)


def high(chance: Draw, pixels: int) -> Span:
    """Over the high edge."""
    return chance.between(1, pixels - 3, _EIGHTH), pixels - 1 + chance.between(0, 2, _EIGHTH)


def around(chance: Draw, pixels: int) -> Span:
    """Around the map."""
    return -1 - chance.between(1, 3, _EIGHTH), pixels + chance.between(1, 3, _EIGHTH)


def band(chance: Draw, pixels: int) -> Span:
    """From within a pixel of one edge to within a pixel of the other."""
    return -chance.between(_EIGHTH, 1, _EIGHTH), pixels - 1 + chance.between(_EIGHTH, 1, _EIGHTH)


def inverted(chance: Draw, pixels: int) -> Span:
    """The second corner before the first."""
    start, end = within(chance, pixels)
    return end, start


def thin(chance: Draw, pixels: int) -> Span:
    """A part of a pixel."""
    start = chance.between(0, pixels - 2, _EIGHTH)
    return start, start + chance.between(_EIGHTH, 1, _EIGHTH)


def nothing(chance: Draw, pixels: int) -> Span:
    """No extent at all."""
    start = chance.between(_QUARTER, pixels - 1 - _QUARTER, _EIGHTH)
    return start, start


def beyond(chance: Draw, pixels: int) -> Span:
    """Beyond the map."""
    start = pixels + chance.between(2, 9, _EIGHTH)
    return start, start + chance.between(1, 5, _EIGHTH)


@dataclass(frozen=True, slots=True)
class Placement:
    """How boxes lie, said in a sentence, and the rules that this is about."""

    name: str
    title: str
    y: SpanOf
    x: SpanOf
    rules: tuple[str, ...]

    def row(self, chance: Draw, size: Sequence[int], image: int) -> list[int | float]:
        """A row of boxes that lies so, on a map of this size."""
        (y1, y2), (x1, x2) = self.y(chance, size[0]), self.x(chance, size[1])
        return [image, *map(number, (x1, y1, x2, y2))]


PLACEMENTS = (
    Placement("within", "within the map", within, within, ("BA-3",)),
    Placement("whole", "from pixel to pixel", whole, whole, ("BA-3",)),
    Placement("top", "over the top edge", low, within, ("BA-4",)),
    Placement("left", "over the left edge", within, low, ("BA-4",)),
    Placement("bottom", "over the bottom edge", high, within, ("BA-4",)),
    Placement("right", "over the right edge", within, high, ("BA-4",)),
    Placement("low", "over the corner at the top left", low, low, ("BA-4",)),
    Placement("high", "over the corner at the bottom right", high, high, ("BA-4",)),
    Placement("band", "along the edges, in the bands beside them", band, band, ("BA-4",)),
    Placement("wide", "wide, and across the map", within, around, ("BA-4",)),
    Placement("tall", "tall, and across the map", around, within, ("BA-4",)),
    Placement("flat", "flat and wide", thin, within, ("BA-3",)),
    Placement("narrow", "narrow and tall", within, thin, ("BA-3",)),
    Placement("thin", "a part of a pixel", thin, thin, ("BA-3",)),
    Placement("inverted", "the second corner before the first", inverted, inverted, ("BA-3",)),
    Placement("inverted-x", "from right to left", within, inverted, ("BA-3",)),
    Placement("inverted-y", "upside down", inverted, within, ("BA-3",)),
    Placement("line", "without height", nothing, within, ("BA-3",)),
    Placement("column", "without width", within, nothing, ("BA-3",)),
    Placement("point", "without extent", nothing, nothing, ("BA-3",)),
    Placement("below", "below the map, beside a box within it", beyond, within, ("BA-4",)),
    Placement("right-of", "on the right of the map, beside a box within it", within, beyond, ("BA-4",)),
)
"""All placements; the first keeps company with those whose output may be 0."""

COMPANY = ("below", "right-of")
"""Those beside which a box lies within the map."""
