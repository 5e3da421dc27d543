"""Where a RoI lies on a map: its pixels, its bins, and what of these the map has (RP-1 to RP-6).

`Rules` holds the formulas, one method per step; a subclass that overrides one imitates a faulty implementation.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from .....kernels.dialects.choices import EmptyBin, MinSize, SnappedEnd
from .....kernels.dialects.roi_pool import EdgeShift, MaxStart, NanPixel
from ....exact.floats import FLOAT_TYPES
from ....exact.numbers import Exact, Special
from ....sampling.window import positions, snapped
from ....windows.geometry import WindowRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .....kernels.dialects.roi_pool import Dialect
    from ....windows.geometry import Window

ZERO = Fraction(0)

LOWEST = -Fraction(FLOAT_TYPES["float32"].largest)
"""The lowest number of float32."""

Best = tuple[Exact | None, int | None]
"""A maximum, None if nobody can say; and which pixel of the bin it was read from, None if from none."""


class Rules(WindowRules):
    """The formulas under one dialect, for maps of one data type. Written for y; those for x are the same."""

    __slots__ = ()
    dialect: Dialect

    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        """RP-1, but for the snap: the corners in feature pixels."""
        return y1 * scale, (y2 + (self.dialect.end == SnappedEnd.BEFORE_SCALE)) * scale

    def snap(self, y: Fraction) -> Fraction:
        """RP-1: the pixel that a corner becomes."""
        return snapped(y, self.dialect.snap)

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        """RP-2: the pixels of the RoI; with no least size, what is not positive stands for none."""
        pixels = end - start + (self.dialect.end == SnappedEnd.INCLUSIVE)
        return max(pixels, Fraction(1)) if self.dialect.min_size == MinSize.ONE else pixels

    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        """RP-3, RP-4: where bins begin, from the start of the RoI, and where the last one ends."""
        return positions(extent, bins, self.dialect.edges, self.dtype)

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        """RP-4, RP-5: the pixels of a bin that begins and ends at these positions."""
        if self.dialect.shift == EdgeShift.INSIDE:
            return self.clip(math.floor(start + at), math.ceil(start + until), pixels)
        return self.clip(int(start) + math.floor(at), int(start) + math.ceil(until), pixels)

    def windows(self, start: Fraction, extent: Fraction, bins: int, pixels: int) -> tuple[Window, ...]:
        """RP-4 to RP-6: the pixels of all bins; none if the RoI has no extent."""
        return super().windows(start, extent, bins, pixels) if extent > 0 else ((0, 0),) * bins

    def empty(self, mode: str) -> Exact:
        """RP-6: the value of a bin without pixels."""
        is_infinite = mode == "max" and self.dialect.empty == EmptyBin.MINUS_INFINITY
        return Special.MINUS_INFINITY if is_infinite else ZERO

    def best(self, pixels: Sequence[Exact], *, ends_map: bool) -> Best:
        """RP-7, RP-9: the greatest of the pixels of a bin, which come row by row; of equal ones the first.

        ``ends_map`` says that the last of them is the map's last, too.
        """
        numbers = list(enumerate(pixels))
        if any(pixel is Special.NAN for pixel in pixels):
            match self.dialect.nan:
                case NanPixel.UNKNOWN:
                    return None, None
                case NanPixel.PROPAGATES:
                    return Special.NAN, None
                case NanPixel.IF_FIRST if pixels[0] is Special.NAN:
                    return Special.NAN, None
                case NanPixel.IF_LAST | NanPixel.IF_LAST_OF_MAP as choice:
                    last = max(n for n, pixel in numbers if pixel is Special.NAN)
                    numbers = numbers[last + 1 :]
                    if not numbers and (choice == NanPixel.IF_LAST or ends_map):
                        return Special.NAN, None
                    # What comes next takes the place of the NaN, and of all before it.
                    return self.greatest(numbers, MaxStart.MINUS_INFINITY)
            numbers = [(n, pixel) for n, pixel in numbers if pixel is not Special.NAN]
        return self.greatest(numbers, self.dialect.start)

    def start(self, begin: MaxStart) -> Exact:
        """RP-7: what a maximum begins with."""
        lowest = {MaxStart.LOWEST: LOWEST, MaxStart.LOWEST_OF_MAP: -Fraction(FLOAT_TYPES[self.dtype].largest)}
        return lowest.get(begin, Special.MINUS_INFINITY)

    def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
        """RP-7: the greatest of numbers and where it is, unless it is what the maximum begins with."""
        value = start = self.start(begin)
        at: int | None = None
        for n, number in numbers:
            if greater(number, value):
                value, at = number, n
        if at is None and isinstance(start, Fraction) and FLOAT_TYPES[self.dtype].overflows(start):
            return Special.MINUS_INFINITY, None  # float32's lowest number, rounded to a type that lacks it
        return value, at

    def winner(self, y: int, x: int, rows: Window, columns: Window, size: Sequence[int]) -> tuple[int, int]:
        """RP-8: the pixel that receives the gradient of a bin whose maximum is in row y and column x of the map."""
        del rows, columns, size
        return y, x


def greater(a: Exact, b: Exact) -> bool:
    """Whether ``a > b``; neither is NaN."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a > b
    return _rank(a) > _rank(b)


def _rank(number: Exact) -> int:
    return {Special.INFINITY: 1, Special.MINUS_INFINITY: -1}.get(number, 0) if isinstance(number, Special) else 0
