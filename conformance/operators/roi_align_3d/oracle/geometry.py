"""Where a RoI of a volume lies: RV-1 to RV-7, along each axis by the formulas of RoIAlign, and what its bins weigh there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects import roi_align as of_maps
from ....exact.budgets import quantum
from ....exact.numbers import common_denominator
from ....sampling.axis import Axis
from ....sampling.axis import Rules as RulesOfAxis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....kernels.dialects.roi_align_3d import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ....sampling.axis import Sample

    Triple = tuple[Fraction, Fraction, Fraction]

ZERO, ONE = Fraction(0), Fraction(1)
AXES = "zyx"
"""In the order of arrays; rows of boxes have them the other way round."""


class Rules:
    """The formulas under one dialect. Those of each axis, ``(z, y, x)``, are RoIAlign's."""

    along: tuple[type[RulesOfAxis], type[RulesOfAxis], type[RulesOfAxis]] = (RulesOfAxis, RulesOfAxis, RulesOfAxis)

    def __init__(self, dialect: Dialect) -> None:
        self.choices = dialect

    def axes(
        self, corners: Sequence[tuple[Fraction, Fraction]], shape: Sequence[int], bins: Sequence[int],
        scales: Sequence[Fraction], ratios: Sequence[int],
    ) -> list[Axis]:  # fmt: skip
        """RV-2 to RV-5: the axes of a RoI, of its corners along each."""
        dialect = of_maps.Dialect(offset=self.choices.offset, min_size=self.choices.min_size)
        given = zip(self.along, shape, bins, corners, scales, ratios, strict=True)
        return [Axis(rules(dialect), *each) for rules, *each in given]

    def corners(self, row: Sequence[Fraction]) -> list[tuple[Fraction, Fraction]]:
        """RV-1: the corners of a row of boxes along z, y and x."""
        x1, y1, z1, x2, y2, z2 = row
        return [(z1, z2), (y1, y2), (x1, x2)]

    def divisor(self, grids: Sequence[int]) -> int:
        """RV-8: what the sum of a bin is divided by."""
        return math.prod(grids) if min(grids) > 0 else 1

    def sent(self, divisor: int) -> Fraction:
        """RV-9, RV-10: by what is multiplied what a sample sends."""
        return Fraction(1, divisor)

    def numbers(self, by_axis: Sequence[Sequence[Any]]) -> list[Any]:
        """RV-10: the numbers of a row of boxes, from those of both corners along z, y and x."""
        (z1, z2), (y1, y2), (x1, x2) = by_axis
        return [x1, y1, z1, x2, y2, z2]


class Whole(NamedTuple):
    """Numbers as integers over one denominator."""

    integers: Array
    denominator: int


