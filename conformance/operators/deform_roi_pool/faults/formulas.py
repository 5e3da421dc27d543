"""The faults behind `mutants.py` that are in a formula of the oracle.

What becomes of samples is said of points, and so are its faults: `of_points` makes one of deformable RoIs from one of rotated
ones.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np

from ....exact.numbers import HALF
from ...roi_align_rotated.oracle.output import slopes
from ..oracle.geometry import ONE, ZERO, Roi, Rules, raw_slopes

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from ...roi_align_rotated.oracle import geometry
    from ..oracle.geometry import Pair

    Moves = tuple[tuple[Array, Array], ...]


def of_points(fault: type[geometry.Rules]) -> type[Rules]:
    """The formulas of deformable RoIs with a fault of rotated ones, in a formula that both have."""
    return cast("type[Rules]", type(fault.__name__, (fault, Rules), {}))


# ---- DP-2: corners ---------------------------------------------------------------------------------------------------


class HalfForgotten(Rules):
    def corner(self, x: Fraction, scale: Fraction) -> Fraction:
        return x * scale


class HalfBeforeScale(Rules):
    def corner(self, x: Fraction, scale: Fraction) -> Fraction:
        return (x - HALF) * scale


class HalfAdded(Rules):
    def corner(self, x: Fraction, scale: Fraction) -> Fraction:
        return x * scale + HALF


class ScaleForgotten(Rules):
    def corner(self, x: Fraction, scale: Fraction) -> Fraction:
        return super().corner(x, ONE)


class ScaleInverted(Rules):
    def corner(self, x: Fraction, scale: Fraction) -> Fraction:
        return super().corner(x, 1 / scale)


class CornersRounded(Rules):
    """Corners are whole pixels, as those of the position-sensitive kind are."""

    def corner(self, x: Fraction, scale: Fraction) -> Fraction:
        return super().corner(Fraction(round(x)), scale)


class InclusiveEnd(Rules):
    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        return super().extent(first, second) + 1


class LeastSizeOne(Rules):
    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        return max(super().extent(first, second), ONE)


class SizeWithoutSign(Rules):
    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        return abs(super().extent(first, second))


# ---- DP-3: samples ---------------------------------------------------------------------------------------------------


class BinsReversed(Rules):
    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return size - super().local(size, bins, grid, p, i)


class AroundTheCorner(Rules):
    """The first corner is taken for the centre."""

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size, bins, grid, p, i) - size / 2


class SamplesNotScaled(Rules):
    """Samples of a bin are as far apart as bins."""

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return p * size / bins + (i + HALF) * size / bins


# ---- DP-4: offsets ---------------------------------------------------------------------------------------------------


class OffsetsExchanged(Rules):
    """y comes before x."""

    def offsets(self, given: Array) -> tuple[Array, Array]:
        y, x = super().offsets(given)
        return x, y

    def given(self, y: Array, x: Array) -> list[Array]:
        return [y, x]


class OffsetsForgotten(Rules):
    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        del size, bins, gamma
        return ZERO


class OffsetsInPixels(Rules):
    """Offsets are not scaled by the size of the RoI."""

    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        del size, bins
        return gamma


class OffsetsOfBins(Rules):
    """Offsets are scaled by the size of a bin."""

    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        return super().reach(size, bins, gamma) / bins


class GammaForgotten(Rules):
    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        return super().reach(size, bins, ONE)


class GammaSquared(Rules):
    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        return super().reach(size, bins, gamma * gamma)


class GammaIsTheDefault(Rules):
    """Gamma is always 0.1."""

    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        return super().reach(size, bins, Fraction(0.1))


class OffsetsTheOtherWay(Rules):
    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        return -super().reach(size, bins, gamma)


class OffsetsOfSizesWithoutSign(Rules):
    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        return abs(super().reach(size, bins, gamma))


class WidthMovesAlongTheHeight(Rules):
    """The offset along x is scaled by the height, and that along y by the width."""

    def reaches(self, size: Pair, bins: tuple[int, int], gamma: Fraction) -> Pair:
        y, x = super().reaches(size, bins, gamma)
        return x, y


class OnlyMovedAlongX(Rules):
    def reaches(self, size: Pair, bins: tuple[int, int], gamma: Fraction) -> Pair:
        return ZERO, super().reaches(size, bins, gamma)[1]


class OnlyMovedAlongY(Rules):
    def reaches(self, size: Pair, bins: tuple[int, int], gamma: Fraction) -> Pair:
        return super().reaches(size, bins, gamma)[0], ZERO


class _Rearranged(Rules):
    """Offsets are looked for elsewhere; their gradient is written where it belongs."""

    def other(self, given: Array) -> Array:
        """Where they are looked for."""
        raise NotImplementedError

    def offsets(self, given: Array) -> tuple[Array, Array]:
        return super().offsets(self.other(given))


class OffsetsTransposed(_Rearranged):
    def other(self, given: Array) -> Array:
        return given.transpose(0, 2, 1).reshape(given.shape)


class OffsetsInPairs(_Rearranged):
    """Those of a bin follow each other, as deformable convolution has them."""

    def other(self, given: Array) -> Array:
        return given.reshape(-1, 2).T.reshape(given.shape)


class OffsetsOfTheFirstBin(_Rearranged):
    def other(self, given: Array) -> Array:
        return np.broadcast_to(given[:, :1, :1], given.shape)


class UnknownOffsetsAreNone(_Rearranged):
    """An offset that is no number moves nothing."""

    def other(self, given: Array) -> Array:
        known: Array = np.frompyfunc(lambda x: ZERO if x is None else x, 1, 1)(given)
        return known


# ---- DP-8: gradient for offsets --------------------------------------------------------------------------------------


class RawSlopes(Rules):
    """Slopes of cells extended beyond the edges."""

    def slopes(self, image: Array, roi: Roi) -> tuple[Array, Array]:
        return raw_slopes(image, roi)


class SlopesOfTheSurface(Rules):
    """The derivative, where another slope is asked for."""

    def slopes(self, image: Array, roi: Roi) -> tuple[Array, Array]:
        return slopes(image, roi)


class PullWithoutSize(Rules):
    def pull(self, roi: Roi, axis: int) -> Fraction:
        del axis
        return roi.gamma


class PullWithoutGamma(Rules):
    def pull(self, roi: Roi, axis: int) -> Fraction:
        return roi.size[axis]


class PullOfGammaSquared(Rules):
    def pull(self, roi: Roi, axis: int) -> Fraction:
        return super().pull(roi, axis) * roi.gamma


class PullOfBins(Rules):
    def pull(self, roi: Roi, axis: int) -> Fraction:
        return super().pull(roi, axis) / roi.bins[axis]


class PullOfTheOtherAxis(Rules):
    def pull(self, roi: Roi, axis: int) -> Fraction:
        return super().pull(roi, 1 - axis)


class PullInImagePixels(Rules):
    def pull(self, roi: Roi, axis: int) -> Fraction:
        return super().pull(roi, axis) / roi.scales[axis]


class PullWithoutSign(Rules):
    def pull(self, roi: Roi, axis: int) -> Fraction:
        return abs(super().pull(roi, axis))


class GradientsExchanged(Rules):
    """The gradients for x and y are exchanged."""

    def given(self, y: Array, x: Array) -> list[Array]:
        return [y, x]


class OnlySlopesAlongY(Rules):
    def slopes(self, image: Array, roi: Roi) -> tuple[Array, Array]:
        down, right = super().slopes(image, roi)
        return down, right * 0

    def moves(self, roi: geometry.Roi) -> Moves:
        return tuple((y, x * 0) for y, x in super().moves(roi))


class OnlySlopesAlongX(Rules):
    def slopes(self, image: Array, roi: Roi) -> tuple[Array, Array]:
        down, right = super().slopes(image, roi)
        return down * 0, right

    def moves(self, roi: geometry.Roi) -> Moves:
        return tuple((y * 0, x) for y, x in super().moves(roi))


class OneSampleSlopes(Rules):
    """Only the first sample of a bin is looked at."""

    def slopes(self, image: Array, roi: Roi) -> tuple[Array, Array]:
        down, right = super().slopes(image, roi)
        first = np.arange(down.shape[-1]) == 0
        return down * first, right * first


# ---- DP-9: gradient for boxes ----------------------------------------------------------------------------------------


class InFeaturePixels(Rules):
    def moves(self, roi: geometry.Roi) -> Moves:
        assert isinstance(roi, Roi)
        return tuple((y / roi.scales[0], x / roi.scales[1]) for y, x in super().moves(roi))


class OffsetsDoNotGrow(Rules):
    """Offsets do not move bins farther as the RoI grows."""

    def moved_by_size(self, roi: Roi, axis: int) -> Array:
        return super().moved_by_size(roi, axis) * ZERO  # type: ignore[no-any-return]


class OffsetsGrowTheOtherWay(Rules):
    def moved_by_size(self, roi: Roi, axis: int) -> Array:
        return -super().moved_by_size(roi, axis)


class SharesOfPixels(Rules):
    """A corner moves a sample by its distance from the other, and not by its share of the size."""

    def part(self, roi: Roi, axis: int) -> Array:
        part: Array = super().part(roi, axis) * roi.size[axis]
        return part


class SharesFromTheCentre(Rules):
    def part(self, roi: Roi, axis: int) -> Array:
        part: Array = super().part(roi, axis) - HALF
        return part


class CornersExchanged(Rules):
    def part(self, roi: Roi, axis: int) -> Array:
        part: Array = 1 - super().part(roi, axis)
        return part


class SharesOfBins(Rules):
    """All samples of a bin move as its beginning does."""

    def part(self, roi: Roi, axis: int) -> Array:
        bins = np.array([Fraction(p, roi.bins[axis]) for p in range(roi.bins[axis])], object)
        spread = bins[:, None, None, None] if axis == 0 else bins[None, :, None, None]
        part: Array = spread + self.moved_by_size(roi, axis)
        return part
