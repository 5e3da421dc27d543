"""Where rounding decides which pixel a corner becomes, or on which side of a pixel's edge a bin ends; and what may come of it.

Coordinates are rounded in the data type of the call, or where that has 16 bits in any type between it and float32. What does
not hang on that has one answer; of few open corners each choice gives one; of many nobody can say anything. Where edges are not
those of whole pixels they are judged only if no rounding moves them, in whatever order they are computed.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....exact.floats import FLOAT_TYPES, Approx
from ....exact.numbers import HALF
from .geometry import ZERO, Stages, axis_between, image_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Axis, Rules

MOST = 8
"""How many answers a call may have."""

Interval = tuple[Fraction, Fraction]


def possible(
    boxes: Array, shape: Sequence[int], output_size: Sequence[int], scale: Sequence[Any], rules: Rules
) -> list[list[Stages | None]]:
    """Where the RoIs of a call may lie: one list of RoIs for each way of rounding; none if there are too many of these."""
    try:
        by_roi = [_possible_stages(row, shape, output_size, scale, rules) for row in boxes.tolist()]
    except OverflowError:  # of edges, in a data type too small for the extent
        return []
    if math.prod(map(len, by_roi)) > MOST:
        return []
    return [list(rois) for rois in itertools.product(*by_roi)]


def _possible_stages(
    row: Sequence[float], shape: Sequence[int], output_size: Sequence[int], scale: Sequence[Any], rules: Rules
) -> Sequence[Stages | None]:
    batch = image_of(row, shape[0])
    if batch is None:
        return [None]
    x1, y1, x2, y2 = map(Fraction, row[1:])
    spans = ((y1, y2), scale[0], output_size[0], shape[2]), ((x1, x2), scale[1], output_size[1], shape[3])
    along_y, along_x = (_possible_axes(*span, rules) for span in spans)
    return [Stages(batch, y, x) for y, x in itertools.product(along_y, along_x)]


def _possible_axes(box: Interval, scale: Any, bins: int, pixels: int, rules: Rules) -> Sequence[Axis]:
    """The axes that rounding may make of one; none if nobody can say."""
    type_, factor = FLOAT_TYPES[rules.dtype], Fraction(scale)
    either = [
        _snapped(rules, number, error)
        for number, error in zip(rules.unrounded(*box, factor), _errors(box, factor, rules, type_), strict=True)
    ]
    found = {}
    for first, second in itertools.product(*either):
        axis = axis_between(rules.span(first, second, factor), bins, pixels, rules)
        if not rules.is_whole and not _is_certain((first, second), factor, axis, pixels, rules, type_):
            return []
        found[axis.windows] = axis
    return list(found.values())


def _errors(box: Interval, scale: Fraction, rules: Rules, type_: FloatType) -> list[float]:
    """By how much the two numbers that are rounded to whole ones may be off."""
    numbers = [Approx.rounded(y, type_) for y in box]
    if rules.is_whole:
        return [(number * Approx.rounded(scale, type_)).error for number in numbers]
    added = [exact - y for exact, y in zip(rules.unrounded(*box, scale), box, strict=True)]
    return [(n + Approx(by, 0.0, type_)).error if by else n.error for n, by in zip(numbers, added, strict=True)]


def _snapped(rules: Rules, number: Fraction, error: float) -> Sequence[Fraction]:
    """The whole numbers that one may become; that of the exact one first."""
    if not error:
        return [rules.snap(number)]
    if not math.isfinite(error):
        return []
    return list(dict.fromkeys(rules.snap(number + by) for by in (Fraction(0), -Fraction(error), Fraction(error))))


def _is_certain(rounded: Interval, scale: Fraction, axis: Axis, pixels: int, rules: Rules, type_: FloatType) -> bool:
    """Whether no rounding of coordinates that are no whole feature pixels moves an edge, in whatever order they are computed."""
    first, second = rounded
    factor, last = Approx.rounded(scale, type_), rules.span(first, second, scale)[1] / scale
    start, end = (Approx.rounded(number, type_) * factor for number in (first, last))
    extent, least = end - start, rules.extent(ZERO, ZERO)
    if extent.value - Fraction(extent.error) < least:
        # Whose 0.1 it is nobody can say: it may be that of float32, or of float64.
        extent = Approx(axis.extent, extent.error + FLOAT_TYPES["float32"].rounding(float(least)), type_)
    bins = len(axis.windows)
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
        for window, here, there in zip(axis.windows, at, at[1:], strict=False)
        for a, b in itertools.product((-1, 1), repeat=2)
    )


def ties(
    boxes: Array, shape: Sequence[int], output_size: Sequence[int], scale: Sequence[Any], rules: Rules
) -> Iterator[Fraction]:
    """How far each number that is rounded is from where it would become another; and each edge from an edge of pixels."""
    for row in boxes.tolist():
        if image_of(row, shape[0]) is None:
            continue
        x1, y1, x2, y2 = map(Fraction, row[1:])
        for box, factor, bins in (((y1, y2), scale[0], output_size[0]), ((x1, x2), scale[1], output_size[1])):
            numbers = rules.unrounded(*box, Fraction(factor))
            yield from (abs(number - math.floor(number) - HALF) for number in numbers)
            if not rules.is_whole:
                span = rules.span(*map(rules.snap, numbers), Fraction(factor))  # type: ignore[call-arg]  # of two
                edges = [span[0] + p * rules.extent(*span) / bins for p in range(bins + 1)]
                yield from (abs(edge - round(edge)) for edge in edges)