class Line:
    """An axis of a RoI: what each of its bins weighs there, in a window of the pixels that any of them reads.

    Attributes:
        axis: Where it lies.
        samples: Those of each bin that are inside.
        first: The first pixel of the window.
        pixels: How many it has.
    """

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self.samples: list[list[Sample]] = [list(axis.samples(p)) for p in range(axis.bins)]
        touched = [pixel for samples in self.samples for s in samples for pixel, _ in (s.low, s.high)]
        self.first = min(touched, default=0)
        self.pixels = max(touched, default=-1) + 1 - self.first

    @property
    def window(self) -> slice:
        """The pixels of the window."""
        return slice(self.first, self.first + self.pixels)

    def _matrix(self, of_samples: Any) -> Array:
        matrix: Array = np.full((self.axis.bins, self.pixels), ZERO, object)
        for p, samples in enumerate(self.samples):
            for sample in samples:
                for (pixel, _), number in zip((sample.low, sample.high), of_samples(p, sample), strict=True):
                    matrix[p, pixel - self.first] += number
        return matrix

    @cached_property
    def weights(self) -> Whole:
        """What each bin weighs each pixel with, not divided, ``(bins, pixels)``."""
        return Whole(*common_denominator(self._matrix(lambda _, s: (s.count * s.low[1], s.count * s.high[1]))))

    @cached_property
    def read(self) -> Array:
        """Which pixels each bin reads, be it with weight 0."""
        matrix = np.zeros((self.axis.bins, self.pixels), bool)
        for p, samples in enumerate(self.samples):
            for sample in samples:
                matrix[p, [sample.low[0] - self.first, sample.high[0] - self.first]] = True
        return matrix

    def motion(self, p: int, sample: Sample) -> tuple[Fraction, Fraction]:
        """RV-10: how the value of a sample moves along the axis as each of the corners does, in pixels to the image pixel."""
        rules = self.axis.rules
        if not rules.slope(sample.position, self.axis.pixels):
            return ZERO, ZERO
        return rules.motion(self.axis, p, sample.index)

    @cached_property
    def slopes(self) -> tuple[Whole, Whole]:
        """The derivatives of the weights by both corners."""
        first, second = (self._matrix(lambda p, s, n=n: (-self.motion(p, s)[n], self.motion(p, s)[n])) for n in (0, 1))
        return Whole(*common_denominator(first)), Whole(*common_denominator(second))

    @cached_property
    def steepest(self) -> tuple[Whole, Whole, Whole]:
        """What the derivatives by both corners, and by the position, would be if no term were negative."""
        found = [self._matrix(lambda p, s, n=n: (abs(self.motion(p, s)[n]),) * 2) for n in (0, 1)]
        found.append(
            self._matrix(lambda _, s: (ONE if self.axis.rules.slope(s.position, self.axis.pixels) else ZERO,) * 2)
        )
        first, second, one = (Whole(*common_denominator(each)) for each in found)
        return first, second, one

    @cached_property
    def quantum(self) -> Fraction:
        """The power of two of which the weights of all samples are multiples, at most 1; 0 if there is none."""
        weights = {weight for samples in self.samples for s in samples for _, weight in (s.low, s.high)}
        return min(quantum(weights), ONE)

    @cached_property
    def quantum_of_motion(self) -> Fraction:
        """The power of two of which all motions are multiples; 0 if there is none."""
        moved = {n for p, samples in enumerate(self.samples) for s in samples for n in self.motion(p, s)}
        return quantum(moved)


@dataclass(frozen=True, eq=False)
class Roi:
    """A RoI in feature pixels; ``lines`` are z, y and x."""

    image: int
    lines: tuple[Line, Line, Line]
    rules: Rules

    @property
    def grids(self) -> tuple[int, ...]:
        """RV-5: samples of a bin along each axis."""
        return tuple(line.axis.grid for line in self.lines)

    @cached_property
    def divisor(self) -> int:
        """RV-8."""
        return self.rules.divisor(self.grids)

    @cached_property
    def reads(self) -> bool:
        """Whether any sample is inside."""
        return all(line.pixels for line in self.lines)

    def part(self, image: Array) -> Array:
        """What its windows have of an image ``(C, D, H, W)``."""
        z, y, x = (line.window for line in self.lines)
        found: Array = image[:, z, y, x]
        return found


def roi_of(
    row: Sequence[float], shape: Sequence[int], bins: Sequence[int], scales: Sequence[Fraction], ratios: Sequence[int],
    rules: Rules, type_: FloatType,
) -> Roi | None:  # fmt: skip
    """The RoI of a row of boxes on volumes ``(N, C, D, H, W)``; None if it cannot be pooled.

    What does not fit ``type_``, that of coordinates, cannot be pooled.
    """
    if not all(map(math.isfinite, row)) or not 0 <= int(row[0]) < shape[0]:
        return None
    axes = rules.axes(rules.corners([Fraction(number) for number in row[1:]]), shape[2:], bins, scales, ratios)
    if any(_reaches_too_far(axis, type_) for axis in axes):
        return None
    z, y, x = map(Line, axes)
    return Roi(int(row[0]), (z, y, x), rules)


def _reaches_too_far(axis: Axis, type_: FloatType) -> bool:
    """Whether a corner, or the extent, of an axis is beyond the numbers of a type."""
    return any(map(type_.overflows, (*axis.box, axis.start, axis.end, axis.end - axis.start)))
