"""Where the RoIs of systematic cases lie, and the rules that this is about.

A span is ``(start, end)`` in feature pixels, at multiples of a quarter of a pixel or of a finer power of two. Where bins are a
power of two long, a call is exact.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ....placing import HALF, QUARTER, Placement

if TYPE_CHECKING:
    from ....draw import Draw
    from ....placing import Span

_POWERS = (Fraction(1, 4), HALF, Fraction(1), Fraction(2), Fraction(4))
_OTHERS = (Fraction(3, 4), Fraction(3, 2), Fraction(3))


def _bin(draw: Draw, room: Fraction | int, bins: int) -> Fraction:
    """The size of a bin, a power of two, of which so many have room."""
    found: Fraction = draw.one([size for size in _POWERS if size * bins <= room][-3:] or [_POWERS[0]])
    return found


def inside(draw: Draw, pixels: int, bins: int) -> Span:
    """Within the map."""
    extent = bins * _bin(draw, pixels - 1, bins)
    start = draw.between(0, max(pixels - 1 - extent, QUARTER), QUARTER)
    return start, start + extent


def on_pixels(draw: Draw, pixels: int, bins: int) -> Span:
    """From pixel to pixel, each bin of whole cells."""
    extent = Fraction(bins * draw.one([n for n in (1, 2) if n * bins < pixels] or [1]))
    start = draw.between(0, max(pixels - 1 - extent, Fraction(0)))
    return start, start + extent


def halves(draw: Draw, pixels: int, bins: int) -> Span:
    """Both corners exactly between two pixels."""
    start, end = on_pixels(draw, pixels - 1, bins)
    return start + HALF, end + HALF


def odd(draw: Draw, pixels: int, bins: int) -> Span:
    """Within the map, bins no power of two long."""
    extent = bins * draw.one([size for size in _OTHERS if size * bins < pixels] or [_OTHERS[0]])
    start = draw.between(0, max(pixels - 1 - extent, QUARTER), QUARTER)
    return start, start + extent


def whole(draw: Draw, pixels: int, bins: int) -> Span:
    """The whole map, from its first pixel to its last."""
    del draw, bins
    return Fraction(0), Fraction(pixels - 1)


def faded(draw: Draw, pixels: int, bins: int) -> Span:
    """The whole map and what it fades to, a pixel on both sides."""
    del draw, bins
    return Fraction(-1), Fraction(pixels)


def low(draw: Draw, pixels: int, bins: int) -> Span:
    """Over the low edge."""
    extent = bins * _bin(draw, pixels, bins)
    start = -draw.between(QUARTER, max(min(extent - QUARTER, Fraction(2)), QUARTER), QUARTER)
    return start, start + extent


def high(draw: Draw, pixels: int, bins: int) -> Span:
    """Over the high edge."""
    start, end = low(draw, pixels, bins)
    return pixels - 1 - end, pixels - 1 - start


def beyond_low(draw: Draw, pixels: int, bins: int) -> Span:
    """From far below the map into it, so that some bins read nothing."""
    extent = bins * draw.one((4, 8))
    end = draw.between(HALF, pixels - 1, QUARTER)
    return end - extent, end


def beyond_high(draw: Draw, pixels: int, bins: int) -> Span:
    """From within the map far beyond it, so that some bins read nothing."""
    start, end = beyond_low(draw, pixels, bins)
    return pixels - 1 - end, pixels - 1 - start


def around(draw: Draw, pixels: int, bins: int) -> Span:
    """Around the map, beyond both edges."""
    size = next(n for n in (2, 4, 8, 16) if n * bins >= pixels + 4)
    start = -draw.between(Fraction(5, 4), size * bins - pixels - 1, QUARTER)
    return start, start + size * bins


def huge(draw: Draw, pixels: int, bins: int) -> Span:
    """Around the map, a bin of it larger than the map."""
    size = draw.one((32, 64))
    start = -draw.between(2, size - pixels - 2) - size * draw.between(0, bins - 1)
    return start, start + size * bins


def fading_low(draw: Draw, pixels: int, bins: int) -> Span:
    """Below the first pixel, where values rise from 0."""
    del pixels
    size = Fraction(1, 4) if bins < 4 else Fraction(1, 16)
    start = -draw.between(size * bins, 1, size)
    return start, start + size * bins


def fading_high(draw: Draw, pixels: int, bins: int) -> Span:
    """Above the last pixel, where values fall to 0."""
    start, end = fading_low(draw, pixels, bins)
    return pixels - 1 - end, pixels - 1 - start


def outside_low(draw: Draw, pixels: int, bins: int) -> Span:
    """Below all that the map fades to, or just up to it."""
    del pixels
    end = -1 - draw.one((Fraction(0), QUARTER, Fraction(3)))
    return end - bins * draw.one((1, 2)), end


def outside_high(draw: Draw, pixels: int, bins: int) -> Span:
    """Above all that the map fades to, or just from there on."""
    start, end = outside_low(draw, pixels, bins)
    return pixels - 1 - end, pixels - 1 - start


def cell(draw: Draw, pixels: int, bins: int) -> Span:
    """Within a cell, all bins together."""
    size = Fraction(1, 4) if bins < 4 else Fraction(1, 16)
    start = draw.between(0, pixels - 2) + draw.between(0, 1 - size * bins, size)
    return start, start + size * bins


def thin(draw: Draw, pixels: int, bins: int) -> Span:
    """Bins of a 64th of a pixel, over a pixel."""
    size = Fraction(1, 64)
    start = draw.between(1, pixels - 2) - size * draw.between(0, bins)
    return start, start + size * bins


def point(draw: Draw, pixels: int, bins: int) -> Span:
    """Without extent."""
    del bins
    at = draw.between(0, pixels - 1, QUARTER)
    return at, at


def inverted(draw: Draw, pixels: int, bins: int) -> Span:
    """The second corner before the first."""
    start, end = inside(draw, pixels, bins)
    return end, start


PLACEMENTS = (
    Placement("inside", "within the map", inside, inside, ("PR-5",)),
    Placement("pixels", "from pixel to pixel", on_pixels, on_pixels, ("PR-5",)),
    Placement("halves", "corners exactly between two pixels", halves, halves, ("PR-5",)),
    Placement("odd", "bins no power of two long", odd, odd, ("PR-3",)),
    Placement("whole", "the whole map", whole, whole, ("PR-3",)),
    Placement("faded", "the whole map and a pixel beyond", faded, faded, ("PR-4",)),
    Placement("top", "over the top edge", low, inside, ("PR-4",)),
    Placement("left", "over the left edge", inside, low, ("PR-4",)),
    Placement("bottom", "over the bottom edge", high, inside, ("PR-4",)),
    Placement("right", "over the right edge", inside, high, ("PR-4",)),
    Placement("corner", "over the corner at the top left", low, low, ("PR-4",)),
    Placement("far-corner", "over the corner at the bottom right", high, high, ("PR-4",)),
    Placement("beyond-top", "from far above the map into it", beyond_low, inside, ("PR-4",)),
    Placement("beyond-left", "from far left of the map into it", inside, beyond_low, ("PR-4",)),
    Placement("beyond-bottom", "from within the map far below it", beyond_high, inside, ("PR-4",)),
    Placement("beyond-right", "from within the map far right of it", inside, beyond_high, ("PR-4",)),
    Placement("around", "around the map", around, around, ("PR-4", "PR-6")),
    Placement("huge", "around the map, bins larger than it", huge, huge, ("PR-4", "PR-6")),
    Placement("fading-top", "above the first row, where values rise from 0", fading_low, inside, ("PR-4",)),
    Placement("fading-right", "right of the last column, where values fall to 0", inside, fading_high, ("PR-4",)),
    Placement("above", "above all that the map fades to, beside a RoI within it", outside_low, inside, ("PR-4",)),
    Placement("right-of", "right of all that the map fades to, beside a RoI within it", inside, outside_high, ("PR-4",)),
    Placement("cell", "all bins within a cell", cell, cell, ("PR-5",)),
    Placement("thin", "bins of a 64th of a pixel", thin, thin, ("PR-5", "PR-6")),
    Placement("line", "thin bins along one axis", inside, thin, ("PR-5", "PR-6")),
    Placement("point", "without extent, beside a RoI within the map", point, point, ("PR-2", "PR-6")),
    Placement("row", "without height, beside a RoI within the map", point, inside, ("PR-2", "PR-6")),
    Placement("inverted-x", "inverted in x, beside a RoI within the map", inside, inverted, ("PR-2",)),
    Placement("inverted-y", "inverted in y, beside a RoI within the map", inverted, inside, ("PR-2",)),
    Placement("inverted", "inverted in both, beside a RoI within the map", inverted, inverted, ("PR-2",)),
)  # fmt: skip
"""All placements; the first keeps company with those whose output is 0."""

COMPANY = ("above", "right-of", "point", "row", "inverted-x", "inverted-y", "inverted")
"""Those beside which a RoI within the map lies."""
