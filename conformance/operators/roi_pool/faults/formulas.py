"""The faults behind `mutants.py` that are RoIPool's own, each as a change to one formula of the oracle, or to a gradient."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....operation import Operation
from ....windows.faults import pixels_of_bins
from ..oracle.answers import result_of
from ..oracle.geometry import ZERO, Best, Rules, greater

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .....kernels.dialects.roi_pool import MaxStart
    from ....exact.numbers import Array, Exact
    from ....windows.asked import WindowCall
    from ....windows.geometry import Interval, Window

# ---- RP-1 to RP-6: where the RoI and its bins lie --------------------------------------------------------------------


class SnappedBeforeScale(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> Interval:
        return super().corners(self.snap(y1), self.snap(y2), scale)


class HalfPixelOffset(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> Interval:
        first, second = super().corners(y1, y2, scale)
        return first - Fraction(1, 2), second - Fraction(1, 2)


class WithoutOverlap(Rules):
    """Bins end where the next begins."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return super().window(start, at, Fraction(math.floor(until)), pixels)


class BeginsLate(Rules):
    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return super().window(start, Fraction(math.ceil(at)), until, pixels)


class EndsOneLate(Rules):
    """``⌊(p + 1) · bin⌋ + 1``."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return super().window(start, at, Fraction(math.floor(until) + 1), pixels)


class LastPixelUnreachable(Rules):
    def clip(self, first: int, end: int, pixels: int) -> Window:
        return super().clip(first, end, max(pixels - 1, 1))


class EmptyIsLowest(Rules):
    def empty(self, mode: str) -> Exact:
        return super().greatest((), self.dialect.start)[0] or ZERO if mode == "max" else super().empty(mode)


# ---- RP-7: the maximum -----------------------------------------------------------------------------------------------


def begins_with(least: Fraction) -> type[Rules]:
    class Begins(Rules):
        def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
            value, at = super().greatest(numbers, begin)
            return (value, at) if value is not None and greater(value, least) else (least, None)

    return Begins


class LastOfEqual(Rules):
    def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
        numbers = list(numbers)
        value, at = super().greatest(numbers, begin)
        return value, at if at is None else max(n for n, number in numbers if number == value)


class Minimum(Rules):
    def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
        value, at = super().greatest([(n, -x if isinstance(x, Fraction) else x) for n, x in numbers], begin)
        return -value if isinstance(value, Fraction) else value, at


class MaximumOfMagnitude(Rules):
    def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
        return super().greatest([(n, abs(x) if isinstance(x, Fraction) else x) for n, x in numbers], begin)


class FirstPixel(Rules):
    def best(self, pixels: Sequence[Exact], *, ends_map: bool) -> Best:
        return super().best(pixels[:1], ends_map=ends_map)


class LastPixelMissing(Rules):
    def best(self, pixels: Sequence[Exact], *, ends_map: bool) -> Best:
        return super().best(pixels[:-1] or pixels, ends_map=ends_map)


# ---- RP-8: the gradient ----------------------------------------------------------------------------------------------


class RelativeWinner(Rules):
    """The argmax is counted from the corner of the bin, and taken for one counted from that of the map."""

    def winner(self, y: int, x: int, rows: Window, columns: Window, size: Sequence[int]) -> tuple[int, int]:
        return y - rows[0], x - columns[0]


class SwappedWinner(Rules):
    """``x · H + y``, read as if it were ``y · W + x``."""

    def winner(self, y: int, x: int, rows: Window, columns: Window, size: Sequence[int]) -> tuple[int, int]:
        at_y, at_x = divmod(x * size[0] + y, size[1])
        return at_y, at_x


def of_maps(asked: WindowCall[Rules]) -> Array:
    """The gradient for the maps that a call asks for."""
    values: Array = result_of(asked, asked.rois, Operation.FEATURE_GRADIENT).values
    return values


def empty_bins_send(values: Array, asked: WindowCall[Rules]) -> Array:
    """The argmax of an empty bin is pixel (0, 0)."""
    values = values.copy()
    for k, roi in enumerate(asked.rois):
        for (p, q), count in pixels_of_bins(roi).items():
            if roi and not count:
                values[roi.batch, :, 0, 0] += asked.arriving[k, :, p, q]
    return values


def last_bin_wins(values: Array, asked: WindowCall[Rules]) -> Array:
    """A gradient that is stored where it should be added: of the bins that share a pixel, the last one's remains."""
    assert asked.grad is not None
    for p, q in np.ndindex(*asked.output_size):
        only = asked.grad * 0
        only[:, :, p, q] = asked.grad[:, :, p, q]
        sent = of_maps(replace(asked, grad=only))
        values = np.where(sent != 0, sent, values)
    return values
