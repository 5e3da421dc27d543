"""The geometry of one axis of a RoI, in rational arithmetic: where it lies, its bins, its samples and their weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from ...kernels.dialects.choices import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Offset, Outside
from ..exact.numbers import HALF, Exact, Real, Special

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...kernels.dialects.roi_align import Dialect

Interval = tuple[Fraction, Fraction]

Tap = tuple[int, Fraction]

FEW = 4  # samples that are looked at one by one


@dataclass(frozen=True, slots=True)
class Rules:
    """The formulas of the specification under one dialect. Written for y; those for x are the same."""

    dialect: Dialect

    def map(self, y: Fraction, scale: Fraction) -> Fraction:
        """RA-1: from image pixels to feature pixels."""
        match self.dialect.offset:
            case Offset.NONE:
                return y * scale
            case Offset.HALF:
                return y * scale - HALF
            case Offset.HALF_BEFORE_SCALE:
                return (y - HALF) * scale
            case Offset.PIXEL_CENTRE:
                return (y + HALF) * scale - HALF

    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> Interval:
        """RA-1, RA-2: start and end of the RoI in feature pixels."""
        return self.map(y1, scale), self.map(y2 + (1 if self.dialect.end == End.PLUS_ONE else 0), scale)

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        """RA-2: the extent of the RoI."""
        h = end - start
        match self.dialect.min_size:
            case MinSize.NONE:
                return h
            case MinSize.ZERO:
                return max(h, Fraction(0))
            case MinSize.ONE:
                return max(h, Fraction(1))

    def bin(self, extent: Fraction, bins: int) -> Fraction:
        """RA-3: the size of a bin."""
        return extent / bins

    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        """RA-4: samples per bin; none if it is not positive."""
        if sampling_ratio > 0:
            return sampling_ratio
        match self.dialect.adaptive:
            case Adaptive.CEIL:
                grid = math.ceil(bin_size)
            case Adaptive.FLOOR:
                grid = math.floor(bin_size)
            case Adaptive.ROUND:  # half away from zero
                grid = math.floor(abs(bin_size) + HALF) * (1 if bin_size > 0 else -1)
        return max(grid, 1) if self.dialect.empty_grid == EmptyGrid.ONE_SAMPLE else grid

    def taken(self, grid: int, sampling_ratio: int, pixels: int) -> int:
        """RA-4: how many samples of the grid are taken."""
        capped = self.dialect.grid_cap == GridCap.MAP and sampling_ratio <= 0
        return max(min(grid, pixels) if capped else grid, 0)

    def position(self, start: Fraction, bin_size: Fraction, grid: int, p: int, i: int) -> Fraction:
        """RA-5: where sample ``i`` of bin ``p`` lies; affine in ``i``."""
        return start + p * bin_size + (i + HALF) * bin_size / grid

    def inside(self, y: Fraction, pixels: int) -> bool:
        """RA-6: whether a sample is inside; the same for all farther than 2 pixels from the map, on each side."""
        return self.dialect.outside == Outside.CLAMP or -1 <= y <= pixels

    def clamp(self, y: Fraction, pixels: int) -> Fraction:
        """RA-6: the nearest point of the map."""
        return min(max(y, Fraction(0)), Fraction(pixels - 1))

    def weights(self, y: Fraction, pixels: int) -> tuple[Tap, Tap]:
        """RA-7: pixel and weight, ``(y_low, h_y)`` and ``(y_high, l_y)``, for a point of the map."""
        low = math.floor(y)
        high = min(low + 1, pixels - 1)
        return (low, 1 - (y - low)), (high, y - low)

    def average(self, total: Fraction, grid_y: int, grid_x: int) -> Exact:
        """RA-8: the average of a bin whose samples add up to ``total``."""
        if grid_y > 0 and grid_x > 0:
            return total / (grid_y * grid_x)
        divides_zero_by_zero = self.dialect.empty_grid == EmptyGrid.NAN and grid_y * grid_x == 0
        return Special.NAN if divides_zero_by_zero else Fraction(0)

    def maximum(self, values: Sequence[Fraction], any_outside: bool) -> Exact:
        """RA-9: the maximum of a bin, from the values of those of its samples (or their corners) that are inside."""
        candidates = list(values)
        if any_outside and self.dialect.max != Max.SAMPLE_INSIDE:
            candidates.append(Fraction(0))
        if self.dialect.max_start == -math.inf:
            return max(candidates) if candidates else Special.MINUS_INFINITY
        if self.dialect.max_start is not None:
            candidates.append(Fraction(self.dialect.max_start))
        return max(candidates, default=Fraction(0))

    def motion(self, axis: Axis, p: int, i: int) -> tuple[Fraction, Fraction]:
        """RA-16: by how much sample ``i`` of bin ``p`` moves, in feature pixels, when y1 does, and when y2 does."""
        if axis.extent > axis.end - axis.start:
            return axis.scale, Fraction(0)
        along = (p + (i + HALF) / axis.grid) / axis.bins
        return axis.scale * (1 - along), axis.scale * along

    def slope(self, y: Fraction, pixels: int) -> int:
        """RA-16: the derivative of ``l_y`` by the position of a sample that is inside, from the right."""
        return 1 if 0 <= y < pixels - 1 else 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample along one axis; or ``count`` alike, ``index`` the first. ``low``, ``high``: pixel and weight (RA-7)."""

    index: int
    count: int
    position: Fraction
    inside: bool
    low: Tap
    high: Tap


