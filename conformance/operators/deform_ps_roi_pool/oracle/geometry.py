"""Where the samples of a deformable RoI lie whose corners are rounded: DQ-2 to DQ-6, in whole numbers of a common unit.

The geometry is that of deformable RoI pooling, of boxes whose corners are whole pixels already, and whose bins have one offset.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .....kernels.dialects.deform_ps_roi_pool import Knot, Part
from ....exact.numbers import HALF
from ...deform_roi_pool.oracle import geometry as of_bins
from ...roi_align_rotated.oracle.output import slopes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....kernels.dialects.deform_ps_roi_pool import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ...deform_roi_pool.oracle.geometry import Pair
    from ...roi_align_rotated.oracle.geometry import Line

ZERO, ONE = Fraction(0), Fraction(1)
TENTH = Fraction(1, 10)


class Rules(of_bins.Rules):
    """The formulas under one dialect."""

    choices: Dialect  # type: ignore[assignment]

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(cast("Any", dialect))

    def whole(self, x: Fraction) -> Fraction:
        """DQ-2: the nearest whole number; of two the one farther from 0."""
        return Fraction(math.floor(abs(x) + HALF) * (-1 if x < 0 else 1))

    def first(self, x: Fraction) -> Fraction:
        """DQ-2: the image pixel that a RoI begins with."""
        return self.whole(x)

    def end(self, x: Fraction) -> Fraction:
        """DQ-2: the image pixel after the last of a RoI."""
        return self.whole(x) + 1

    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        """DQ-3: width or height, from both corners in feature pixels."""
        return max(second - first, TENTH)

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        """DQ-4: where sample ``i`` of bin ``p`` lies along an axis of the RoI, from its first corner."""
        return p * size / bins + i * size / bins / grid

    def group(self, p: int, bins: int, groups: int) -> int:
        """DQ-1: the group of channels that bin ``p`` reads, along an axis."""
        return p * groups // bins

    def channel(self, c: int, group: tuple[int, int], groups: tuple[int, int], channels: int) -> int:
        """DQ-1: the channel of the map that is read for channel ``c`` of the output, of which there are so many."""
        del channels
        return (c * groups[0] + group[0]) * groups[1] + group[1]

    def class_of(self, c: int, channels: int, classes: int) -> int:
        """DQ-5: the class of a channel of the output."""
        return c * classes // channels

    def part_of(self, p: int, bins: int, parts: int, type_: FloatType) -> int:
        """DQ-5: the part whose offset moves bin ``p``, along an axis."""
        if self.choices.part == Part.EXACT:
            return p * parts // bins
        return math.floor(type_.nearest(type_.nearest(Fraction(p, bins)) * parts))

    def parts_of(self, bins: tuple[int, int], parts: tuple[int, int], type_: FloatType) -> tuple[list[int], list[int]]:
        """DQ-5: the same of all rows, and of all columns, of bins."""
        rows, columns = (
            [self.part_of(p, count, into, type_) for p in range(count)] for count, into in zip(bins, parts, strict=True)
        )
        return rows, columns

    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        """DQ-6: whether samples are inside along an axis of the map."""
        return np.asarray((2 * y >= -unit) & (2 * y <= (2 * pixels - 1) * unit), bool)

    def divisor(self, grid: tuple[int, int], inside: Array) -> Array:
        """DQ-7: what the sum of each bin ``(P_h, P_w)`` is divided by."""
        del grid
        counts: Array = np.maximum(inside.sum(axis=2), 1).astype(object)
        return counts

    def slope(self, y: Array, pixels: int, unit: int) -> Array:
        """DQ-9: whether the value of a sample changes along an axis of the map."""
        changes = super().slope(y, pixels, unit)
        return changes & (y % unit != 0).astype(bool) if self.choices.knot == Knot.NONE else changes

    def slopes(self, image: Array, roi: of_bins.Roi) -> tuple[Array, Array]:
        """DQ-9: of the value of each sample along y, and along x, over the unit of the other axis."""
        return slopes(image, roi)


class Roi(of_bins.Roi):
    """A RoI in feature pixels."""

    @cached_property
    def unmoved(self) -> tuple[Line, Line]:
        """Where all samples lie along y, and along x, before DQ-6 moves any."""
        return self._placed(0), self._placed(1)

    @cached_property
    def lines(self) -> tuple[Line, Line]:
        """The same after that: nobody needs to know exactly where beside the map a sample was. Slopes are those from before."""
        return self._moved(0), self._moved(1)

    def _moved(self, axis: int) -> Line:
        line = self.unmoved[axis]
        nearest = self.rules.clamped(line.at, self.pixels[axis], line.unit)
        return line._replace(at=np.where(line.inside, nearest, -2 * line.unit))


def roi_of(
    row: Sequence[float], offset: Array | None, shape: Sequence[int], bins: tuple[int, int], scales: Pair, ratio: tuple[int, int],
    gamma: Fraction, rules: Rules, type_: FloatType,
) -> Roi | None:  # fmt: skip
    """The RoI of a row whose corners are the first pixels of a box and those after its last; None if it cannot be pooled.

    All else is as for deformable RoI pooling.
    """
    found = of_bins.roi_of(row, offset, shape, bins, scales, ratio, gamma, rules, type_)
    if found is None:
        return None
    return Roi(**{name: getattr(found, name) for name in found.__dataclass_fields__})
