"""Where rounding decides which pixel a corner becomes, or on which side of a pixel's edge a bin ends; and what may come of it.

Coordinates are rounded in the data type of the call, or where that has 16 bits in any type between it and float32. What does
not hang on that has one answer; of few open corners each choice gives one; of many nobody can say anything.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import CornerSnap, SnappedEnd
from ....exact.floats import FLOAT_TYPES, Approx
from ....exact.numbers import HALF
from .geometry import Stages, axis_between, image_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Axis, Rules, Window

MOST = 8
"""How many answers a call may have."""


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


def _possible_axes(box: tuple[Fraction, Fraction], scale: Any, bins: int, pixels: int, rules: Rules) -> Sequence[Axis]:
    """The axes that rounding may make of one; none if nobody can say."""
    type_ = FLOAT_TYPES[rules.dtype]
    if rules.dialect.snap == CornerSnap.NONE:
        first, second = rules.corners(*box, Fraction(scale))
        found = axis_between((first, second), bins, pixels, rules)
        return [found] if _is_certain(box, Fraction(scale), found.windows, pixels, rules, type_) else []
    exact = rules.corners(*box, Fraction(scale))
    either = [
        _snapped(rules, corner, _scaled(y, Fraction(scale), type_).error, type_)
        for y, corner in zip(box, exact, strict=True)
    ]
    axes = [axis_between((first, second), bins, pixels, rules) for first, second in itertools.product(*either)]
    return list({axis.windows: axis for axis in axes}.values())


def _scaled(y: Fraction, scale: Fraction, type_: FloatType) -> Approx:
    return Approx.rounded(y, type_) * Approx.rounded(scale, type_)


def _snapped(rules: Rules, corner: Fraction, error: float, type_: FloatType) -> Sequence[Fraction]:
    """The pixels that a corner may become; that of the exact one first."""
    if rules.dialect.snap == CornerSnap.HALF_UP and not type_.represents(corner + HALF):
        error += type_.rounding(abs(float(corner)) + 0.5 + error)
    if not error:
        return [rules.snap(corner)]
    if not math.isfinite(error):
        return []
    return list(dict.fromkeys(rules.snap(corner + by) for by in (Fraction(0), -Fraction(error), Fraction(error))))


def _is_certain(
    box: tuple[Fraction, Fraction],
    scale: Fraction,
    windows: Sequence[Window],
    pixels: int,
    rules: Rules,
    type_: FloatType,
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
    step, bins = extent.over(len(windows)), len(windows)
    at = [Approx(Fraction(p), 0.0, type_) * step + start for p in range(bins + 1)]
    if not all(math.isfinite(position.error) for position in at):
        return False
    return all(
        low == first and high == last
        for (low, high), here, there in zip(windows, at, at[1:], strict=False)
        for first, last in (
            rules.clip(
                math.floor(here.value + a * Fraction(here.error)),
                math.ceil(there.value + b * Fraction(there.error)),
                pixels,
            )
            for a in (-1, 1)
            for b in (-1, 1)
        )
    )


def ties(
    boxes: Array, shape: Sequence[int], output_size: Sequence[int], scale: Sequence[Any], rules: Rules
) -> Iterator[Fraction]:
    """How far each corner is from where it would become another pixel; or each edge from an edge of pixels."""
    for row in boxes.tolist():
        if image_of(row, shape[0]) is None:
            continue
        x1, y1, x2, y2 = map(Fraction, row[1:])
        for box, factor, bins in (((y1, y2), scale[0], output_size[0]), ((x1, x2), scale[1], output_size[1])):
            corners = rules.corners(*box, Fraction(factor))
            if rules.dialect.snap == CornerSnap.NONE:
                extent = rules.extent(*corners)
                edges = [corners[0] + p * extent / bins for p in range(bins + 1)] if extent > 0 else []
                yield from (abs(edge - round(edge)) for edge in edges)
            else:
                yield from (abs(corner - math.floor(corner) - HALF) for corner in corners)
