"""Where a RoI lies on a map: its bins, what of these the map has, and which channel each reads (PP-1 to PP-6).

`Rules` holds the formulas, one method per step; a subclass that overrides one imitates a faulty implementation.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from .....kernels.dialects.choices import CornerSnap
from .....kernels.dialects.ps_roi_pool import Clip, Corners, LeastSize
from ....sampling.window import positions, snapped
from ....windows.geometry import WindowRules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....kernels.dialects.ps_roi_pool import Dialect
    from ....windows.geometry import Window

ZERO, ONE = Fraction(0), Fraction(1)


class Rules(WindowRules):
    """The formulas under one dialect, for maps of one data type. Written for y; those for x are the same."""

    __slots__ = ()
    dialect: Dialect

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

    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
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

    def share(self, arriving: Fraction, count: int) -> Fraction:
        """PP-8: what each pixel of a bin that has some is sent."""
        return self.average(arriving, count)
