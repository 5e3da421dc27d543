"""Where the RoIs of systematic cases lie, of operators that read whole pixels: spans along an axis, and pairs of them.

A span is ``(start, end)`` in feature pixels, before the snap. Corners are at whole pixels or a quarter beside one, so that no
dialect is in doubt about the snap; but for those at a half, which are there on purpose, and exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .draw import Draw

    Span = tuple[Fraction, Fraction]
    SpanOf = Callable[[Draw, int, int], Span]

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)


def _near(draw: Draw, pixel: Fraction) -> Fraction:
    """A position that becomes a pixel."""
    beside: Fraction = draw.one((-QUARTER, Fraction(0), Fraction(0), QUARTER))
    return pixel + beside


def inside(draw: Draw, pixels: int, bins: int) -> Span:
    """Within the map."""
    del bins
    start = draw.between(0, pixels - 3)
    return _near(draw, start), _near(draw, draw.between(start + 1, pixels - 2))


def whole(draw: Draw, pixels: int, bins: int) -> Span:
    """The whole map."""
    del draw, bins
    return Fraction(0), Fraction(pixels - 1)


def multiple(draw: Draw, pixels: int, bins: int) -> Span:
    """Bins of whole pixels, which share none."""
    size = draw.one([n for n in (1, 2, 3) if n * bins <= pixels] or [1])
    start = draw.between(0, max(pixels - size * bins, 0))
    return start, start + size * bins - 1


def low(draw: Draw, pixels: int, bins: int) -> Span:
    """Over the low edge, by less than a bin."""
    del bins
    return _near(draw, draw.between(-2, -1)), _near(draw, draw.between(pixels // 2, pixels - 1))


def high(draw: Draw, pixels: int, bins: int) -> Span:
    """Over the high edge, by less than a bin."""
    del bins
    return _near(draw, draw.between(0, pixels // 2)), _near(draw, Fraction(pixels) + draw.between(0, 1))


def beyond_low(draw: Draw, pixels: int, bins: int) -> Span:
    """From far below the map into it, so that some bins are empty."""
    return -Fraction(pixels) * draw.between(1, 2) - bins, _near(draw, draw.between(1, pixels - 2))


def beyond_high(draw: Draw, pixels: int, bins: int) -> Span:
    """From within the map far beyond it, so that some bins are empty."""
    return _near(draw, draw.between(1, pixels - 2)), Fraction(pixels) * draw.between(2, 3) + bins


def around(draw: Draw, pixels: int, bins: int) -> Span:
    """Around the map, beyond both edges."""
    del bins
    return draw.between(-pixels, -2), pixels + draw.between(2, pixels)


def huge(draw: Draw, pixels: int, bins: int) -> Span:
    """Around the map, a bin of it larger than the map."""
    reach = draw.between(2, 5) * pixels * bins
    return -reach, reach + draw.between(0, pixels)


def outside_low(draw: Draw, pixels: int, bins: int) -> Span:
    """Below the map."""
    del bins
    start = draw.between(-2 * pixels, -4)
    return start, start + draw.between(0, 2)


def outside_high(draw: Draw, pixels: int, bins: int) -> Span:
    """Above the map, from its first row outside on or farther."""
    del bins
    start = pixels + draw.between(0, pixels)
    return start, start + draw.between(0, 3)


def pixel(draw: Draw, pixels: int, bins: int) -> Span:
    """One pixel, the corners at it or beside it."""
    del bins
    at = draw.between(1, pixels - 1)
    return at - draw.one((Fraction(0), QUARTER)), at + draw.one((Fraction(0), QUARTER))


def point(draw: Draw, pixels: int, bins: int) -> Span:
    """Without extent."""
    del bins
    at = _near(draw, draw.between(0, pixels - 1))
    return at, at


def pair(draw: Draw, pixels: int, bins: int) -> Span:
    """Two pixels, of corners less than a pixel apart."""
    del bins
    at = draw.between(0, pixels - 2)
    return at + QUARTER, at + 1 - QUARTER


def inverted(draw: Draw, pixels: int, bins: int) -> Span:
    """The second corner before the first."""
    start, end = inside(draw, pixels, bins)
    return end, start


def inverted_by_one(draw: Draw, pixels: int, bins: int) -> Span:
    """The second corner one pixel before the first: an inclusive extent of 0."""
    del bins
    at = draw.between(1, pixels - 1)
    return at, at - 1


def halves(draw: Draw, pixels: int, bins: int) -> Span:
    """Both corners exactly between two pixels."""
    del bins
    start = draw.between(0, pixels - 4)
    return start + HALF, draw.between(start + 1, pixels - 2) + HALF


def negative_half(draw: Draw, pixels: int, bins: int) -> Span:
    """From exactly between two pixels below the map."""
    del bins
    return draw.between(-3, -1) + HALF, _near(draw, draw.between(pixels // 2, pixels - 1))


@dataclass(frozen=True, slots=True)
class Placement:
    """How RoIs lie along y and x, said in a sentence, and the rules that this is about."""

    name: str
    title: str
    y: SpanOf
    x: SpanOf
    rules: tuple[str, ...]


def number(x: Fraction) -> int | float:
    """A number as a case file has it."""
    return int(x) if x.denominator == 1 else float(x)


def integers(chance: Draw, shape: Sequence[int], values: Sequence[int]) -> dict[str, Any]:
    """An array of some of these values."""
    rows = [[chance.one(values) for _ in range(shape[-1])] for _ in range(int(np.prod(shape[:-1])))]
    return {"shape": list(shape), "rows": rows}


def box(
    chance: Draw, spot: Placement, size: Sequence[int], bins: Sequence[int], scale: Sequence[Fraction]
) -> list[int | float]:
    """The corners of a box that lies so, in image pixels."""
    spans = zip((spot.y, spot.x), size, bins, strict=True)
    (y1, y2), (x1, x2) = (span(chance, pixels, count) for span, pixels, count in spans)
    return [number(v) for v in (x1 / scale[1], y1 / scale[0], x2 / scale[1], y2 / scale[0])]
