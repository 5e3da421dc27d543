"""The faults behind `mutants.py` that are in a formula of the oracle.

What becomes of samples is said of points, and what offsets do is said of deformable RoIs, and so are their faults: `inherited`
makes one of this operator from one of theirs.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .....kernels.dialects.deform_ps_roi_pool import Dialect, Knot, Part
from ....exact.numbers import HALF
from ..oracle.geometry import ONE, ZERO, Rules

if TYPE_CHECKING:
    from ....exact.floats import FloatType
    from ....exact.numbers import Array


def inherited(fault: type[Any]) -> type[Rules]:
    """The formulas of this operator with a fault of another one's, in a formula that both have."""
    return cast("type[Rules]", type(fault.__name__, (fault, Rules), {}))


# ---- DQ-1: channels --------------------------------------------------------------------------------------------------


class FirstGroup(Rules):
    """All bins read the first group."""

    def group(self, p: int, bins: int, groups: int) -> int:
        return 0


class GroupsInTurn(Rules):
    """A bin beyond the last group reads the first again."""

    def group(self, p: int, bins: int, groups: int) -> int:
        return p % groups


class GroupOfBin(Rules):
    """A bin reads the group of its number, or the last."""

    def group(self, p: int, bins: int, groups: int) -> int:
        return min(p, groups - 1)


class GroupRoundedUp(Rules):
    def group(self, p: int, bins: int, groups: int) -> int:
        return min(-(-p * groups // bins), groups - 1)


class GroupsFirst(Rules):
    """The channels of a group follow each other."""

    def channel(self, c: int, group: tuple[int, int], groups: tuple[int, int], channels: int) -> int:
        return (group[0] * groups[1] + group[1]) * channels + c


class GroupsTransposed(Rules):
    def channel(self, c: int, group: tuple[int, int], groups: tuple[int, int], channels: int) -> int:
        return (c * groups[1] + group[1]) * groups[0] + group[0]


class SameChannel(Rules):
    """Channel c of the output is channel c of the map."""

    def channel(self, c: int, group: tuple[int, int], groups: tuple[int, int], channels: int) -> int:
        return c


# ---- DQ-2, DQ-3: corners and size ------------------------------------------------------------------------------------


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


class NotRounded(Rules):
    def whole(self, x: Fraction) -> Fraction:
        return x


class HalfToEven(Rules):
    def whole(self, x: Fraction) -> Fraction:
        return Fraction(round(x))


class HalfUp(Rules):
    def whole(self, x: Fraction) -> Fraction:
        return Fraction(math.floor(x + HALF))


class CutOff(Rules):
    def whole(self, x: Fraction) -> Fraction:
        return Fraction(math.trunc(x))


class RoundedDown(Rules):
    def whole(self, x: Fraction) -> Fraction:
        return Fraction(math.floor(x))


class RoundedAfterScale(Rules):
    def first(self, x: Fraction) -> Fraction:
        return x

    def end(self, x: Fraction) -> Fraction:
        return x + 1

    def corner(self, x: Fraction, scale: Fraction) -> Fraction:
        return self.whole(x * scale) - HALF


class EndIsAfterTheLast(Rules):
    """The second corner is the first pixel after the box."""

    def end(self, x: Fraction) -> Fraction:
        return self.whole(x)


class OneAddedFirst(Rules):
    """1 is added before the second corner is rounded, as OpenVINO does in PSRoIPool."""

    def end(self, x: Fraction) -> Fraction:
        return self.whole(x + 1)


class OneFeaturePixelMore(Rules):
    """1 is added to the size in feature pixels."""

    def end(self, x: Fraction) -> Fraction:
        return self.whole(x)

    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        return super().extent(first, second + 1)


class SizeNotHeld(Rules):
    """A size may be 0, or negative."""

    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        return second - first


class LeastSizeZero(Rules):
    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        return max(second - first, ZERO)


class LeastSizeOne(Rules):
    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        return max(second - first, ONE)


class SizeWithoutSign(Rules):
    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        return super().extent(ZERO, abs(second - first))


# ---- DQ-4: samples ---------------------------------------------------------------------------------------------------


class InTheMiddle(Rules):
    """Samples lie in the middle of their cells."""

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size, bins, grid, p, i) + HALF * size / bins / grid


class AtTheEnd(Rules):
    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size, bins, grid, p, i + 1)


