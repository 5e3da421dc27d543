"""Where rounding decides which pixel a corner becomes, or on which side of a pixel's edge a bin ends; and what may come of it.

Coordinates are rounded in the data type of the call, or where that has 16 bits in any type between it and float32. What does
not hang on that has one answer; of few open corners each choice gives one; of many nobody can say anything. Where RoIs do not lie
between whole pixels they are judged only if no rounding moves an edge, in whatever order edges are computed.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..exact.floats import Approx
from .geometry import Stages, image_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..exact.floats import FloatType
    from .asked import WindowCall
    from .geometry import Axis, Interval, Window, WindowRules

MOST = 8
"""How many answers a call may have."""


def spans_of(asked: WindowCall[Any], row: Sequence[float]) -> tuple[tuple[Interval, Fraction, int, int], ...]:
    """Of y and x: the corners of a box, the scale, how many bins and how many pixels."""
    x1, y1, x2, y2 = map(Fraction, row[1:])
    height, width = asked.pixels.shape[2:]
    return (
        ((y1, y2), asked.scale[0], asked.output_size[0], height),
        ((x1, x2), asked.scale[1], asked.output_size[1], width),
    )


def possible(asked: WindowCall[Any], axes: Callable[..., Sequence[Axis]]) -> list[list[Stages | None]]:
    """Where the RoIs of a call may lie: one list of RoIs for each way of rounding; none if there are too many of these.

    ``axes`` gives those that rounding may make of a box's corners, a scale, a number of bins and of pixels, by formulas.
    """
    try:
        by_roi = [_possible_stages(asked, row, axes) for row in asked.boxes.tolist()]
    except OverflowError:  # of edges, in a data type too small for the extent
        return []
    if math.prod(map(len, by_roi)) > MOST:
        return []
    return [list(rois) for rois in itertools.product(*by_roi)]


def _possible_stages(
    asked: WindowCall[Any], row: Sequence[float], axes: Callable[..., Sequence[Axis]]
) -> Sequence[Stages | None]:
    batch = image_of(row, asked.pixels.shape[0])
    if batch is None:
        return [None]
    along_y, along_x = (axes(*span, asked.rules) for span in spans_of(asked, row))
    return [Stages(batch, y, x) for y, x in itertools.product(along_y, along_x)]


def snapped_either(number: Fraction, error: float, rules: WindowRules) -> Sequence[Fraction]:
    """What a number that may be off by so much may be snapped to; that of the exact one first."""
    if not error:
        return [rules.snap(number)]
    if not math.isfinite(error):
        return []
    return list(dict.fromkeys(rules.snap(number + by) for by in (Fraction(0), -Fraction(error), Fraction(error))))


def are_certain(
    windows: Sequence[Window], start: Approx, extent: Approx, pixels: int, rules: WindowRules, type_: FloatType
) -> bool:
    """Whether no rounding moves an edge of these windows, in whatever order edges are computed."""
    bins = len(windows)
    step = extent.over(bins)
    at = [Approx(Fraction(p), 0.0, type_) * step + start for p in range(bins + 1)]
    if not all(math.isfinite(position.error) for position in at):
        return False
    return all(
        window
        == rules.clip(
            math.floor(here.value + a * Fraction(here.error)),
            math.ceil(there.value + b * Fraction(there.error)),
            pixels,
        )
        for window, here, there in zip(windows, at, at[1:], strict=False)
        for a, b in itertools.product((-1, 1), repeat=2)
    )


def all_spans(asked: WindowCall[Any]) -> Iterator[tuple[Interval, Fraction, int]]:
    """Of each axis of each RoI that can be pooled, the corners of the box, the scale and how many bins."""
    for row in asked.boxes.tolist():
        if image_of(row, asked.pixels.shape[0]) is not None:
            yield from (span[:3] for span in spans_of(asked, row))
