"""Where the boxes of systematic cases lie, and the rules that this is about.

A span is ``(y1, y2)`` in fractions of the image: multiples of 1/8, which few bits hold; or of less, where points are to be
exactly on pixels or between two, in images whose last pixel is a power of two.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ....placing import Placement

if TYPE_CHECKING:
    from ....draw import Draw

    Span = tuple[Fraction, Fraction]

EIGHTH = Fraction(1, 8)


def inside(draw: Draw, pixels: int, points: int) -> Span:
    """Within the image."""
    del pixels, points
    start = draw.between(EIGHTH, Fraction(1, 2), EIGHTH)
    return start, draw.between(start + EIGHTH, 1 - EIGHTH, EIGHTH)


def whole(draw: Draw, pixels: int, points: int) -> Span:
    """The whole image."""
    del draw, pixels, points
    return Fraction(0), Fraction(1)


def from_edge(draw: Draw, pixels: int, points: int) -> Span:
    """From its first pixel."""
    del pixels, points
    return Fraction(0), draw.between(Fraction(1, 4), 1 - EIGHTH, EIGHTH)


def to_edge(draw: Draw, pixels: int, points: int) -> Span:
    """To its last pixel."""
    del pixels, points
    return draw.between(EIGHTH, Fraction(3, 4), EIGHTH), Fraction(1)


def low(draw: Draw, pixels: int, points: int) -> Span:
    """Over the low edge."""
    del pixels, points
    return draw.between(Fraction(-1, 2), -EIGHTH, EIGHTH), draw.between(Fraction(1, 2), 1, EIGHTH)


def high(draw: Draw, pixels: int, points: int) -> Span:
    """Over the high edge."""
    del pixels, points
    return draw.between(0, Fraction(1, 2), EIGHTH), draw.between(1 + EIGHTH, Fraction(3, 2), EIGHTH)


def around(draw: Draw, pixels: int, points: int) -> Span:
    """Beyond both edges."""
    del pixels, points
    return draw.between(Fraction(-1, 2), -EIGHTH, EIGHTH), draw.between(1 + EIGHTH, Fraction(3, 2), EIGHTH)


def huge(draw: Draw, pixels: int, points: int) -> Span:
    """Far beyond both edges."""
    del pixels, points
    return -draw.between(1, 6), 1 + draw.between(1, 6)


def outside_low(draw: Draw, pixels: int, points: int) -> Span:
    """Below the image."""
    del pixels, points
    return -draw.between(1, 2), draw.between(Fraction(-3, 4), -EIGHTH, EIGHTH)


def outside_high(draw: Draw, pixels: int, points: int) -> Span:
    """Above it."""
    del pixels, points
    return draw.between(1 + EIGHTH, 2, EIGHTH), draw.between(2, 3)


def point(draw: Draw, pixels: int, points: int) -> Span:
    """Without extent."""
    del pixels, points
    at = draw.between(0, 1, EIGHTH)
    return at, at


def flipped(draw: Draw, pixels: int, points: int) -> Span:
    """The second corner before the first."""
    start, end = inside(draw, pixels, points)
    return end, start


def flipped_whole(draw: Draw, pixels: int, points: int) -> Span:
    """The whole image, flipped."""
    start, end = whole(draw, pixels, points)
    return end, start


def flipped_around(draw: Draw, pixels: int, points: int) -> Span:
    """Beyond both edges, flipped."""
    start, end = around(draw, pixels, points)
    return end, start


def _at(draw: Draw, pixels: int, points: int, beside: Fraction) -> Span:
    last = pixels - 1
    steps = max(points - 1, 1)
    most = max((last - 1) // steps, 1)
    extent = steps * draw.between(1, most)
    room: Fraction = max(last - 1 - extent, Fraction(0))
    start = draw.between(0, room) + beside
    return start / last, (start + extent) / last


def knots(draw: Draw, pixels: int, points: int) -> Span:
    """Points exactly on pixels."""
    return _at(draw, pixels, points, Fraction(0))


def halves(draw: Draw, pixels: int, points: int) -> Span:
    """Points exactly between two pixels."""
    return _at(draw, pixels, points, Fraction(1, 2))


PLACEMENTS = (
    Placement("inside", "within the image", inside, inside, ("CR-2",)),
    Placement("whole", "the whole image", whole, whole, ("CR-1", "CR-3")),
    Placement("from-edge", "from the first pixel", from_edge, from_edge, ("CR-3",)),
    Placement("to-edge", "to the last pixel", to_edge, to_edge, ("CR-3",)),
    Placement("top", "over the top edge", low, inside, ("CR-3", "CR-6")),
    Placement("left", "over the left edge", inside, low, ("CR-3", "CR-6")),
    Placement("bottom", "over the bottom edge", high, inside, ("CR-3", "CR-6")),
    Placement("right", "over the right edge", inside, high, ("CR-3", "CR-6")),
    Placement("corner", "over the corner at the top left", low, low, ("CR-3", "CR-6")),
    Placement("far-corner", "over the corner at the bottom right", high, high, ("CR-3", "CR-6")),
    Placement("around", "around the image", around, around, ("CR-3", "CR-6")),
    Placement("huge", "far around the image", huge, huge, ("CR-3", "CR-6")),
    Placement("above", "above the image, beside a box within it", outside_low, inside, ("CR-3", "CR-6")),
    Placement("right-of", "right of the image, beside a box within it", inside, outside_high, ("CR-3", "CR-6")),
    Placement("point", "without extent", point, point, ("CR-2",)),
    Placement("row", "one row", point, inside, ("CR-2",)),
    Placement("column", "one column", inside, point, ("CR-2",)),
    Placement("flipped-x", "flipped in x", inside, flipped, ("CR-1",)),
    Placement("flipped-y", "flipped in y", flipped, inside, ("CR-1",)),
    Placement("flipped", "flipped in both", flipped, flipped, ("CR-1",)),
    Placement("flipped-whole", "the whole image, flipped", flipped_whole, flipped_whole, ("CR-1", "CR-3")),
    Placement("flipped-around", "around the image, flipped", flipped_around, flipped_around, ("CR-1", "CR-6")),
    Placement("knots", "points exactly on pixels", knots, knots, ("CR-4", "CR-5")),
    Placement("halves", "points exactly between two pixels", halves, halves, ("CR-4", "CR-5")),
    Placement("rows-on-knots", "rows on pixels, columns between two", knots, halves, ("CR-4", "CR-5")),
)
"""All placements; the first keeps company with those that lie outside the image."""

COMPANY = ("above", "right-of")
"""Those beside which a box within the image lies."""

ON_GRID = ("knots", "halves", "rows-on-knots")
"""Those that need an image whose last pixel is a power of two."""
