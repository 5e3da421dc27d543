"""The faults behind `mutants.py` that are PSRoIPool's own, each as a change to one formula of the oracle, or to a gradient."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from .....kernels.dialects.choices import CornerSnap
from ....operation import Operation
from ....sampling.window import snapped
from ....windows.faults import over_unclipped_bins
from ..oracle.answers import result_of
from ..oracle.geometry import ONE, ZERO, Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.numbers import Array
    from ....windows.asked import WindowCall
    from ....windows.geometry import Interval, Window

# ---- PP-1: which channel a bin reads ---------------------------------------------------------------------------------


class BinMajor(Rules):
    """All channels of a bin follow each other, and not all bins of a channel."""

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return (p * bins[1] + q) * self.of_output + c

    of_output = 0


def bin_major(asked: WindowCall[Rules]) -> WindowCall[Rules]:
    """A call whose channels are sorted by bins."""
    of_output = asked.pixels.shape[1] // max(1, math.prod(asked.output_size))
    rules = type("BinMajorOf", (BinMajor,), {"of_output": of_output})
    return replace(asked, rules=rules(asked.rules.dialect, asked.rules.dtype))


class RowsAndColumnsExchanged(Rules):
    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return (c * bins[1] + q) * bins[0] + p


class BinsReversed(Rules):
    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return (c * bins[0] + bins[0] - 1 - p) * bins[1] + bins[1] - 1 - q


class FirstBinsChannel(Rules):
    """Every bin reads the channel of the first: the pooling is not sensitive to positions."""

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return super().channel(c, 0, 0, bins)


class OneGroupForAll(Rules):
    """The channel of the output is left out."""

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return super().channel(0, p, q, bins)


class RowsForColumns(Rules):
    """As many columns of bins are taken for granted as there are rows."""

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return min((c * bins[0] + p) * bins[0] + q, (c + 1) * bins[0] * bins[1] - 1)


# ---- PP-2, PP-3: where the RoI lies ----------------------------------------------------------------------------------


class HalvesToEven(Rules):
    def snap(self, y: Fraction) -> Fraction:
        return snapped(y, CornerSnap.HALF_EVEN)


class HalvesUp(Rules):
    def snap(self, y: Fraction) -> Fraction:
        return snapped(y, CornerSnap.HALF_UP)


class NotSnapped(Rules):
    def snap(self, y: Fraction) -> Fraction:
        return y


class EndInclusive(Rules):
    """The second corner is the last pixel of the RoI, as it is to RoIPool."""

    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> Interval:
        start, end = super().span(first, second, scale)
        return start, end + ONE


class EndExclusive(Rules):
    """The second corner is no pixel of the box: 1 is not added to it."""

    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> Interval:
        first, second = super().corners(y1, y2, scale)
        return first, y2 if second == y2 + 1 else second

    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> Interval:
        return (first, second) if self.is_whole else (first * scale, second * scale)


class HalfPixelOffset(Rules):
    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> Interval:
        start, end = super().span(first, second, scale)
        return start - Fraction(1, 2), end - Fraction(1, 2)


class NoLeastSize(Rules):
    """A RoI whose end is not beyond its start has no pixels."""

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(end - start, ZERO)


# ---- PP-4 to PP-6: bins ----------------------------------------------------------------------------------------------


class WithoutOverlap(Rules):
    """Bins end where the next begins."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return self.clip(math.floor(start + at), math.floor(start + until), pixels)


class BeginsLate(Rules):
    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return self.clip(math.ceil(start + at), math.ceil(start + until), pixels)


class EndsOneLate(Rules):
    """``⌊(p + 1) · bin + start⌋ + 1``."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return self.clip(math.floor(start + at), math.floor(start + until) + 1, pixels)


class ShiftedAfterRounding(Rules):
    """The start, truncated, is added to edges that are whole pixels."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return self.clip(int(start) + math.floor(at), int(start) + math.ceil(until), pixels)


class ClippedToLast(Rules):
    """The last row and the last column are never read."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        low, high = (min(max(edge, 0), pixels - 1) for edge in (first, end))
        return low, max(low, high)


class ClippedToMap(Rules):
    """The last row and the last column are read like all others."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        low, high = (min(max(edge, 0), pixels) for edge in (first, end))
        return low, max(low, high)


# ---- PP-8: the gradient ----------------------------------------------------------------------------------------------


def of_maps(asked: WindowCall[Rules]) -> Array:
    """The gradient for the maps that a call asks for."""
    values: Array = result_of(asked, asked.rois, Operation.FEATURE_GRADIENT).values
    return values


def sent_unclipped(values: Array, asked: WindowCall[Rules]) -> Array:
    """Each pixel is sent the share of one of the pixels that its bin has before it is clipped."""
    del values
    return of_maps(replace(asked, grad=over_unclipped_bins(asked.arriving, asked)))
