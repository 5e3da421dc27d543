"""How far the samples of a deformable RoI may be from where exact arithmetic has them.

Corners and sizes are followed operation by operation, and so is the greatest shift of a bin, ``gamma · size · offset``. The way
from the first corner to a sample is a share of the size, formed in any order of at most `_OF_WAY` roundings of numbers no
greater than it; where it lies is a sum of three, of at most `_OF_SUM` roundings. All of it is 0 where every number on the way is
one of the type.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from ....exact.floats import Approx, as_float
from ....exact.numbers import HALF
from .geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.floats import FloatType
    from .geometry import Roi

_OF_WAY = 10
_OF_SUM = 4
_SLACK = 1 + 1e-9


class RoiError:
    """What is known of the errors of a RoI of a row of boxes, whose coordinates are formed in ``type``; pairs are ``(y, x)``."""

    def __init__(self, roi: Roi, row: Sequence[float], ratio: tuple[int, int], type_: FloatType) -> None:
        """Follows corners, sizes and shifts."""
        self.roi, self.type, self._ratio = roi, type_, ratio
        _, x1, y1, x2, y2 = map(Fraction, row)
        half = Approx.rounded(HALF, type_)
        scales = [Approx.rounded(scale, type_) for scale in roi.scales]
        self._numbers = ((y1, y2), (x1, x2))
        self._corners = [
            tuple(Approx.rounded(x, type_) * scale - half for x in pair)
            for pair, scale in zip(self._numbers, scales, strict=True)
        ]
        self.sizes = tuple(second - first for first, second in self._corners)
        self.are_tidy = not any(each.error for pair in self._corners for each in pair)

    @cached_property
    def grid_is_open(self) -> bool:
        """Whether rounding decides how many samples there are (DP-3)."""
        for axis, size in enumerate(self.sizes):
            if self._ratio[axis] > 0:
                continue
            bin_size = size.over(self.roi.bins[axis])
            if math.isinf(bin_size.error):
                return True
            error = 2 * bin_size.error
            around = (max(math.ceil(bin_size.value + d), 0) for d in (-Fraction(error), Fraction(error)))
            if len(set(around)) > 1:
                return True
        return False

    @cached_property
    def are_exact(self) -> bool:
        """Whether every number on the way to every sample is one of the type, in whatever order it is formed."""
        return self.are_tidy and all(map(self.type.represents, set(self._steps())))

    def _steps(self) -> Iterator[Fraction]:
        for axis in (0, 1):
            yield from self._along(axis)

    def _along(self, axis: int) -> Iterator[Fraction]:
        roi = self.roi
        size, bins, grid, start = roi.size[axis], roi.bins[axis], roi.taken[axis], roi.start[axis]
        first, second = self._numbers[axis]
        scale = roi.scales[axis]
        yield from (scale, first * scale, second * scale, second - first, (second - first) * scale, size)
        if not grid:
            return
        one = size / bins
        shares = {(i + HALF) * one for i in range(grid)}
        ways = {share / grid for share in shares}
        starts = {p * one for p in range(bins)}
        within = {begin + way for begin in starts for way in ways}
        yield from {one, one / grid, *shares, *ways, *starts, *within}
        offsets = {x for x in roi.offsets[axis].flat if x is not None}
        if offsets - {ZERO}:
            yield from (roi.gamma, roi.reach[axis])
            yield from (roi.gamma * x for x in offsets)
        shifts = {roi.reach[axis] * x for x in offsets}
        moved = {start + shift for shift in shifts}
        yield from shifts | moved | {start}
        yield from {a + b for a in moved | {start} | shifts for b in starts | ways | within}

    @cached_property
    def positions(self) -> tuple[float, float]:
        """The errors of the positions of all samples, along y and x; 0 if there are none, infinite where there is no bound."""
        if self.are_exact:
            return 0.0, 0.0
        return self._of_axis(0), self._of_axis(1)

    def _of_axis(self, axis: int) -> float:
        size, start, type_ = self.sizes[axis], self._corners[axis][0], self.type
        # A bin whose offset is huge has no sample inside, and no error.
        offsets = [abs(x) for x in self.roi.offsets[axis].flat if x is not None]
        limit = _reachable(self.roi, axis)
        largest = max((x for x in offsets if x * abs(self.roi.reach[axis]) <= limit), default=ZERO)
        shift = Approx.rounded(self.roi.gamma, type_) * size * Approx.rounded(largest, type_)
        extent = abs(as_float(size.value)) + size.error
        error = start.error + shift.error * (1 + type_.gamma(2)) + size.error + type_.gamma(_OF_WAY) * extent
        magnitude = abs(as_float(start.value)) + abs(as_float(shift.value)) + extent + error
        if not magnitude <= type_.largest:
            return math.inf
        return (error + type_.gamma(_OF_SUM) * magnitude) * _SLACK + 20 * type_.underflow


def _reachable(roi: Roi, axis: int) -> Fraction:
    """Shifts greater than this leave nothing of a RoI on the map, whatever the rounding."""
    return 2 * (abs(roi.start[axis]) + abs(roi.size[axis]) + roi.pixels[axis] + 2)
