"""Where the RoIs of systematic cases lie: spans along one axis, and the pairs of them that make a placement.

A span is ``(start, end)`` in feature pixels, counted from the left edge of pixel 0 under the dialects that do not shift. Its bins
are whole multiples of an eighth of a pixel, so that positions are exact in few bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from .... import draw

if TYPE_CHECKING:
    from collections.abc import Callable

    Span = tuple[Fraction, Fraction]
    SpanOf = Callable[["Draw", int, int, int], Span]

QUARTER = Fraction(1, 4)
BINS_OF_POWERS = tuple(Fraction(m, 4) for m in (1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 16))
"""Bin sizes whose adaptive grid is a power of two."""


class Draw(draw.Draw):
    """Reproducible choices, of multiples of a quarter pixel where nothing else is said."""

    def between(self, low: Fraction | int, high: Fraction | int, step: Fraction | int = QUARTER) -> Fraction:
        """A multiple of ``step`` in [low, high]."""
        return super().between(low, high, step)


def _extent(draw: Draw, pixels: int, bins: int) -> Fraction:
    """An extent of at least one pixel, and not the whole map."""
    fitting = [b for b in BINS_OF_POWERS if 1 <= b * bins <= pixels - Fraction(3, 2)]
    return Fraction(draw.one(fitting or [Fraction(1, bins)]) * bins)


def inside(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """Within the map, whether shifted by half a pixel or not."""
    del samples
    extent = _extent(draw, pixels, bins)
    start = draw.between(Fraction(1, 2), pixels - 1 - extent)
    return start, start + extent


def low(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """Over the low edge, by less than a pixel."""
    del samples
    start = draw.between(Fraction(-3, 4), QUARTER)
    return start, start + _extent(draw, pixels, bins)


def high(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """Over the high edge, by less than a pixel."""
    del samples
    end = pixels + draw.between(-QUARTER, Fraction(3, 4))
    return end - _extent(draw, pixels, bins), end


def beyond_low(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """From far below the map into it."""
    del samples
    bin_size = draw.one([b for b in BINS_OF_POWERS if b * bins >= 3] or [Fraction(4)])
    end = draw.between(1, min(bin_size * bins - 2, pixels - 1))
    return end - bin_size * bins, end


def beyond_high(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """From within the map to far above it."""
    start, end = beyond_low(draw, pixels, bins, samples)
    return pixels - end, pixels - start


def around(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """Over both edges, by more than a pixel."""
    del samples
    least = Fraction(pixels + 4, bins)
    bin_size = next(b for b in (*BINS_OF_POWERS, Fraction(8), Fraction(16)) if b >= least)
    return (start := draw.between(-2 - (bin_size * bins - pixels - 4), -2)), start + bin_size * bins


def _from_minus_one(draw: Draw, bins: int, samples: int) -> Span:
    """A span whose first sample is exactly on −1."""
    bin_size = draw.one([Fraction(1), Fraction(2), Fraction(1, 2)])
    start = -1 - bin_size / (2 * (samples or max(-(-bin_size // 1), 1)))
    return start, start + bin_size * bins


def on_low(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """With its first sample exactly on −1, under the dialects that shift by half a pixel or under those that do not."""
    del pixels
    shift = draw.one([Fraction(0), Fraction(1, 2)])
    start, end = _from_minus_one(draw, bins, samples)
    return start + shift, end + shift


def on_high(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """With its last sample exactly on H, likewise."""
    shift = draw.one([Fraction(0), Fraction(1, 2)])
    start, end = _from_minus_one(draw, bins, samples)  # mirrored, −1 is H
    return pixels - 1 - end + shift, pixels - 1 - start + shift


def outside(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """Wholly off the map, and its edge."""
    del samples
    extent = _extent(draw, pixels, bins)
    start = draw.one([-2 - extent - draw.between(0, 3), pixels + 2 + draw.between(0, 3)])
    return start, start + extent


def empty(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """Of no extent."""
    del bins, samples
    at = draw.between(1, pixels - 2)
    return at, at


def inverted(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """With its corners exchanged."""
    start, end = inside(draw, pixels, bins, samples)
    return end, start


def sub_pixel(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """Smaller than a pixel."""
    del samples
    power = 1 << (bins - 1).bit_length()
    extent = Fraction(bins, power) * draw.one([Fraction(1, 2), QUARTER, Fraction(3, 4)])
    start = draw.between(1, pixels - 2)
    return start, start + extent


def huge(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """Very much larger than the map."""
    del samples
    bin_size = draw.one([Fraction(32), Fraction(64), Fraction(128)])
    start = draw.between(-(bin_size * bins - pixels), -1)
    return start, start + bin_size * bins


def whole(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """The map, or all but its last pixels."""
    del draw, samples
    bin_size = max((b for b in BINS_OF_POWERS if b * bins <= pixels), default=Fraction(1, bins))
    return Fraction(0), bin_size * bins


def integral(draw: Draw, pixels: int, bins: int, samples: int) -> Span:
    """With corners on whole pixels."""
    del samples
    extent = draw.one([e for e in (bins, 2 * bins, 4 * bins) if e < pixels - 1] or [1])
    start = draw.between(1, max(pixels - 1 - extent, 1), Fraction(1))
    return start, start + extent


@dataclass(frozen=True, slots=True)
class Placement:
    """A way for a RoI to lie: its spans along y and x, what it is called, and the rules that it is about.

    ``company`` says that the RoI may give nothing but zeros, so that another lies inside beside it.
    """

    name: str
    title: str
    y: SpanOf
    x: SpanOf
    rules: tuple[str, ...] = ()
    company: bool = False


EDGE, DEGENERATE = ("RA-6",), ("RA-2", "RA-10")

PLACEMENTS = (
    Placement("inside", "Inside the map", inside, inside),
    Placement("integral", "Corners on whole pixels", integral, integral),
    Placement("whole", "All of the map", whole, whole),
    Placement("top", "Over the top edge by less than a pixel", low, inside, EDGE),
    Placement("left", "Over the left edge by less than a pixel", inside, low, EDGE),
    Placement("bottom", "Over the bottom edge by less than a pixel", high, inside, EDGE),
    Placement("right", "Over the right edge by less than a pixel", inside, high, EDGE),
    Placement("corner", "Over the bottom right corner", high, high, EDGE),
    Placement("beyond-top", "From far above the map into it", beyond_low, inside, EDGE),
    Placement("beyond-left", "From far left of the map into it", inside, beyond_low, EDGE),
    Placement("beyond-bottom", "From the map to far below it", beyond_high, inside, EDGE),
    Placement("beyond-right", "From the map to far right of it", inside, beyond_high, EDGE),
    Placement("around", "All around the map", around, around, EDGE),
    Placement("on-low", "First samples exactly on −1", on_low, on_low, EDGE),
    Placement("on-high", "Last samples exactly on H and W", on_high, on_high, EDGE),
    Placement("outside", "Off the map, beside a box inside", outside, inside, EDGE, company=True),
    Placement("zero-area", "Without extent, beside an ordinary box", empty, empty, DEGENERATE, company=True),
    Placement("zero-width", "Without width, beside an ordinary box", inside, empty, DEGENERATE, company=True),
    Placement("zero-height", "Without height, beside an ordinary box", empty, inside, DEGENERATE, company=True),
    Placement("inverted-x", "Left and right exchanged, beside an ordinary box", inside, inverted, DEGENERATE, company=True),
    Placement("inverted-y", "Top and bottom exchanged, beside an ordinary box", inverted, inside, DEGENERATE, company=True),
    Placement("inverted", "Both corners exchanged, beside an ordinary box", inverted, inverted, DEGENERATE, company=True),
    Placement("sub-pixel", "Smaller than a pixel", sub_pixel, sub_pixel, ("RA-2",)),
    Placement("thin", "Narrower than a pixel", inside, sub_pixel, ("RA-2",)),
    Placement("flat", "Lower than a pixel", sub_pixel, inside, ("RA-2",)),
    Placement("huge", "Very much larger than the map", huge, huge, EDGE),
)  # fmt: skip
"""All placements, by which systematic cases are named."""
