"""The oracle's formulas, each with a fault."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from ....exact.numbers import HALF
from ..call import SIDES
from ..oracle.geometry import ONE, ZERO, Rules

if TYPE_CHECKING:
    from ..oracle.geometry import Box

_THIRTY_SECOND = Fraction(1, 32)

# ---- boxes -----------------------------------------------------------------------------------------------------------


class OffsetForgotten(Rules):
    def corner(self, x: Fraction) -> Fraction:
        return x


class OffsetAlways(Rules):
    def corner(self, x: Fraction) -> Fraction:
        return x - HALF


class OffsetAdded(Rules):
    def corner(self, x: Fraction) -> Fraction:
        return x + HALF


class WholePixels(Rules):
    """Corners are rounded down to whole pixels."""

    def corner(self, x: Fraction) -> Fraction:
        return Fraction(math.floor(super().corner(x)))


# ---- points ----------------------------------------------------------------------------------------------------------


class LastPointLeftOut(Rules):
    """As many points as `pool_size` says, from where a side begins."""

    def shares(self, pool_size: int) -> list[Fraction]:
        return super().shares(pool_size)[:-1]


class FirstPointLeftOut(Rules):
    def shares(self, pool_size: int) -> list[Fraction]:
        return super().shares(pool_size)[1:]


class EndsLeftOut(Rules):
    def shares(self, pool_size: int) -> list[Fraction]:
        return super().shares(pool_size)[1:-1] or [HALF]


class OnePointMore(Rules):
    def shares(self, pool_size: int) -> list[Fraction]:
        return super().shares(pool_size + 1)


class OnePointLess(Rules):
    """As many points as `pool_size` says, both ends among them."""

    def shares(self, pool_size: int) -> list[Fraction]:
        return super().shares(pool_size - 1) if pool_size > 1 else [ZERO]


class TwiceAsManyPoints(Rules):
    def shares(self, pool_size: int) -> list[Fraction]:
        return super().shares(2 * pool_size)


class PointsInTheMiddle(Rules):
    """A point in the middle of each part, as RoIAlign takes them."""

    def shares(self, pool_size: int) -> list[Fraction]:
        return [(i + HALF) / pool_size for i in range(pool_size)]


class PointBeyondTheEnd(Rules):
    def shares(self, pool_size: int) -> list[Fraction]:
        return [*super().shares(pool_size), Fraction(pool_size + 1, pool_size)]


class EndsAlone(Rules):
    def shares(self, pool_size: int) -> list[Fraction]:
        return [ZERO, ONE]


class FirstPointAlone(Rules):
    def shares(self, pool_size: int) -> list[Fraction]:
        return [ZERO]


class AlwaysTenParts(Rules):
    """As BorderDet is trained."""

    def shares(self, pool_size: int) -> list[Fraction]:
        return super().shares(10)


# ---- sides -----------------------------------------------------------------------------------------------------------


class FirstCornerAlways(Rules):
    """Bottom and right begin at the first corner, too."""

    def begins_at_second(self, side: int) -> bool:
        return False


class SecondCornerAlways(Rules):
    def begins_at_second(self, side: int) -> bool:
        return True


class OnlyBottomRunsBack(Rules):
    def begins_at_second(self, side: int) -> bool:
        return side == 2


class OnlyRightRunsBack(Rules):
    def begins_at_second(self, side: int) -> bool:
        return side == SIDES - 1


class SidesAcross(Rules):
    """Top and bottom run along y, left and right along x."""

    def runs_along_x(self, side: int) -> bool:
        return not super().runs_along_x(side)


class AllAlongX(Rules):
    def runs_along_x(self, side: int) -> bool:
        return True


class LengthsExchanged(Rules):
    """Top and bottom are as long as the box is high."""

    def length(self, box: Box, side: int) -> Fraction:
        return box.y2 - box.y1 if self.runs_along_x(side) else box.x2 - box.x1


class InclusiveLengths(Rules):
    """The second corner is the last pixel of a box."""

    def length(self, box: Box, side: int) -> Fraction:
        return super().length(box, side) + 1


class LengthsWithoutSign(Rules):
    def length(self, box: Box, side: int) -> Fraction:
        return abs(super().length(box, side))


class LeastLength(Rules):
    """Boxes are at least a pixel wide and high."""

    def length(self, box: Box, side: int) -> Fraction:
        return max(super().length(box, side), ONE)


class NoNegativeLengths(Rules):
    def length(self, box: Box, side: int) -> Fraction:
        return max(super().length(box, side), ZERO)


# ---- values ----------------------------------------------------------------------------------------------------------


class ClampedEverywhere(Rules):
    def inside(self, y: Fraction, pixels: int) -> bool:
        return True


class OutsideFromZero(Rules):
    def inside(self, y: Fraction, pixels: int) -> bool:
        return 0 <= y <= pixels - 1


class OutsideFromHalf(Rules):
    def inside(self, y: Fraction, pixels: int) -> bool:
        return -HALF <= y <= pixels - HALF


class LowBoundIsOutside(Rules):
    def inside(self, y: Fraction, pixels: int) -> bool:
        return -1 < y <= pixels


class HighBoundIsOutside(Rules):
    def inside(self, y: Fraction, pixels: int) -> bool:
        return -1 <= y < pixels


class OutsideDoesNotCount(Rules):
    def outside(self) -> int | None:
        return None


class OutsideIsOne(Rules):
    def outside(self) -> int | None:
        return 1


class FadesBelow(Rules):
    """What lies below the map is interpolated with the pixel on the other side of its edge."""

    def clamped(self, y: Fraction, pixels: int) -> Fraction:
        return super().clamped(abs(y), pixels)


class NearestPixel(Rules):
    def fraction(self, y: Fraction) -> Fraction:
        return ONE if super().fraction(y) >= HALF else ZERO


class LowerPixel(Rules):
    def fraction(self, y: Fraction) -> Fraction:
        return ZERO


class WeightsExchanged(Rules):
    def fraction(self, y: Fraction) -> Fraction:
        return 1 - super().fraction(y)


class WeightsOfFiveBits(Rules):
    def fraction(self, y: Fraction) -> Fraction:
        return math.floor(super().fraction(y) / _THIRTY_SECOND) * _THIRTY_SECOND


# ---- maxima ----------------------------------------------------------------------------------------------------------


class Average(Rules):
    def pooled(self, values: list[int]) -> int | Fraction:
        return Fraction(sum(values), len(values))


class Sum(Rules):
    def pooled(self, values: list[int]) -> int | Fraction:
        return sum(values)


class Minimum(Rules):
    def pooled(self, values: list[int]) -> int | Fraction:
        return min(values)


class LargestMagnitude(Rules):
    def pooled(self, values: list[int]) -> int | Fraction:
        return max(values, key=abs)


class MagnitudeOfMaximum(Rules):
    def pooled(self, values: list[int]) -> int | Fraction:
        return abs(max(values))


class MaximumFromZero(Rules):
    """A maximum that nothing below 0 exceeds."""

    def pooled(self, values: list[int]) -> int | Fraction:
        return max(*values, 0)


class LastPointPooled(Rules):
    def pooled(self, values: list[int]) -> int | Fraction:
        return values[-1]


# ---- gradients -------------------------------------------------------------------------------------------------------


class LastOfEqual(Rules):
    def winner(self, values: list[int]) -> int:
        return len(values) - 1 - values[::-1].index(max(values))


class AfterTheWinner(Rules):
    """The point that wins, counted from 1."""

    def winner(self, values: list[int]) -> int:
        return super().winner(values) + 1


class BeforeTheWinner(Rules):
    def winner(self, values: list[int]) -> int:
        return super().winner(values) - 1


class WinnerFromTheFarEnd(Rules):
    """The number of the winner counts from where the side ends."""

    def winner(self, values: list[int]) -> int:
        return len(values) - 1 - super().winner(values)


class LeastWins(Rules):
    def winner(self, values: list[int]) -> int:
        return values.index(min(values))


class LargestMagnitudeWins(Rules):
    def winner(self, values: list[int]) -> int:
        sizes = [abs(value) for value in values]
        return sizes.index(max(sizes))


class FirstPointWins(Rules):
    def winner(self, values: list[int]) -> int:
        return 0


class OutsideSends(Rules):
    """A point that is outside sends to the nearest pixels."""

    def sends(self, inside: bool) -> bool:
        return True


class PositiveMaximaSend(Rules):
    """What a maximum sends that is not positive, is lost."""

    def winner(self, values: list[int]) -> int:
        return super().winner(values) if max(values) > 0 else len(values)


Moves = tuple[tuple[Fraction, Fraction], ...]


class EndsExchanged(Rules):
    def moves(self, side: int, share: Fraction) -> Moves:
        return super().moves(side, 1 - share)


class OnlyTheBeginningMoves(Rules):
    """A point moves with the corner that its side begins at, as if the side could not grow."""

    def moves(self, side: int, share: Fraction) -> Moves:
        return super().moves(side, ZERO)


class SharesOfAHalf(Rules):
    def moves(self, side: int, share: Fraction) -> Moves:
        return super().moves(side, HALF)


class OnlyAlong(Rules):
    """Points move along their side alone."""

    def moves(self, side: int, share: Fraction) -> Moves:
        along_x = self.runs_along_x(side)
        return tuple((ZERO, x) if along_x else (y, ZERO) for y, x in super().moves(side, share))


class OnlyAcross(Rules):
    def moves(self, side: int, share: Fraction) -> Moves:
        along_x = self.runs_along_x(side)
        return tuple((y, ZERO) if along_x else (ZERO, x) for y, x in super().moves(side, share))


class NumbersOfPoints(Rules):
    """Shares of points that are not divided by the number of parts."""

    def moves(self, side: int, share: Fraction) -> Moves:
        return super().moves(side, share * 2)


class SlopesInTheBands(Rules):
    """Points that were moved to an edge of the map have a slope."""

    def slopes(self, y: Fraction, pixels: int) -> bool:
        return True


class SlopesFromTheLeft(Rules):
    def slopes(self, y: Fraction, pixels: int) -> bool:
        return 0 < y <= pixels - 1


class MovesAlongXAlone(Rules):
    def moves(self, side: int, share: Fraction) -> Moves:
        return tuple((ZERO, x) for _, x in super().moves(side, share))


class MovesAlongYAlone(Rules):
    def moves(self, side: int, share: Fraction) -> Moves:
        return tuple((y, ZERO) for y, _ in super().moves(side, share))
