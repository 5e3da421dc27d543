"""Where a RoI lies on a map: its bins, what of these the map has, and which channel each reads (PP-1 to PP-6).

`Rules` holds the formulas, one method per step; a subclass that overrides one imitates a faulty implementation.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from .....kernels.dialects.choices import CornerSnap
from .....kernels.dialects.ps_roi_pool import Clip, Corners, LeastSize
from ....sampling.window import positions, snapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .....kernels.dialects.ps_roi_pool import Dialect

ZERO, ONE = Fraction(0), Fraction(1)

Window = tuple[int, int]
"""The first pixel of a bin along an axis, and the first after it; equal if it has none."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The formulas under one dialect, for maps of one data type. Written for y; those for x are the same."""

    dialect: Dialect
    dtype: str

    @property
    def is_whole(self) -> bool:
        """Whether RoIs begin and end with whole feature pixels."""
        return self.dialect.corners == Corners.AFTER_SCALE

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        """PP-1: the channel of the map that bin (p, q) of channel ``c`` of the output reads."""
        return (c * bins[0] + p) * bins[1] + q

    def snap(self, y: Fraction) -> Fraction:
        """PP-2: the whole number that a corner is rounded to: the nearest; of two, the one farther from 0."""
        return snapped(y, CornerSnap.HALF_AWAY)

    def unrounded(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        """PP-2: the two numbers that are rounded."""
        if self.is_whole:
            return y1 * scale, y2 * scale
        return y1, y2 + (self.dialect.corners == Corners.ONE_ADDED_FIRST)

    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        """PP-2: where the RoI begins and ends, in feature pixels, from the two rounded numbers."""
        if self.is_whole:
            return first, second
        return first * scale, (second + (self.dialect.corners == Corners.BEFORE_SCALE)) * scale

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        """PP-3: the extent of the RoI."""
        return max(end - start, ONE if self.dialect.min_size == LeastSize.ONE else Fraction(1, 10))

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        """PP-3: where the RoI begins: at its first corner, even if that is beyond the second."""
        del end
        return start

    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        """PP-4, PP-5: where bins begin, from the start of the RoI, and where the last one ends."""
        if self.is_whole:
            return positions(extent, bins, self.dialect.edges, self.dtype)
        return tuple(p * extent / bins for p in range(bins + 1))

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        """PP-5, PP-6: the pixels of a bin that begins and ends at these positions."""
        return self.clip(math.floor(start + at), math.ceil(start + until), pixels)

    def clip(self, first: int, end: int, pixels: int) -> Window:
        """PP-6: what of a bin lies on the map."""
        last = pixels - 1 if self.dialect.clip == Clip.BEFORE_LAST else pixels
        low, high = (min(max(edge, 0), last) for edge in (first, end))
        return low, max(low, high)

    def average(self, total: Fraction, count: int) -> Fraction:
        """PP-7: the average of the pixels of a bin that has some."""
        return total / count

    def share(self, arriving: Fraction, count: int) -> Fraction:
        """PP-8: what each pixel of a bin that has some is sent."""
        return self.average(arriving, count)


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


def axis_between(span: tuple[Fraction, Fraction], bins: int, pixels: int, rules: Rules) -> Axis:
    """The axis of a RoI that begins and ends there."""
    start, extent = rules.first(*span), rules.extent(*span)
    at = rules.positions(extent, bins)
    windows = (rules.window(start, here, there, pixels) for here, there in itertools.pairwise(at))
    return Axis(start, extent, tuple(windows))


def axis(y1: Fraction, y2: Fraction, scale: Fraction, bins: int, pixels: int, rules: Rules) -> Axis:
    """The axis of a RoI whose corners are at y1 and y2, in image pixels."""
    first, second = rules.unrounded(y1, y2, scale)
    return axis_between(rules.span(rules.snap(first), rules.snap(second), scale), bins, pixels, rules)


def image_of(row: Sequence[float], images: int) -> int | None:
    """The image of a RoI; None if it cannot be pooled: it has no such image, or no finite corners."""
    if not all(math.isfinite(number) for number in row) or not 0 <= int(row[0]) < images:
        return None
    return int(row[0])


def stages(
    row: Sequence[float], shape: Sequence[int], output_size: Sequence[int], scale: Sequence[float], rules: Rules
) -> Stages | None:
    """Where the RoI of a row ``[batch_index, x1, y1, x2, y2]`` lies on maps ``(N, C, H, W)``; None if it cannot be pooled."""
    batch = image_of(row, shape[0])
    if batch is None:
        return None
    _, x1, y1, x2, y2 = map(Fraction, row)
    scale_y, scale_x = map(Fraction, scale)
    y = axis(y1, y2, scale_y, output_size[0], shape[2], rules)
    return Stages(batch, y, axis(x1, x2, scale_x, output_size[1], shape[3], rules))


def bins_of(roi: Stages | None) -> Iterator[tuple[int, int, Window, Window]]:
    """The bins of a RoI, with their windows of rows and columns; none if it cannot be pooled."""
    if roi:
        for (p, rows), (q, columns) in itertools.product(enumerate(roi.y.windows), enumerate(roi.x.windows)):
            yield p, q, rows, columns


def pixels_in(rows: Window, columns: Window) -> int:
    """How many pixels a bin has."""
    return (rows[1] - rows[0]) * (columns[1] - columns[0])
