"""The faults behind `mutants.py` that are in a formula of the oracle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .....kernels.dialects.choices import Offset
from .....kernels.dialects.roi_align_rotated import Turn, Unit
from ....exact.numbers import HALF
from ..oracle.geometry import ONE, ZERO, Rules
from ..oracle.turning import QUARTERS, Turned, turned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ..oracle.geometry import Roi

_MANY = 40  # samples along an axis of a bin

# ---- RR-2: where the centre lies -------------------------------------------------------------------------------------


class OffsetForgotten(Rules):
    def centre(self, x: Fraction, scale: Fraction) -> Fraction:
        return x * scale


class OffsetAlways(Rules):
    def centre(self, x: Fraction, scale: Fraction) -> Fraction:
        return x * scale - HALF


class OffsetBeforeScale(Rules):
    def centre(self, x: Fraction, scale: Fraction) -> Fraction:
        return (x - HALF) * scale


class OffsetAdded(Rules):
    def centre(self, x: Fraction, scale: Fraction) -> Fraction:
        return x * scale + HALF


class OffsetOfSize(Rules):
    """The offset is taken from the size, too."""

    def size(self, w: Fraction, scale: Fraction) -> Fraction:
        return super().size(w, scale) - (HALF if self.dialect.offset == Offset.HALF else ZERO)


class ScaleForgotten(Rules):
    def centre(self, x: Fraction, scale: Fraction) -> Fraction:
        del scale
        return super().centre(x, ONE)

    def size(self, w: Fraction, scale: Fraction) -> Fraction:
        del scale
        return w


class SizeInImagePixels(Rules):
    def size(self, w: Fraction, scale: Fraction) -> Fraction:
        del scale
        return w


class ScaleInverted(Rules):
    def centre(self, x: Fraction, scale: Fraction) -> Fraction:
        return super().centre(x, 1 / scale)

    def size(self, w: Fraction, scale: Fraction) -> Fraction:
        return w / scale


class InclusiveSize(Rules):
    def size(self, w: Fraction, scale: Fraction) -> Fraction:
        return super().size(w, scale) + 1


class HalfSizes(Rules):
    """Width and height are taken for those from the centre on."""

    def size(self, w: Fraction, scale: Fraction) -> Fraction:
        return 2 * super().size(w, scale)


# ---- RR-3, RR-4: angles ----------------------------------------------------------------------------------------------


class OtherWay(Rules):
    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        found = super().turned(angle, type_)
        return found._replace(sin=-found.sin)


class OtherUnit(Rules):
    """Radians are taken for degrees, and degrees for radians."""

    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        found = turned(angle, degrees=self.dialect.unit == Unit.RADIANS)
        return found._replace(sin=-found.sin) if self.dialect.turn == Turn.CLOCKWISE else found


class NotTurned(Rules):
    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        return QUARTERS[0]


class TurnedToNearestQuarter(Rules):
    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        cos, sin, _ = super().turned(angle, type_)
        return QUARTERS[(0 if cos > 0 else 2) if abs(cos) >= abs(sin) else (1 if sin > 0 else 3)]


class HalfTurnsForgotten(Rules):
    """An angle counts modulo half a turn."""

    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        found = super().turned(angle, type_)
        is_back = found.sin < 0 or (found.sin == 0 and found.cos < 0)
        return Turned(-found.cos, -found.sin, found.is_exact) if is_back else found


class AngleWithoutSign(Rules):
    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        return super().turned(abs(angle), type_)


class QuarterMore(Rules):
    """Angles begin at the y axis."""

    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        found = super().turned(angle, type_)
        return Turned(-found.sin, found.cos, found.is_exact)


class CosineAndSineExchanged(Rules):
    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        found = super().turned(angle, type_)
        return Turned(found.sin, found.cos, found.is_exact)


class SmallAngle(Rules):
    """The sine is the angle, and the cosine 1."""

    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        found = super().turned(angle, type_)
        return Turned(ONE, found.sin, found.is_exact)


# ---- RR-5, RR-6: size and grid ---------------------------------------------------------------------------------------


class LeastSizeForgotten(Rules):
    def least(self, w: Fraction) -> Fraction:
        return w


class LeastSizeOne(Rules):
    def least(self, w: Fraction) -> Fraction:
        return max(w, ONE)


class SizeWithoutSign(Rules):
    def least(self, w: Fraction) -> Fraction:
        return super().least(abs(w))


class GridOneMore(Rules):
    def grid(self, size: Fraction, bins: int, sampling_ratio: int) -> int:
        return sampling_ratio if sampling_ratio > 0 else math.floor(size / bins) + 1


class GridFloor(Rules):
    def grid(self, size: Fraction, bins: int, sampling_ratio: int) -> int:
        return sampling_ratio if sampling_ratio > 0 else math.floor(size / bins)


class GridOfSize(Rules):
    """As many samples as the RoI has pixels."""

    def grid(self, size: Fraction, bins: int, sampling_ratio: int) -> int:
        return super().grid(size, 1, sampling_ratio)


class OneSample(Rules):
    def grid(self, size: Fraction, bins: int, sampling_ratio: int) -> int:
        return min(super().grid(size, bins, sampling_ratio), 1)


class AlwaysAdaptive(Rules):
    """But for boxes of which nobody would wait for the samples."""

    def grid(self, size: Fraction, bins: int, sampling_ratio: int) -> int:
        adaptive = super().grid(size, bins, 0)
        return adaptive if adaptive < _MANY else sampling_ratio


class TwoWhereAdaptive(Rules):
    def grid(self, size: Fraction, bins: int, sampling_ratio: int) -> int:
        return super().grid(size, bins, sampling_ratio if sampling_ratio > 0 else 2)


class GridsExchanged(Rules):
    def grids(self, size: tuple[Fraction, Fraction], bins: Sequence[int], ratio: Sequence[int]) -> tuple[int, int]:
        y, x = super().grids(size, bins, ratio)
        return x, y


class OneGridForBoth(Rules):
    def grids(self, size: tuple[Fraction, Fraction], bins: Sequence[int], ratio: Sequence[int]) -> tuple[int, int]:
        y, _ = super().grids(size, bins, ratio)
        return y, y


# ---- RR-7, RR-8: samples ---------------------------------------------------------------------------------------------


class SamplesAtStarts(Rules):
    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size, bins, grid, p, i) - HALF * size / bins / grid


class SamplesAtEnds(Rules):
    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size, bins, grid, p, i) + HALF * size / bins / grid


class FromTheCentre(Rules):
    """The RoI begins at its centre: that is taken for a corner."""

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size, bins, grid, p, i) + size / 2


class BinsReversed(Rules):
    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return -super().local(size, bins, grid, p, i)


class FirstBinOnly(Rules):
    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size, bins, grid, 0, i)


class BinsOneLess(Rules):
    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size * bins / max(bins - 1, 1), bins, grid, p, i)


class SamplesNotScaled(Rules):
    """Samples of a bin are as far apart as bins."""

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return -size / 2 + p * size / bins + (i + HALF) * size / bins


class XTurnedTheOtherWay(Rules):
    def rotated(self, v: Array, u: Array, cos: int, sin: int) -> tuple[Array, Array]:
        return v * cos - u * sin, u * cos - v * sin


class YTurnedTheOtherWay(Rules):
    def rotated(self, v: Array, u: Array, cos: int, sin: int) -> tuple[Array, Array]:
        return v * cos + u * sin, v * sin + u * cos


class ExchangedInX(Rules):
    def rotated(self, v: Array, u: Array, cos: int, sin: int) -> tuple[Array, Array]:
        return v * cos - u * sin, v * cos + u * sin


class OnlyYTurned(Rules):
    def rotated(self, v: Array, u: Array, cos: int, sin: int) -> tuple[Array, Array]:
        return super().rotated(v, u, cos, sin)[0], u * math.isqrt(cos * cos + sin * sin)


# ---- RR-9: value -----------------------------------------------------------------------------------------------------


class ClampedEverywhere(Rules):
    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        return np.ones(y.shape, bool)


class OutsideFromZero(Rules):
    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        return np.asarray((y >= 0) & (y <= (pixels - 1) * unit), bool)


class OutsideFromHalf(Rules):
    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        return np.asarray((2 * y >= -unit) & (2 * y <= (2 * pixels - 1) * unit), bool)


class LowBoundIsOutside(Rules):
    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        return np.asarray((y > -unit) & (y <= pixels * unit), bool)


class HighBoundIsOutside(Rules):
    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        return np.asarray((y >= -unit) & (y < pixels * unit), bool)


class FadesBelow(Rules):
    """Below the map values go on with the slope of its first cell."""

    def fraction(self, y: Array, low: Array, unit: int) -> Array:
        return super().fraction(y, low, unit)

    def clamped(self, y: Array, pixels: int, unit: int) -> Array:
        return np.where(y < 0, np.minimum(-y, (pixels - 1) * unit), super().clamped(y, pixels, unit))


class NearestPixel(Rules):
    def fraction(self, y: Array, low: Array, unit: int) -> Array:
        return np.asarray(2 * super().fraction(y, low, unit) >= unit, object) * unit


class WeightsExchanged(Rules):
    def fraction(self, y: Array, low: Array, unit: int) -> Array:
        return unit - super().fraction(y, low, unit)


class WeightsOfFiveBits(Rules):
    def fraction(self, y: Array, low: Array, unit: int) -> Array:
        rest: Array = 32 * super().fraction(y, low, unit) // unit * unit // 32
        return rest


# ---- RR-10, RR-11: divisors ------------------------------------------------------------------------------------------


class InsideCount(Rules):
    def divisor(self, grid: tuple[int, int], inside: Array) -> Array:
        counts: Array = np.maximum(inside.sum(axis=2), 1).astype(object)
        return counts


class Sums(Rules):
    def divisor(self, grid: tuple[int, int], inside: Array) -> Array:
        return np.ones(inside.shape[:2], object)


class OneAxisDivides(Rules):
    def divisor(self, grid: tuple[int, int], inside: Array) -> Array:
        return np.full(inside.shape[:2], max(grid[0], 1), object)


class SentInFull(Rules):
    def sent(self, divisor: Array) -> Array:
        return np.ones(divisor.shape, object)


class SentTwiceDivided(Rules):
    def sent(self, divisor: Array) -> Array:
        return divisor * divisor


# ---- RR-12: gradient for boxes ---------------------------------------------------------------------------------------

Moves = tuple[tuple["Array", "Array"], ...]


class InFeaturePixels(Rules):
    def moves(self, roi: Roi) -> Moves:
        *ways, angle = super().moves(roi)
        return *((y / roi.scale, x / roi.scale) for y, x in ways), angle


class AngleInRadians(Rules):
    def per_unit(self) -> Fraction:
        return ONE


class SharesOfPixels(Rules):
    """The size moves a sample by its distance from the centre, and not by its share of the size."""

    def share(self, roi: Roi, axis: int) -> Array:
        share: Array = super().share(roi, axis) * roi.size[axis]
        return share


class SharesFromTheCorner(Rules):
    def share(self, roi: Roi, axis: int) -> Array:
        share: Array = super().share(roi, axis) + HALF
        return share


class SizesMoveAlongTheMap(Rules):
    """The size moves samples along x and y, whichever way the RoI is turned."""

    def moves(self, roi: Roi) -> Moves:
        cx, cy, _, _, angle = super().moves(roi)
        still = np.full((1, 1, 1, 1), ZERO, object)
        return cx, cy, (still, self.share(roi, 1) * roi.scale), (self.share(roi, 0) * roi.scale, still), angle


class CentreMovesAlongTheRoi(Rules):
    def moves(self, roi: Roi) -> Moves:
        (_, scale), _, w, h, angle = super().moves(roi)
        cos, sin = roi.turned.cos, roi.turned.sin
        return (-scale * sin, scale * cos), (scale * cos, scale * sin), w, h, angle


class AngleWithoutWidth(Rules):
    """The angle moves samples by their place along the height alone."""

    def moves(self, roi: Roi) -> Moves:
        *ways, _ = super().moves(roi)
        turn = self.per_unit() * (-1 if self.dialect.turn == Turn.CLOCKWISE else 1)
        return *ways, (-roi.v * roi.turned.sin * turn, roi.v * roi.turned.cos * turn)


class AngleTheOtherWay(Rules):
    def moves(self, roi: Roi) -> Moves:
        *ways, (y, x) = super().moves(roi)
        return *ways, (-y, -x)


class AngleOfTheUpright(Rules):
    """The angle moves samples as if there were no turn yet."""

    def moves(self, roi: Roi) -> Moves:
        *ways, _ = super().moves(roi)
        turn = self.per_unit() * (-1 if self.dialect.turn == Turn.CLOCKWISE else 1)
        return *ways, (-roi.u * turn, roi.v * turn)


class HeldSizeMoves(Rules):
    def share(self, roi: Roi, axis: int) -> Array:
        return roi.shares(axis)


class SlopesInTheBands(Rules):
    """Samples that were moved to an edge of the map have a slope."""

    def slope(self, y: Array, pixels: int, unit: int) -> Array:
        return np.ones(y.shape, bool)


class OnlySlopesAlongY(Rules):
    def moves(self, roi: Roi) -> Moves:
        return tuple((y, x * 0) for y, x in super().moves(roi))


class OnlySlopesAlongX(Rules):
    def moves(self, roi: Roi) -> Moves:
        return tuple((y * 0, x) for y, x in super().moves(roi))