class FromEndToEnd(Rules):
    """The last sample of a bin lies at its end."""

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return p * size / bins + i * size / bins / max(grid - 1, 1)


class BinsReversed(Rules):
    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return super().local(size, bins, grid, bins - 1 - p, i)


class SamplesNotScaled(Rules):
    """Samples of a bin are as far apart as bins."""

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        return (p + i) * size / bins


# ---- DQ-5: offsets ---------------------------------------------------------------------------------------------------


class ClassesInTurn(Rules):
    """Channels that follow each other are of other classes."""

    def class_of(self, c: int, channels: int, classes: int) -> int:
        return c % classes


class PartOfBin(Rules):
    """A bin is moved by the offset of its number, or the last."""

    def part_of(self, p: int, bins: int, parts: int, type_: FloatType) -> int:
        return min(p, parts - 1)


class PartRoundedUp(Rules):
    def part_of(self, p: int, bins: int, parts: int, type_: FloatType) -> int:
        return min(-(-p * parts // bins), parts - 1)


class PartsInTurn(Rules):
    def part_of(self, p: int, bins: int, parts: int, type_: FloatType) -> int:
        return p % parts


class PartsOfTheOtherAxis(Rules):
    """Rows are divided by the number of columns of parts, and columns by that of rows."""

    def parts_of(self, bins: tuple[int, int], parts: tuple[int, int], type_: FloatType) -> tuple[list[int], list[int]]:
        rows, columns = super().parts_of(bins, (parts[1], parts[0]), type_)
        return [min(p, parts[0] - 1) for p in rows], [min(q, parts[1] - 1) for q in columns]


class PartExact(Rules):
    """Parts are found in whole numbers, where a quotient is to be rounded."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(Dialect(part=Part.EXACT, knot=dialect.knot))


class PartRounded(Rules):
    """A quotient is rounded, where parts are to be found in whole numbers."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(Dialect(part=Part.ROUNDED, knot=dialect.knot))


# ---- DQ-6, DQ-7: value and average -----------------------------------------------------------------------------------


class OutsideFromOne(Rules):
    """As in RoIAlign."""

    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        return np.asarray((y >= -unit) & (y <= pixels * unit), bool)


class LowBoundIsOutside(Rules):
    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        return np.asarray((2 * y > -unit) & (2 * y <= (2 * pixels - 1) * unit), bool)


class HighBoundIsOutside(Rules):
    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        return np.asarray((2 * y >= -unit) & (2 * y < (2 * pixels - 1) * unit), bool)


class AllSamplesDivide(Rules):
    """The sum is divided by the number of all samples."""

    def divisor(self, grid: tuple[int, int], inside: Array) -> Array:
        return np.full(inside.shape[:2], max(grid[0] * grid[1], 1), object)


class CountOfOneAxis(Rules):
    """The count is that of the rows of samples of which one is inside."""

    def divisor(self, grid: tuple[int, int], inside: Array) -> Array:
        rows = inside.reshape(*inside.shape[:2], max(grid[0], 1), -1).any(axis=3).sum(axis=2)
        counts: Array = np.maximum(rows, 1).astype(object)
        return counts


# ---- DQ-9: gradient for offsets -------------------------------------------------------------------------------------


class SlopesAtPixels(Rules):
    """A sample on a pixel has the slope of the cell after it, where it is to have none."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(Dialect(part=dialect.part, knot=Knot.NEXT))


class NoSlopesAtPixels(Rules):
    """A sample on a pixel has no slope, where it is to have that of the cell after it."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(Dialect(part=dialect.part, knot=Knot.NONE))
