"""The faults behind `mutants.py` that are in a formula of the oracle: of one axis, or of how axes go together."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....exact.numbers import HALF
from ....sampling.axis import Rules as RulesOfAxis
from ..oracle.geometry import AXES, ONE, ZERO, Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....sampling.axis import Axis


def along(fault: type[RulesOfAxis], axes: str = AXES) -> type[Rules]:
    """The formulas with a fault along some axes."""
    rules = tuple(fault if axis in axes else RulesOfAxis for axis in AXES)
    return type(f"{fault.__name__}Along{axes}", (Rules,), {"along": rules})


# ---- along an axis ---------------------------------------------------------------------------------------------------


class NotShifted(RulesOfAxis):
    def map(self, y: Fraction, scale: Fraction) -> Fraction:
        return y * scale


class Shifted(RulesOfAxis):
    def map(self, y: Fraction, scale: Fraction) -> Fraction:
        return y * scale - HALF


class ShiftedBeforeScale(RulesOfAxis):
    def map(self, y: Fraction, scale: Fraction) -> Fraction:
        return (y - HALF) * scale


class NotEnlarged(RulesOfAxis):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return end - start


class Enlarged(RulesOfAxis):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(end - start, ONE)


class GridFloor(RulesOfAxis):
    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        return sampling_ratio if sampling_ratio > 0 else math.floor(bin_size)


class OneSample(RulesOfAxis):
    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        return min(super().grid(bin_size, sampling_ratio), 1)


class HighPixelForgotten(RulesOfAxis):
    """Of the two pixels of a sample the first alone: four voxels of eight."""

    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        low, (high, _) = super().weights(y, pixels)
        return low, (high, ZERO)


class LowPixelForgotten(RulesOfAxis):
    """The second alone."""

    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        (low, _), high = super().weights(y, pixels)
        return (low, ZERO), high


class NoSlope(RulesOfAxis):
    def slope(self, y: Fraction, pixels: int) -> int:
        del y, pixels
        return 0


# ---- how axes go together --------------------------------------------------------------------------------------------


class GridOfYAlongZ(Rules):
    """The samples along y for those along z."""

    def axes(self, *given: Any) -> list[Axis]:
        z, y, x = super().axes(*given)
        z.grid, z.taken = y.grid, y.taken
        return [z, y, x]


class GridOfXForAll(Rules):
    def axes(self, *given: Any) -> list[Axis]:
        z, y, x = super().axes(*given)
        for axis in (z, y):
            axis.grid, axis.taken = x.grid, x.taken
        return [z, y, x]


class _OtherPixels(Rules):
    """Where a volume ends is looked for along another axis, of which there is as much."""

    def other(self, depth: int, height: int, width: int) -> tuple[int, int, int]:
        raise NotImplementedError

    def axes(
        self, corners: Sequence[tuple[Fraction, Fraction]], shape: Sequence[int], bins: Sequence[int],
        scales: Sequence[Fraction], ratios: Sequence[int],
    ) -> list[Axis]:  # fmt: skip
        depth, height, width = shape
        held = [min(pair) for pair in zip(self.other(depth, height, width), shape, strict=True)]
        return super().axes(corners, held, bins, scales, ratios)


class DepthOfHeight(_OtherPixels):
    """z is bounded by H, if that is less."""

    def other(self, depth: int, height: int, width: int) -> tuple[int, int, int]:
        del depth
        return height, height, width


class WidthOfDepth(_OtherPixels):
    """x is bounded by D, if that is less."""

    def other(self, depth: int, height: int, width: int) -> tuple[int, int, int]:
        del width
        return depth, height, depth


class DividesWithoutZ(Rules):
    """The samples of a slice alone are counted."""

    def divisor(self, grids: Sequence[int]) -> int:
        return super().divisor(grids[1:])


class DividesWithoutX(Rules):
    def divisor(self, grids: Sequence[int]) -> int:
        return super().divisor(grids[:2])


class DividesByOneAxis(Rules):
    """The samples along x, three times."""

    def divisor(self, grids: Sequence[int]) -> int:
        return super().divisor([grids[2]] * 3)


class Sums(Rules):
    def divisor(self, grids: Sequence[int]) -> int:
        del grids
        return 1


class SentInFull(Rules):
    def sent(self, divisor: int) -> Fraction:
        del divisor
        return ONE


class SentTwiceDivided(Rules):
    def sent(self, divisor: int) -> Fraction:
        return Fraction(1, divisor**2)


# ---- RV-10: gradient for boxes ---------------------------------------------------------------------------------------


class NumbersAxisByAxis(Rules):
    """Both corners along x come first."""

    def numbers(self, by_axis: Sequence[Sequence[Any]]) -> list[Any]:
        z, y, x = by_axis
        return [*x, *y, *z]


class NumbersFromZ(Rules):
    """Those along z come first in each corner."""

    def numbers(self, by_axis: Sequence[Sequence[Any]]) -> list[Any]:
        (z1, z2), (y1, y2), (x1, x2) = by_axis
        return [z1, y1, x1, z2, y2, x2]


class NumbersOfPlanes(Rules):
    """Those along z come last."""

    def numbers(self, by_axis: Sequence[Sequence[Any]]) -> list[Any]:
        (z1, z2), (y1, y2), (x1, x2) = by_axis
        return [x1, y1, x2, y2, z1, z2]


class CornersExchanged(Rules):
    def numbers(self, by_axis: Sequence[Sequence[Any]]) -> list[Any]:
        return super().numbers([pair[::-1] for pair in by_axis])
