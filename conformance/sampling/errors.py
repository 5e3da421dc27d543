"""How far the samples of an axis may be from where exact arithmetic has them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...kernels.dialects.choices import EmptyGrid, End, MinSize, Offset, Outside
from ..exact.floats import Approx, FloatType, as_float

if TYPE_CHECKING:
    from ..exact.numbers import Array
    from .axis import Axis, Sample


class AxisError:
    """The errors of one axis of one RoI whose coordinates are formed in ``type``."""

    def __init__(self, axis: Axis, type_: FloatType) -> None:
        self.axis, self.type = axis, type_
        dialect = axis.rules.dialect
        scale, half, one = (Approx.rounded(x, type_) for x in (axis.scale, Fraction(1, 2), Fraction(1)))
        first, last = (Approx.rounded(y, type_) for y in axis.box)
        if dialect.end == End.PLUS_ONE:
            last += one
        if dialect.offset in (Offset.NONE, Offset.HALF):
            start, end = first * scale, last * scale
        elif dialect.offset == Offset.HALF_BEFORE_SCALE:
            start, end = (first - half) * scale, (last - half) * scale
        else:
            start, end = (first + half) * scale, (last + half) * scale
        if dialect.offset in (Offset.HALF, Offset.PIXEL_CENTRE):
            start, end = start - half, end - half
        extent = end - start
        least = {MinSize.ONE: Fraction(1), MinSize.ZERO: Fraction(0)}.get(dialect.min_size)
        if least is not None and extent.value + Fraction(min(extent.error, 1e300)) <= least:
            extent = Approx(least, 0.0, type_)
        self.start, self.bin = start, Approx(axis.extent, extent.error, type_).over(axis.bins)

    @property
    def grid_is_fragile(self) -> bool:
        """Whether the adaptive grid is at a step (RA-4)."""
        axis, error = self.axis, self.bin.error
        if axis.sampling_ratio > 0:
            return False
        if math.isinf(error):
            return True
        grids = (axis.rules.grid(axis.bin + d, axis.sampling_ratio) for d in (-Fraction(error), Fraction(error)))
        least = -1 if axis.rules.dialect.empty_grid == EmptyGrid.NAN else 0  # what is less makes no difference (RA-8)
        return any(max(grid, least) != max(axis.grid, least) for grid in grids)

    def position(self, p: int, i: int) -> float:
        """The greatest error of the position of sample ``i`` of bin ``p``, in any order of evaluation."""
        grid, size, start, type_ = self.axis.grid, self.bin.value, self.start.value, self.type
        along, position = Fraction(2 * i + 1, 2), self.axis.position(p, i)
        counts = [Fraction(p), along, Fraction(grid)]
        steps = [*counts, p * size, start + p * size, along * size, along * size / grid, size / grid, along / grid]
        steps += [p + along / grid, (p + along / grid) * size, position]
        end, share = start + self.axis.extent, (p + along / grid) / self.axis.bins
        steps += [end, share, 1 - share, start * (1 - share), end * share]
        if self.start.error == self.bin.error == 0 and all(map(type_.represents, steps)):
            return 0.0
        reach = as_float(p + along / grid)
        roundings = 3 if all(map(type_.represents, counts)) else 6
        error = self.start.error + reach * self.bin.error
        # Either from the start on, or between both ends; each end errs no more than start and extent together.
        onward = reach * (abs(as_float(size)) + self.bin.error)
        between = abs(as_float(start)) + abs(as_float(end * share)) + error
        error += type_.gamma(roundings) * max(onward, between)
        sums = abs(as_float(start + p * size)) + abs(as_float(position)) + 2 * error
        overflow = any(map(type_.overflows, steps))
        return math.inf if overflow else error + type_.unit * sums * (1 + 2 * type_.unit) + 3 * type_.underflow

    def at_bound(self, p: int) -> list[int]:
        """Samples of bin ``p`` of which nobody can say whether they are inside (RA-6)."""
        axis = self.axis
        if axis.rules.dialect.outside == Outside.CLAMP or not axis.taken:
            return []
        found = []
        for i in axis.beside_bounds(p):
            if error := self.position(p, i):
                y = axis.position(p, i)
                if min(abs(y + 1), abs(y - axis.pixels)) <= error:
                    found.append(i)
        return found

    @cached_property
    def reach(self) -> Reach:
        """Where the samples of each bin may be."""
        reach = Reach.empty(self.axis.bins, self.axis.pixels)
        for p in range(self.axis.bins):
            reach.at_bound[p] = bool(self.at_bound(p))
            for sample in self.axis.samples(p):
                error = self.position(p, sample.index + sample.count - 1)
                if math.isinf(error):
                    reach.at_bound[p] = True
                else:
                    reach.add(p, sample, error)
        return reach


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the samples of each bin of one axis may be. A cell lies between a pixel and the next.

    Attributes are arrays (bins, pixels):
        total: Sum, over samples, of the distance by which they may move in a cell.
        greatest: Greatest error of any sample that may be in a cell.
        count: Number of samples that may be in a cell.
        may_read, must_read: Pixels that a sample may read, and surely reads.
        at_bound: (bins,) whether a sample may be inside or outside.
    """

    total: Array
    greatest: Array
    count: Array
    may_read: Array
    must_read: Array
    at_bound: Array

    @classmethod
    def empty(cls, bins: int, pixels: int) -> Reach:
        """The reach of no samples."""
        total, greatest, count = (np.zeros((bins, pixels)) for _ in range(3))
        may_read, must_read = (np.zeros((bins, pixels), bool) for _ in range(2))
        return cls(total, greatest, count, may_read, must_read, np.zeros(bins, bool))

    def add(self, p: int, sample: Sample, error: float) -> None:
        """Adds a sample of bin ``p``, or several at least 2 pixels off the map, with this error."""
        last = self.total.shape[1] - 1
        y = min(max(sample.position, Fraction(-2)), Fraction(last + 2))
        low, high = (min(max(y + d, Fraction(0)), Fraction(last)) for d in (-Fraction(error), Fraction(error)))
        cells = range(math.floor(low), math.floor(high) + 1)
        for cell in cells:
            passed = min(as_float(min(high, Fraction(cell + 1)) - max(low, Fraction(cell))), error)
            self.total[p, cell] += sample.count * passed
            self.count[p, cell] += sample.count
            self.greatest[p, cell] = max(self.greatest[p, cell], error if passed else 0.0)
            self.may_read[p, [cell, min(cell + 1, last)]] = True
        sure = range(cells[-1], min(cells[0] + 1, last) + 1)
        self.must_read[p, list(sure)] = True


def beside(cells: Array, on_last: int = 1) -> Array:
    """For each pixel the sum of what is known of the two cells beside it; that of the last cell ``on_last`` times.

    ``cells``, ``(bins, pixels)``, has the cells by their lower pixel.
    """
    sums: Array = cells + np.pad(cells[:, :-1], ((0, 0), (1, 0)))
    sums[:, -1] += (on_last - 1) * cells[:, -1]
    return sums
