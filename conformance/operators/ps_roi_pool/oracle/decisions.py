"""Where rounding decides which pixel a corner becomes, or on which side of a pixel's edge a bin ends (`windows.decisions`)."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING

from ....exact.floats import FLOAT_TYPES, Approx
from ....exact.numbers import HALF
from ....windows.decisions import all_spans, are_certain, snapped_either
from ....windows.geometry import axis_between
from .geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.floats import FloatType
    from ....windows.asked import WindowCall
    from ....windows.geometry import Axis, Interval
    from .geometry import Rules


def possible_axes(box: Interval, scale: Fraction, bins: int, pixels: int, rules: Rules) -> Sequence[Axis]:
    """The axes that rounding may make of one; none if nobody can say."""
    type_ = FLOAT_TYPES[rules.dtype]
    either = [
        snapped_either(number, error, rules)
        for number, error in zip(rules.corners(*box, scale), _errors(box, scale, rules, type_), strict=True)
    ]
    found = {}
    for first, second in itertools.product(*either):
        axis = axis_between(rules.span(first, second, scale), bins, pixels, rules)
        if not rules.is_whole and not _is_certain((first, second), scale, axis, pixels, rules, type_):
            return []
        found[axis.windows] = axis
    return list(found.values())


def _errors(box: Interval, scale: Fraction, rules: Rules, type_: FloatType) -> list[float]:
    """By how much the two numbers that are rounded to whole ones may be off."""
    numbers = [Approx.rounded(y, type_) for y in box]
    if rules.is_whole:
        return [(number * Approx.rounded(scale, type_)).error for number in numbers]
    added = [exact - y for exact, y in zip(rules.corners(*box, scale), box, strict=True)]
    return [(n + Approx(by, 0.0, type_)).error if by else n.error for n, by in zip(numbers, added, strict=True)]


def _is_certain(snapped: Interval, scale: Fraction, axis: Axis, pixels: int, rules: Rules, type_: FloatType) -> bool:
    """Whether no rounding of coordinates that are no whole feature pixels moves an edge, in whatever order they are computed."""
    first, second = snapped
    factor, last = Approx.rounded(scale, type_), rules.span(first, second, scale)[1] / scale
    start, end = (Approx.rounded(number, type_) * factor for number in (first, last))
    extent, least = end - start, rules.extent(ZERO, ZERO)
    if extent.value - Fraction(extent.error) < least:
        # Whose 0.1 it is nobody can say: it may be that of float32, or of float64.
        extent = Approx(axis.extent, extent.error + FLOAT_TYPES["float32"].rounding(float(least)), type_)
    return are_certain(axis.windows, start, extent, pixels, rules, type_)


def ties(asked: WindowCall[Rules]) -> Iterator[Fraction]:
    """How far each number that is rounded is from where it would become another; and each edge from an edge of pixels."""
    rules = asked.rules
    for box, scale, bins in all_spans(asked):
        first, second = rules.corners(*box, scale)
        yield from (abs(number - math.floor(number) - HALF) for number in (first, second))
        if not rules.is_whole:
            span = rules.span(rules.snap(first), rules.snap(second), scale)
            edges = [span[0] + p * rules.extent(*span) / bins for p in range(bins + 1)]
            yield from (abs(edge - round(edge)) for edge in edges)
