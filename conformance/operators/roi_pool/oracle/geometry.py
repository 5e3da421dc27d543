"""Where a RoI lies on a map: its pixels, its bins, and what of these the map has (RP-1 to RP-6).

`Rules` holds the formulas, one method per step; a subclass that overrides one imitates a faulty implementation.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from .....kernels.dialects.choices import EmptyBin, MinSize, SnappedEnd
from .....kernels.dialects.roi_pool import EdgeShift, MaxStart, NanPixel
from ....exact.floats import FLOAT_TYPES
from ....exact.numbers import Exact, Special
from ....sampling.window import positions, snapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .....kernels.dialects.roi_pool import Dialect

ZERO = Fraction(0)

LOWEST = -Fraction(FLOAT_TYPES["float32"].largest)
"""The lowest number of float32."""

Window = tuple[int, int]
"""The first pixel of a bin along an axis, and the first after it; equal if it has none."""

Best = tuple[Exact | None, int | None]
"""A maximum, None if nobody can say; and which pixel of the bin it was read from, None if from none."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The formulas under one dialect, for maps of one data type. Written for y; those for x are the same."""

    dialect: Dialect
    dtype: str

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

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        """RP-2: where the RoI begins: at its first corner, even if that is beyond the second."""
        del end
        return start

    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        """RP-3, RP-4: where bins begin, from the start of the RoI, and where the last one ends."""
        return positions(extent, bins, self.dialect.edges, self.dtype)

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        """RP-4, RP-5: the pixels of a bin that begins and ends at these positions."""
        if self.dialect.shift == EdgeShift.INSIDE:
            return self.clip(math.floor(start + at), math.ceil(start + until), pixels)
        return self.clip(int(start) + math.floor(at), int(start) + math.ceil(until), pixels)

    def clip(self, first: int, end: int, pixels: int) -> Window:
        """RP-5: what of a bin lies on the map."""
        low, high = (min(max(edge, 0), pixels) for edge in (first, end))
        return low, max(low, high)

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

    def average(self, total: Fraction, count: int) -> Fraction:
        """RP-7': the average of the pixels of a bin that has some."""
        return total / count

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


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a RoI: from where, how many pixels, and the window of each bin."""

    start: Fraction
    extent: Fraction
    windows: tuple[Window, ...]


class Stages(NamedTuple):
    """Where a RoI lies: its image, and its axes."""

    batch: int
    y: Axis
    x: Axis


def axis_between(corners: tuple[Fraction, Fraction], bins: int, pixels: int, rules: Rules) -> Axis:
    """The axis of a RoI between snapped corners."""
    start, extent = rules.first(*corners), rules.extent(*corners)
    if extent <= 0:
        return Axis(start, extent, ((0, 0),) * bins)
    at = rules.positions(extent, bins)
    windows = (rules.window(start, here, there, pixels) for here, there in itertools.pairwise(at))
    return Axis(start, extent, tuple(windows))


def axis(y1: Fraction, y2: Fraction, scale: Fraction, bins: int, pixels: int, rules: Rules) -> Axis:
    """The axis of a RoI whose corners are at y1 and y2, in image pixels."""
    first, second = rules.corners(y1, y2, scale)
    return axis_between((rules.snap(first), rules.snap(second)), bins, pixels, rules)


def image_of(row: Sequence[float], images: int) -> int | None:
    """The image of a RoI; None if it cannot be pooled: it has no such image, or no finite corners."""
    if not all(math.isfinite(number) for number in row) or not 0 <= int(row[0]) < images:
        return None
    return int(row[0])


def stages(
    row: Sequence[float],
    shape: Sequence[int],
    output_size: Sequence[int],
    scale: Sequence[float],
    rules: Rules,
) -> Stages | None:
    """Where the RoI of a row ``[batch_index, x1, y1, x2, y2]`` lies on maps ``(N, C, H, W)``; None if it cannot be pooled."""
    batch = image_of(row, shape[0])
    if batch is None:
        return None
    _, x1, y1, x2, y2 = map(Fraction, row)
    scale_y, scale_x = map(Fraction, scale)
    y = axis(y1, y2, scale_y, output_size[0], shape[2], rules)
    return Stages(batch, y, axis(x1, x2, scale_x, output_size[1], shape[3], rules))
