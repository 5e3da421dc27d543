"""Where rounding decides which pixel a corner becomes, or on which side of a pixel's edge a bin ends (`windows.decisions`)."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING

from .....kernels.dialects.choices import CornerSnap, SnappedEnd
from ....exact.floats import FLOAT_TYPES, Approx
from ....exact.numbers import HALF
from ....windows.decisions import all_spans, are_certain, snapped_either
from ....windows.geometry import axis_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.floats import FloatType
    from ....windows.asked import WindowCall
    from ....windows.geometry import Axis, Interval, Window
    from .geometry import Rules


def possible_axes(box: Interval, scale: Fraction, bins: int, pixels: int, rules: Rules) -> Sequence[Axis]:
    """The axes that rounding may make of one; none if nobody can say."""
    type_ = FLOAT_TYPES[rules.dtype]
    exact = rules.corners(*box, scale)
    if rules.dialect.snap == CornerSnap.NONE:
        found = axis_between(exact, bins, pixels, rules)
        return [found] if _is_certain(box, scale, found.windows, pixels, rules, type_) else []
    either = [
        snapped_either(corner, _error(y, corner, scale, rules, type_), rules)
        for y, corner in zip(box, exact, strict=True)
    ]
    axes = [axis_between((first, second), bins, pixels, rules) for first, second in itertools.product(*either)]
    return list({axis.windows: axis for axis in axes}.values())


def _error(y: Fraction, corner: Fraction, scale: Fraction, rules: Rules, type_: FloatType) -> float:
    """By how much a corner may be off when it is snapped."""
    error = (Approx.rounded(y, type_) * Approx.rounded(scale, type_)).error
    if rules.dialect.snap == CornerSnap.HALF_UP and not type_.represents(corner + HALF):
        error += type_.rounding(abs(float(corner)) + 0.5 + error)
    return error


def _is_certain(
    box: Interval, scale: Fraction, windows: Sequence[Window], pixels: int, rules: Rules, type_: FloatType
) -> bool:
    """Whether no rounding of coordinates that are not snapped moves an edge, in whatever order they are computed."""
    y1, y2 = (Approx.rounded(y, type_) for y in box)
    factor, one = Approx.rounded(scale, type_), Approx(Fraction(1), 0.0, type_)
    start = y1 * factor
    end = (y2 + one if rules.dialect.end == SnappedEnd.BEFORE_SCALE else y2) * factor
    extent = end - start
    if (extent.value > 0) != (extent.value - Fraction(extent.error) > 0):
        return False
    if extent.value <= 0:
        return extent.error == 0 or extent.value + Fraction(extent.error) <= 0
    return are_certain(windows, start, extent, pixels, rules, type_)


def ties(asked: WindowCall[Rules]) -> Iterator[Fraction]:
    """How far each corner is from where it would become another pixel; or each edge from an edge of pixels."""
    rules = asked.rules
    for box, scale, bins in all_spans(asked):
        corners = rules.corners(*box, scale)
        if rules.dialect.snap == CornerSnap.NONE:
            extent = rules.extent(*corners)
            edges = [corners[0] + p * extent / bins for p in range(bins + 1)] if extent > 0 else []
            yield from (abs(edge - round(edge)) for edge in edges)
        else:
            yield from (abs(corner - math.floor(corner) - HALF) for corner in corners)