@dataclass
class Axis:
    """One axis of one RoI and what RA-1 to RA-4 make of it, in feature pixels.

    Given ``pixels`` (H), ``bins`` (P_h), ``box`` (y1, y2) in image pixels, and ``scale``, it has ``start`` and ``end``
    (y1', y2'), ``extent`` (h), ``bin``, ``grid`` (g, maybe negative), and ``taken``, the samples taken per bin.
    """

    rules: Rules
    pixels: int
    bins: int
    box: Interval
    scale: Fraction
    sampling_ratio: int

    def __post_init__(self) -> None:
        """Applies RA-1 to RA-4."""
        self.start, self.end = self.rules.corners(*self.box, self.scale)
        self.extent = self.rules.extent(self.start, self.end)
        self.bin = self.rules.bin(self.extent, self.bins)
        self.grid = self.rules.grid(self.bin, self.sampling_ratio)
        self.taken = self.rules.taken(self.grid, self.sampling_ratio, self.pixels)

    def position(self, p: int, i: int) -> Fraction:
        """Where sample ``i`` of bin ``p`` lies."""
        return self.rules.position(self.start, self.bin, self.grid, p, i)

    def positions(self) -> list[list[Fraction]]:
        """Where all samples taken lie, ``[p][i]``."""
        return [[self.position(p, i) for i in range(self.taken)] for p in range(self.bins)]

    def sample(self, p: int, i: int, count: int = 1) -> Sample:
        """Sample ``i`` of bin ``p``, standing for ``count`` alike."""
        y = self.position(p, i)
        low, high = self.rules.weights(self.rules.clamp(y, self.pixels), self.pixels)
        return Sample(i, count, y, self.rules.inside(y, self.pixels), low, high)

    def samples(self, p: int) -> Iterator[Sample]:
        """The samples of bin ``p`` that are inside; of many, those far off the map on one side as one."""
        if self.taken <= FEW:
            yield from (sample for i in range(self.taken) if (sample := self.sample(p, i)).inside)
            return
        near = self.between(p, Fraction(-2), Fraction(self.pixels + 1))
        for run in (range(near.start), *(range(i, i + 1) for i in near), range(near.stop, self.taken)):
            if run and (sample := self.sample(p, run.start, run.stop - run.start)).inside:  # len() counts to 2^63
                yield sample

    def between(self, p: int, low: Fraction, high: Fraction) -> range:
        """Which samples of bin ``p`` lie in [low, high]; an empty range starts where they would be."""
        if not self.taken:
            return range(0)
        first = self.position(p, 0)
        step = self.position(p, 1) - first
        if step == 0:
            return range(self.taken if low <= first <= high else 0)
        start, stop = sorted(((low - first) / step, (high - first) / step))
        return range(*(min(max(i, 0), self.taken) for i in (math.ceil(start), math.floor(stop) + 1)))

    def beside_bounds(self, p: int) -> list[int]:
        """The samples of bin ``p`` that are nearest to −1 and to H, on both sides, and its first and last."""
        inside = self.between(p, Fraction(-1), Fraction(self.pixels))
        nearest = {0, inside.start - 1, inside.start, inside.stop - 1, inside.stop, self.taken - 1}
        return [i for i in sorted(nearest) if 0 <= i < self.taken]


class Stages(NamedTuple):
    """The stages of one RoI: the image it lies on, and its two axes."""

    batch: int
    y: Axis
    x: Axis


def stages(
    box: Sequence[Real],
    map_size: Sequence[int],
    output_size: tuple[int, int],
    spatial_scale: tuple[Real, Real],
    sampling_ratio: tuple[int, int],
    dialect: Dialect,
    rules: type[Rules] = Rules,
) -> Stages:
    """The stages of a RoI ``[batch_index, x1, y1, x2, y2]`` on a map of ``map_size``; pairs are ``(y, x)``."""
    batch, x1, y1, x2, y2, *scale = (Fraction(number) for number in (*box, *spatial_scale))
    axes = zip(map_size, output_size, ((y1, y2), (x1, x2)), scale, sampling_ratio, strict=True)
    return Stages(int(batch), *(Axis(rules(dialect), *axis) for axis in axes))
