"""The faults behind `mutants.py` that are in a formula of orientations: RI-2 to RI-4, and how the angle moves them (RI-6)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from .....kernels.dialects.roi_align_rotated import Turn
from ..oracle.orienting import ONE, ZERO, Orienting

if TYPE_CHECKING:
    from .....kernels.dialects.riroi_align_rotated import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array

# ---- RI-2: the index -------------------------------------------------------------------------------------------------


class IndexOfTheTurn(Orienting):
    """The index is that of the way in which the box turns."""

    def index(self, angle: Fraction, quarter: int | None) -> Fraction:
        found = super().index(angle, quarter)
        return -found if self.dialect.turn == Turn.CLOCKWISE else found


class IndexOfTheOtherWay(Orienting):
    def index(self, angle: Fraction, quarter: int | None) -> Fraction:
        return -super().index(angle, quarter)


class IndexOfHalfTurns(Orienting):
    """All orientations are passed in half a turn."""

    def index(self, angle: Fraction, quarter: int | None) -> Fraction:
        return 2 * super().index(angle, quarter)


class IndexOfDegrees(Orienting):
    """The angle is taken for one in degrees."""

    def index(self, angle: Fraction, quarter: int | None) -> Fraction:
        return angle * self.orientations / 360


class IndexModuloHalfTurn(Orienting):
    """An orientation and its opposite are one."""

    def whole(self, index: Fraction) -> int:
        return super().whole(index) % max(self.orientations // 2, 1)


class IndexInHalf(Orienting):
    """The angle that the index is made of is in half precision."""

    def quarter(self, angle: Fraction, type_: FloatType) -> int | None:
        return None

    def index(self, angle: Fraction, quarter: int | None) -> Fraction:
        return super().index(Fraction(float(np.float16(float(angle)))), None)


class IndexComputed(Orienting):
    """No quarter turn is exact: the number that stands for one may lie before it."""

    def quarter(self, angle: Fraction, type_: FloatType) -> int | None:
        return None


class IndexTruncated(Orienting):
    """The whole orientation is the one nearer to none: a cast of a negative number to a whole one."""

    def whole(self, index: Fraction) -> int:
        return math.trunc(index)


class IndexRoundedUp(Orienting):
    def whole(self, index: Fraction) -> int:
        return math.ceil(index)


# ---- RI-3: the weights -----------------------------------------------------------------------------------------------


class WeightsExchanged(Orienting):
    def weights(self, index: Fraction, whole: int) -> tuple[Fraction, Fraction]:
        low, high = super().weights(index, whole)
        return high, low


class NearestOrientation(Orienting):
    """The nearest orientation is read alone."""

    def whole(self, index: Fraction) -> int:
        return round(index)

    def weights(self, index: Fraction, whole: int) -> tuple[Fraction, Fraction]:
        return ONE, ZERO


class WholeOrientation(Orienting):
    """The whole orientation is read alone."""

    def weights(self, index: Fraction, whole: int) -> tuple[Fraction, Fraction]:
        return ONE, ZERO


class HalfOfBoth(Orienting):
    """Both orientations count as much."""

    def weights(self, index: Fraction, whole: int) -> tuple[Fraction, Fraction]:
        return Fraction(1, 2), Fraction(1, 2)


class WholeInFull(Orienting):
    """The whole orientation counts in full, and the one after it besides."""

    def weights(self, index: Fraction, whole: int) -> tuple[Fraction, Fraction]:
        return ONE, super().weights(index, whole)[1]


# ---- RI-4: the channels ----------------------------------------------------------------------------------------------


def _within(channels: Array, count: int) -> Array:
    """Channels of the map, for those that would be read beside it."""
    return np.asarray(np.clip(channels, 0, max(count - 1, 0)), np.int64)


class Orientations(Orienting):
    """Channels that are formed otherwise."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        """Which orientation is read for another."""
        return (orientation - whole % self.orientations + n) % self.orientations

    def channels(self, count: int, whole: int) -> Array:
        orientation = np.arange(count) % self.orientations
        first = np.arange(count) - orientation
        return _within(np.stack([first + self.read(orientation, whole, n) for n in (0, 1)]), count)


class NotTurned(Orientations):
    """Channels are those of rotated RoIAlign."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        return (orientation + n) % self.orientations


class Added(Orientations):
    """The index is added."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        return (orientation + whole % self.orientations + n) % self.orientations


class OtherNeighbour(Orientations):
    """The other orientation is the one before, so that nothing jumps where the index is whole."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        return (orientation - whole % self.orientations - n) % self.orientations


class SameTwice(Orientations):
    """Both orientations are the same."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        return super().read(orientation, whole, 0)


class NeighbourOfNextFeature(Orientations):
    """The orientation after the last is the next feature's first."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        return super().read(orientation, whole, 0) + n


class NotAround(Orientations):
    """Before the first orientation and after the last there is nothing but these."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        return np.clip(orientation - whole % self.orientations + n, 0, self.orientations - 1)  # type: ignore[no-any-return]


class RemainderOfC(Orientations):
    """The remainder of a negative number is negative, and reads the feature before."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        less = orientation - int(math.fmod(whole, self.orientations)) + n
        return np.asarray(np.fmod(less, self.orientations), np.int64)


class AroundOnce(Orientations):
    """Orientations are added, or taken away, once: an angle of more than a turn reads another feature."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        found = orientation - max(min(whole, 2**20), -(2**20)) + n
        found = np.where(found < 0, found + self.orientations, found)
        return np.where(found >= self.orientations, found - self.orientations, found)


class FirstFeatureOnly(Orientations):
    """Orientations of the first feature alone are turned."""

    def channels(self, count: int, whole: int) -> Array:
        every, channel = super().channels(count, whole), np.arange(count)
        return np.where(channel < self.orientations, every, channel)


class OrientationsSlowest(Orienting):
    """The features of an orientation, and not the orientations of a feature, follow each other."""

    def channels(self, count: int, whole: int) -> Array:
        features = max(count // self.orientations, 1)
        orientation, feature = np.divmod(np.arange(count), features)
        turned = whole % self.orientations
        return np.stack([(orientation - turned + n) % self.orientations * features + feature for n in (0, 1)])


class AlwaysEight(Orientations):
    """There are always eight orientations, as by default."""

    def __init__(self, dialect: Dialect, orientations: int) -> None:
        del orientations
        super().__init__(dialect, 8)


class AlwaysOne(Orientations):
    """There is always one orientation."""

    def __init__(self, dialect: Dialect, orientations: int) -> None:
        del orientations
        super().__init__(dialect, 1)


class ReturnedAsRead(Orientations):
    """A gradient is mixed as the output is, and not the other way round."""

    def read(self, orientation: Array, whole: int, n: int) -> Array:
        return (orientation + whole % self.orientations - n) % self.orientations


# ---- RI-6: how the angle moves an index ------------------------------------------------------------------------------


class IndexStays(Orienting):
    def turns(self) -> Fraction:
        return ZERO


class IndexTurnsBack(Orienting):
    def turns(self) -> Fraction:
        return -super().turns()


class IndexTurnsWithTheBox(Orienting):
    """It grows as the box turns counter-clockwise."""

    def turns(self) -> Fraction:
        return super().turns() * (-1 if self.dialect.turn == Turn.CLOCKWISE else 1)


class IndexOfATurn(Orienting):
    """It grows by all orientations in a radian."""

    def turns(self) -> Fraction:
        return Fraction(self.orientations)


class IndexOfARadian(Orienting):
    """It grows by one in a radian."""

    def turns(self) -> Fraction:
        return ONE
