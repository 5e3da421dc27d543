"""Where a RoI lies on a map whose bins consist of whole pixels: its axes, and what of each bin the map has.

`WindowRules` holds the formulas, one method per step. An operator says what is its own; a subclass that overrides one more
imitates a faulty implementation.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..exact.numbers import Array

Window = tuple[int, int]
"""The first pixel of a bin along an axis, and the first after it; equal if it has none."""

Interval = tuple[Fraction, Fraction]
"""Two positions along an axis, mostly a box's first corner and its second."""


@dataclass(frozen=True, slots=True)
class WindowRules:
    """The formulas under one dialect, for maps of one data type. Written for y; those for x are the same."""

    dialect: Any
    dtype: str

    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> Interval:
        """The two numbers that are snapped to whole ones."""
        raise NotImplementedError

    def snap(self, y: Fraction) -> Fraction:
        """What one of them becomes."""
        raise NotImplementedError

    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> Interval:
        """Where the RoI begins and ends, in feature pixels, from the two snapped numbers."""
        del scale
        return first, second

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        """The extent of the RoI."""
        raise NotImplementedError

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        """Where the RoI begins: at its first corner, even if that is beyond the second."""
        del end
        return start

    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        """Where bins begin, from the start of the RoI, and where the last one ends."""
        raise NotImplementedError

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        """The pixels of a bin that begins and ends at these positions."""
        raise NotImplementedError

    def windows(self, start: Fraction, extent: Fraction, bins: int, pixels: int) -> tuple[Window, ...]:
        """The pixels of all bins."""
        at = self.positions(extent, bins)
        return tuple(self.window(start, here, there, pixels) for here, there in itertools.pairwise(at))

    def clip(self, first: int, end: int, pixels: int) -> Window:
        """What of a bin lies on the map."""
        low, high = (min(max(edge, 0), pixels) for edge in (first, end))
        return low, max(low, high)

    def average(self, total: Fraction, count: int) -> Fraction:
        """The average of the pixels of a bin that has some."""
        return total / count


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a RoI: from where, how long, and the window of each bin."""

    start: Fraction
    extent: Fraction
    windows: tuple[Window, ...]


class Stages(NamedTuple):
    """Where a RoI lies: its image, and its axes."""

    batch: int
    y: Axis
    x: Axis


def axis_between(span: Interval, bins: int, pixels: int, rules: WindowRules) -> Axis:
    """The axis of a RoI that begins and ends there."""
    start, extent = rules.first(*span), rules.extent(*span)
    return Axis(start, extent, rules.windows(start, extent, bins, pixels))


def axis(y1: Fraction, y2: Fraction, scale: Fraction, bins: int, pixels: int, rules: WindowRules) -> Axis:
    """The axis of a RoI whose corners are at y1 and y2, in image pixels."""
    first, second = rules.corners(y1, y2, scale)
    return axis_between(rules.span(rules.snap(first), rules.snap(second), scale), bins, pixels, rules)


def image_of(row: Sequence[float], images: int) -> int | None:
    """The image of a RoI; None if it cannot be pooled: it has no such image, or no finite corners."""
    if not all(math.isfinite(number) for number in row) or not 0 <= int(row[0]) < images:
        return None
    return int(row[0])


def stages(
    row: Sequence[float], shape: Sequence[int], output_size: Sequence[int], scale: Sequence[Any], rules: WindowRules
) -> Stages | None:
    """Where the RoI of a row ``[batch_index, x1, y1, x2, y2]`` lies on maps ``(N, C, H, W)``; None if it cannot be pooled."""
    batch = image_of(row, shape[0])
    if batch is None:
        return None
    _, x1, y1, x2, y2 = map(Fraction, row)
    scale_y, scale_x = map(Fraction, scale)
    y = axis(y1, y2, scale_y, output_size[0], shape[2], rules)
    return Stages(batch, y, axis(x1, x2, scale_x, output_size[1], shape[3], rules))


def all_stages(
    boxes: Array, shape: Sequence[int], output_size: Sequence[int], scale: Sequence[Any], rules: WindowRules
) -> list[Stages | None]:
    """Where each RoI lies; None for one that cannot be pooled."""
    return [stages(row, shape, output_size, scale, rules) for row in boxes.tolist()]


def bins_of(roi: Stages | None) -> Iterator[tuple[int, int, Window, Window]]:
    """The bins of a RoI, with their windows of rows and columns; none if it cannot be pooled."""
    if roi:
        for (p, rows), (q, columns) in itertools.product(enumerate(roi.y.windows), enumerate(roi.x.windows)):
            yield p, q, rows, columns


def pixels_in(rows: Window, columns: Window) -> int:
    """How many pixels a bin has."""
    return (rows[1] - rows[0]) * (columns[1] - columns[0])


def counts_of(rois: Sequence[Stages | None]) -> set[int]:
    """How many pixels bins have that have some."""
    return {pixels_in(rows, columns) for roi in rois for _, _, rows, columns in bins_of(roi)} - {0}
