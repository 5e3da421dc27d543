"""The exact reference: RoIAlign in rational arithmetic, written as ``SPECIFICATION.md`` reads.

`Rules` holds the formulas, one method per step of a rule; a faulty implementation can be imitated by a subclass that overrides
one of them. The rest of the module applies them. It takes two short cuts, neither of which rounds:

* Far from the map, samples of a bin all behave alike. They are kept as one `Sample` with a ``count``, so that a box of a
  million pixels costs no more than the map is large.
* The weights of a sample are products of a weight along y and one along x. So a sum over samples is a product of matrices
  ``Y · F · Xᵀ``: for an average each bin has one row of summed weights, for a maximum one row per sample (or corner). The
  matrices hold integers over a common denominator, because Python multiplies these much faster than fractions.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..kernels.dialect import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Offset, Outside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ..kernels.dialect import Dialect

    Array = NDArray[Any]
    Interval = tuple[Fraction, Fraction]
    Real = int | float | Fraction

HALF = Fraction(1, 2)


class Special(StrEnum):
    """A value that is not a number."""

    NAN = "nan"
    NONFINITE = "nonfinite"
    """Infinite or NaN: nobody can say which (RA-11)."""
    MINUS_INFINITY = "-inf"
    """Only as the start of a maximum over nothing (RA-9)."""


Exact = Fraction | Special


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

    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        """RA-1: start and end of the RoI in feature pixels."""
        end = 1 if self.dialect.end == End.PLUS_ONE else 0
        return self.map(y1, scale), self.map(y2 + end, scale)

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        """RA-2: the extent of the RoI."""
        match self.dialect.min_size:
            case MinSize.NONE:
                return end - start
            case MinSize.ZERO:
                return max(end - start, Fraction(0))
            case MinSize.ONE:
                return max(end - start, Fraction(1))

    def bin(self, extent: Fraction, bins: int) -> Fraction:
        """RA-3: the size of a bin."""
        return extent / bins

    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        """RA-4: samples per bin; none if it is not positive."""
        if sampling_ratio > 0:
            grid = sampling_ratio
        else:
            match self.dialect.adaptive:
                case Adaptive.CEIL:
                    grid = math.ceil(bin_size)
                case Adaptive.FLOOR:
                    grid = math.floor(bin_size)
                case Adaptive.ROUND:
                    grid = math.floor(abs(bin_size) + HALF) * (1 if bin_size > 0 else -1)
        return max(grid, 1) if self.dialect.empty_grid == EmptyGrid.ONE_SAMPLE else grid

    def taken(self, grid: int, sampling_ratio: int, pixels: int) -> int:
        """RA-4: how many samples of the grid are taken."""
        capped = self.dialect.grid_cap == GridCap.MAP and sampling_ratio <= 0
        return max(min(grid, pixels) if capped else grid, 0)

    def position(self, start: Fraction, bin_size: Fraction, grid: int, p: int, i: int) -> Fraction:
        """RA-5: where sample ``i`` of bin ``p`` lies. Must be affine in ``i``."""
        return start + p * bin_size + (i + HALF) * bin_size / grid

    def inside(self, y: Fraction, pixels: int) -> bool:
        """RA-6: whether a sample is inside. Must not vary farther than two pixels outside the map."""
        return self.dialect.outside == Outside.CLAMP or -1 <= y <= pixels

    def clamp(self, y: Fraction, pixels: int) -> Fraction:
        """RA-6: the nearest point of the map. Must not vary farther than two pixels outside the map."""
        return min(max(y, Fraction(0)), Fraction(pixels - 1))

    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        """RA-7: pixel and weight, ``(y_low, h_y)`` and ``(y_high, l_y)``, of a point of the map."""
        low = math.floor(y)
        high = min(low + 1, pixels - 1)
        return (low, 1 - (y - low)), (high, y - low)

    def average(self, total: Fraction, grid_y: int, grid_x: int) -> Exact:
        """RA-8: the average of a bin whose samples add up to ``total``."""
        if grid_y > 0 and grid_x > 0:
            return total / (grid_y * grid_x)
        return Special.NAN if self.dialect.empty_grid == EmptyGrid.NAN else Fraction(0)

    def maximum(self, values: Sequence[Fraction], any_outside: bool) -> Exact:
        """RA-9: the maximum of a bin, from the values of its samples (or their corners) that are inside."""
        start = self.dialect.max_start
        candidates = list(values)
        if any_outside and self.dialect.max != Max.SAMPLE_INSIDE:
            candidates.append(Fraction(0))
        if start is not None and start != -math.inf:
            candidates.append(Fraction(start))
        if candidates:
            return max(candidates)
        return Special.MINUS_INFINITY if start == -math.inf else Fraction(0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample along one axis; or ``count`` of them, from number ``index`` on, that weigh the same pixels alike.

    ``low`` and ``high`` are pixel and weight as in RA-7, of no meaning for a sample that is not ``inside``.
    """

    index: int
    count: int
    position: Fraction
    inside: bool
    low: tuple[int, Fraction]
    high: tuple[int, Fraction]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of one RoI: what RA-1 to RA-5 make of it. In feature pixels, but for ``box``.

    Attributes:
        rules: Whose formulas they are.
        pixels: H, the size of the map.
        bins: P_h.
        box: ``(y1, y2)`` in image pixels, as given.
        scale: Feature pixels per image pixel.
        sampling_ratio: Not positive for an adaptive grid.
        start, end: The corners y1' and y2' (RA-1).
        extent: h (RA-2).
        bin: The size of a bin (RA-3).
        grid: g, the samples per bin that the average divides by (RA-4); may be negative.
        taken: Those of them that are taken (RA-4).
    """

    rules: Rules
    pixels: int
    bins: int
    box: Interval
    scale: Fraction
    sampling_ratio: int
    start: Fraction
    end: Fraction
    extent: Fraction
    bin: Fraction
    grid: int
    taken: int

    @classmethod
    def of(cls, rules: Rules, pixels: int, bins: int, box: Interval, scale: Fraction, sampling_ratio: int) -> Axis:
        """Applies RA-1 to RA-4."""
        start, end = rules.corners(*box, scale)
        extent = rules.extent(start, end)
        bin_size = rules.bin(extent, bins)
        grid = rules.grid(bin_size, sampling_ratio)
        taken = rules.taken(grid, sampling_ratio, pixels)
        return cls(rules, pixels, bins, box, scale, sampling_ratio, start, end, extent, bin_size, grid, taken)

    def position(self, p: int, i: int) -> Fraction:
        """Returns where sample ``i`` of bin ``p`` lies (RA-5)."""
        return self.rules.position(self.start, self.bin, self.grid, p, i)

    def positions(self) -> list[list[Fraction]]:
        """Returns the positions of all samples taken, ``[p][i]``."""
        return [[self.position(p, i) for i in range(self.taken)] for p in range(self.bins)]

    def sample(self, p: int, i: int, count: int = 1) -> Sample:
        """Returns sample ``i`` of bin ``p``, standing for ``count`` alike (RA-5 to RA-7)."""
        y = self.position(p, i)
        low, high = self.rules.weights(self.rules.clamp(y, self.pixels), self.pixels)
        return Sample(i, count, y, self.rules.inside(y, self.pixels), low, high)

    def samples(self, p: int) -> Iterator[Sample]:
        """Yields the samples of bin ``p`` that are inside, those far from the map as one."""
        near = self.between(p, Fraction(-2), Fraction(self.pixels + 1))
        for run in (range(near.start), *(range(i, i + 1) for i in near), range(near.stop, self.taken)):
            if run:
                sample = self.sample(p, run.start, len(run))
                if sample.inside:
                    yield sample

    def between(self, p: int, low: Fraction, high: Fraction) -> range:
        """Returns which samples of bin ``p`` lie in [low, high]; an empty range starts where they would be."""
        if not self.taken:
            return range(0)
        first = self.position(p, 0)
        step = self.position(p, 1) - first
        if step == 0:
            return range(self.taken if low <= first <= high else 0)
        ends = sorted(((low - first) / step, (high - first) / step))
        start, stop = math.ceil(ends[0]), math.floor(ends[1]) + 1
        return range(min(max(start, 0), self.taken), min(max(stop, 0), self.taken))


@dataclass(frozen=True, slots=True)
class Stages:
    """The intermediate stages of one RoI: the image it lies on, and its two axes."""

    batch: int
    y: Axis
    x: Axis


@dataclass(frozen=True, slots=True)
class Maps:
    """Feature maps ``(N, C, H, W)``, exactly: ``integers / denominator``, which is 0 where ``nan`` or ``infinite``."""

    integers: Array
    denominator: int
    nan: Array
    infinite: Array

    @classmethod
    def of(cls, array: ArrayLike) -> Maps:
        """Takes every finite element as the rational number that it is."""
        numbers: Array = np.frompyfunc(exact, 1, 1)(np.asarray(array, dtype=object))
        if numbers.ndim != 4:
            raise ValueError(f"the input has the shape {numbers.shape}, not (N, C, H, W)")
        nan, infinite = numbers == Special.NAN, numbers == Special.NONFINITE
        integers, denominator = _common_denominator(np.where(nan | infinite, Fraction(0), numbers))
        return cls(integers, denominator, nan.astype(bool), infinite.astype(bool))


@dataclass(frozen=True, slots=True)
class Result:
    """The exact output of one call, and what `tolerance` needs to bound the error of an inexact one.

    Attributes:
        values: ``(K, C, P_h, P_w)`` of `Exact`; None throughout an invalid RoI.
        magnitude: Of the same shape, fractions: Σ |weight| |pixel|, divided as the value is. In a maximum, that of the sample
            (or corner) for which it is largest.
        taps: ``(K, P_h, P_w)``, the number of terms in the sum behind a value. In a maximum, behind each sample.
        invalid: Per RoI the rule that lets an implementation refuse it, ``"RA-11"`` or ``"RA-12"``; None for a valid one.
        stages: Per RoI its stages; None for an invalid one.
        maps: The input.
        mode: ``"avg"`` or ``"max"``.
        dialect: The dialect.
    """

    values: Array
    magnitude: Array
    taps: Array
    invalid: tuple[str | None, ...]
    stages: tuple[Stages | None, ...]
    maps: Maps
    mode: str
    dialect: Dialect


def exact(number: Any) -> Exact:
    """Returns the number as a fraction; `Special.NAN` or `Special.NONFINITE` if it is NaN or infinite."""
    if not isinstance(number, int | Fraction):
        number = float(number)
        if not math.isfinite(number):
            return Special.NAN if math.isnan(number) else Special.NONFINITE
    return Fraction(number)


def stages(
    box: Sequence[Real],
    map_size: tuple[int, int],
    output_size: tuple[int, int],
    spatial_scale: tuple[Real, Real],
    sampling_ratio: tuple[int, int],
    dialect: Dialect,
    *,
    rules: type[Rules] = Rules,
) -> Stages:
    """Returns the stages of one RoI ``[batch_index, x1, y1, x2, y2]`` on a map of ``(H, W)`` pixels; pairs are ``(y, x)``."""
    batch, x1, y1, x2, y2 = (Fraction(number) for number in box)
    y, x = (
        Axis.of(rules(dialect), map_size[a], output_size[a], corners, Fraction(spatial_scale[a]), sampling_ratio[a])
        for a, corners in enumerate(((y1, y2), (x1, x2)))
    )
    return Stages(int(batch), y, x)


def roi_align(
    input: ArrayLike,
    boxes: ArrayLike,
    output_size: tuple[int, int],
    spatial_scale: tuple[Real, Real],
    sampling_ratio: tuple[int, int],
    mode: str,
    dialect: Dialect,
    *,
    rules: type[Rules] = Rules,
) -> Result:
    """Returns the exact result of RoIAlign; pairs are ``(y, x)``.

    Args:
        input: ``(N, C, H, W)`` numbers of any kind, NaN and infinities included.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``; fractions are welcome.
        output_size: ``(P_h, P_w)``.
        spatial_scale: Feature pixels per image pixel, taken as the exact numbers that these floats are.
        sampling_ratio: Samples per bin; 0 or less for an adaptive grid.
        mode: ``"avg"`` or ``"max"``.
        dialect: The choice at every decision point.
        rules: The formulas; another class for a deliberately faulty result.
    """
    if mode not in ("avg", "max"):
        raise ValueError(f"mode is {mode!r}, neither 'avg' nor 'max'")
    maps = Maps.of(input)
    images, channels, height, width = maps.integers.shape
    rows = np.asarray(boxes, dtype=object)
    if rows.size and (rows.ndim != 2 or rows.shape[1] != 5):
        raise ValueError(f"boxes have the shape {rows.shape}, not (K, 5)")
    rows = rows.reshape(-1, 5)
    if len(rows) and not (height and width):
        raise ValueError("the maps have no pixels")

    shape = (len(rows), channels, *output_size)
    values = np.full(shape, None, object)
    magnitude = np.full(shape, Fraction(0), object)
    taps = np.zeros((len(rows), *output_size), np.int64)
    invalid: list[str | None] = []
    per_roi: list[Stages | None] = []
    for k, row in enumerate(rows):
        box = [number for number in map(exact, row) if isinstance(number, Fraction)]
        if len(box) < 5:
            invalid.append("RA-11")
        elif not 0 <= int(box[0]) < images:
            invalid.append("RA-12")
        else:
            invalid.append(None)
            roi = stages(box, (height, width), output_size, spatial_scale, sampling_ratio, dialect, rules=rules)
            values[k], magnitude[k], taps[k] = _pool(maps, roi, mode, rules(dialect))
        per_roi.append(None if invalid[k] else roi)
    return Result(values, magnitude, taps, tuple(invalid), tuple(per_roi), maps, mode, dialect)


def _pool(maps: Maps, roi: Stages, mode: str, rules: Rules) -> tuple[Array, Array, Array]:
    """Returns the values, their magnitudes, both ``(C, P_h, P_w)``, and the number of terms ``(P_h, P_w)`` of one RoI."""
    corners = mode == "max" and rules.dialect.max == Max.CORNER
    ys, xs = ([_reading(axis, p, mode, corners) for p in range(axis.bins)] for axis in (roi.y, roi.x))
    integers, nan, infinite = maps.integers[roi.batch], maps.nan[roi.batch], maps.infinite[roi.batch]
    values: Array = np.empty((len(integers), len(ys), len(xs)), object)
    magnitude: Array = np.empty_like(values)
    taps: Array = np.zeros((len(ys), len(xs)), np.int64)
    for (p, y), (q, x) in itertools.product(enumerate(ys), enumerate(xs)):
        tapped = (slice(None), y.pixels[:, None], x.pixels)
        denominator = y.denominator * x.denominator * maps.denominator
        sums = y.weights @ integers[tapped] @ x.weights.T
        magnitudes = abs(y.weights) @ abs(integers[tapped]) @ abs(x.weights).T
        for c in range(len(integers)):
            read = [Fraction(total, denominator) for total in sums[c].flat]
            magnitude[c, p, q] = Fraction(max(magnitudes[c].flat, default=0), denominator)
            if nan[c][tapped[1:]].any():
                values[c, p, q] = Special.NAN
            elif infinite[c][tapped[1:]].any():
                values[c, p, q] = Special.NONFINITE
            elif mode == "avg":
                values[c, p, q] = rules.average(sum(read, Fraction(0)), roi.y.grid, roi.x.grid)
            else:
                values[c, p, q] = rules.maximum(read, y.inside * x.inside < roi.y.taken * roi.x.taken)
        if mode == "avg":
            magnitude[:, p, q] /= max(roi.y.grid, 1) * max(roi.x.grid, 1)
        taps[p, q] = 4 * y.inside * x.inside if mode == "avg" else (1 if corners else 4) * bool(y.inside * x.inside)
    return values, magnitude, taps


class _Reading(NamedTuple):
    """What one bin reads along one axis: ``weights / denominator``, a row for each sum and a column for each of ``pixels``.

    ``inside`` is the number of its samples that are inside.
    """

    weights: Array
    denominator: int
    pixels: Array
    inside: int


def _reading(axis: Axis, p: int, mode: str, corners: bool) -> _Reading:
    samples = list(axis.samples(p))
    taps = [tap for s in samples for tap in ((s.low, s.count), (s.high, s.count))]
    if mode == "avg":
        sums = [[(pixel, count * weight) for (pixel, weight), count in taps]] if samples else []
    elif corners:
        sums = [[tap] for tap, _ in taps]
    else:
        sums = [[s.low, s.high] for s in samples]
    pixels = sorted({pixel for (pixel, _), _ in taps})
    weights: Array = np.full((len(sums), len(pixels)), Fraction(0), object)
    for row, terms in zip(weights, sums, strict=True):
        for pixel, weight in terms:
            row[pixels.index(pixel)] += weight
    integers, denominator = _common_denominator(weights)
    return _Reading(integers, denominator, np.array(pixels, int), sum(s.count for s in samples))


def _common_denominator(fractions: Array) -> tuple[Array, int]:
    """Returns integers and the denominator they share."""
    denominator = math.lcm(*(number.denominator for number in fractions.flat))
    return np.frompyfunc(lambda x: x.numerator * (denominator // x.denominator), 1, 1)(fractions), denominator
