"""Hypothesis strategies for parts of calls of operators that read whole pixels. Needs ``pip install 'roikit[fuzz]'``.

Corners are mostly made of multiples of powers of two, so that they are exact.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    DrawFn = st.DrawFn
    SpanOf = Callable[[DrawFn, int, int], tuple[Any, Any]]

INVALID = ("nan", "infinite", "no-image")
"""Classes of boxes that cannot be pooled."""


def drawn_bins(draw: DrawFn, counts: Sequence[int]) -> list[int]:
    """Rows and columns of bins: as many, as often as not."""
    rows = draw(st.sampled_from(counts))
    return [rows, draw(st.sampled_from(counts)) if draw(st.booleans()) else rows]


def number(value: Fraction | float) -> int | float:
    """A number as a case file has it."""
    return int(value) if Fraction(value).denominator == 1 else float(value)


def drawn_rows(draw: DrawFn, shape: Sequence[int]) -> list[list[int]]:
    """Draws the rows of a map from as many bytes, which take one draw, and shrink to zeros."""
    data = draw(st.binary(min_size=math.prod(shape), max_size=math.prod(shape)))
    values = [(byte % 17 + 1) // 2 * (1 if byte % 2 else -1) for byte in data]  # 0, 1, -1, 2, …
    return [values[i : i + shape[-1]] for i in range(0, len(values), shape[-1])]


def near(draw: DrawFn, low: int, high: int) -> Fraction:
    """A position that becomes one of these pixels, without a doubt."""
    return draw(st.integers(low, high)) + draw(st.sampled_from((Fraction(0), Fraction(1, 4), Fraction(-1, 4))))


def ordinary(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    """From the map's low edge, or beyond it, to its high edge, or beyond."""
    del bins
    start = draw(st.integers(-3, pixels))
    return start + near(draw, 0, 0), near(draw, start, start + pixels + 2)


def _inverted(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    start, end = ordinary(draw, pixels, bins)
    return (end, start) if draw(st.booleans()) else (start, end)


def _tiny(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    del bins
    start = near(draw, -1, pixels)
    return start, start + draw(st.sampled_from((Fraction(0), Fraction(1, 8), Fraction(1), Fraction(-1))))


def _huge(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    start = draw(st.integers(-40, pixels - 1))
    return start, start + bins * draw(st.sampled_from((4, 8, 16, 32)))


def _outside(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    start, end = ordinary(draw, pixels, bins)
    away = draw(st.sampled_from((-1, 1))) * (2 * pixels + 8)
    return start + away, end + away


def _halves(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    start, end = ordinary(draw, pixels, bins)
    return math.floor(start) + Fraction(1, 2), math.floor(end) + draw(st.sampled_from((Fraction(1, 2), Fraction(0))))


def as_long(extent: int) -> SpanOf:
    """As long as that, whether the second corner is the last pixel or the first after it."""

    def span(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
        del bins
        start = draw(st.integers(min(pixels - extent, 0), pixels - 1))
        return start, start + extent - draw(st.integers(0, 1))

    return span


def _free(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    del bins
    low = draw(st.floats(-4, pixels + 2, width=16))
    return low, low + draw(st.floats(-1, 2 * pixels, width=16))


SPANS: dict[str, SpanOf] = {
    **dict.fromkeys(("ordinary", *INVALID), ordinary),
    "inverted": _inverted,
    "tiny": _tiny,
    "huge": _huge,
    "outside": _outside,
    "halves": _halves,
    "free": _free,
}
"""How a box lies along an axis of so many pixels, for so many bins, by its class."""


def spoil(draw: DrawFn, boxes: list[list[Any]], box_class: str, images: int) -> list[int]:
    """Makes one box invalid, if the class is one of those; which one."""
    if box_class not in INVALID:
        return []
    which = draw(st.integers(0, len(boxes) - 1))
    if box_class == "no-image":
        boxes[which][0] = draw(st.sampled_from((-1, images, images + 7)))
    else:
        boxes[which][draw(st.integers(1, len(boxes[which]) - 1))] = (
            "nan" if box_class == "nan" else draw(st.sampled_from(("inf", "-inf")))
        )
    return [which]
