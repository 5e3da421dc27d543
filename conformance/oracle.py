"""The exact reference: RoIAlign in rational arithmetic, written as ``SPECIFICATION.md`` reads.

`Rules` holds the formulas, one method per step; a subclass that overrides one imitates a faulty implementation. The
rest applies them, with two short cuts that round nothing. Far from the map all samples of a bin behave alike, so that
they are kept as one `Sample` with a ``count``, however large the box. And the weights of a sample are products of one
along y and one along x, so that a sum over samples is a matrix product ``Y · F · Xᵀ``, in integers over a denominator.
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
    Tap = tuple[int, Fraction]

HALF = Fraction(1, 2)
FEW = 4  # samples that are looked at one by one


class Special(StrEnum):
    """A value that is not a number; ``NONFINITE`` is infinite or NaN, nobody can say which (RA-11)."""

    NAN = "nan"
    NONFINITE = "nonfinite"
    MINUS_INFINITY = "-inf"


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
        """Returns where sample ``i`` of bin ``p`` lies."""
        return self.rules.position(self.start, self.bin, self.grid, p, i)

    def positions(self) -> list[list[Fraction]]:
        """Returns where all samples taken lie, ``[p][i]``."""
        return [[self.position(p, i) for i in range(self.taken)] for p in range(self.bins)]

    def sample(self, p: int, i: int, count: int = 1) -> Sample:
        """Returns sample ``i`` of bin ``p``, standing for ``count`` alike."""
        y = self.position(p, i)
        low, high = self.rules.weights(self.rules.clamp(y, self.pixels), self.pixels)
        return Sample(i, count, y, self.rules.inside(y, self.pixels), low, high)

    def samples(self, p: int) -> Iterator[Sample]:
        """Yields the samples of bin ``p`` that are inside; of many, those far off the map on one side as one."""
        if self.taken <= FEW:
            yield from (sample for i in range(self.taken) if (sample := self.sample(p, i)).inside)
            return
        near = self.between(p, Fraction(-2), Fraction(self.pixels + 1))
        for run in (range(near.start), *(range(i, i + 1) for i in near), range(near.stop, self.taken)):
            if run and (sample := self.sample(p, run.start, len(run))).inside:
                yield sample

    def between(self, p: int, low: Fraction, high: Fraction) -> range:
        """Returns which samples of bin ``p`` lie in [low, high]; an empty range starts where they would be."""
        if not self.taken:
            return range(0)
        first = self.position(p, 0)
        step = self.position(p, 1) - first
        if step == 0:
            return range(self.taken if low <= first <= high else 0)
        start, stop = sorted(((low - first) / step, (high - first) / step))
        return range(*(min(max(i, 0), self.taken) for i in (math.ceil(start), math.floor(stop) + 1)))

    def beside_bounds(self, p: int) -> list[int]:
        """Returns the samples of bin ``p`` that are nearest to −1 and to H, on both sides, and its first and last."""
        inside = self.between(p, Fraction(-1), Fraction(self.pixels))
        nearest = {0, inside.start - 1, inside.start, inside.stop - 1, inside.stop, self.taken - 1}
        return [i for i in sorted(nearest) if 0 <= i < self.taken]


class Stages(NamedTuple):
    """The stages of one RoI: the image it lies on, and its two axes."""

    batch: int
    y: Axis
    x: Axis


class Maps(NamedTuple):
    """Feature maps ``(N, C, H, W)``, exactly: ``integers / denominator``, which is 0 where ``nan`` or ``infinite``."""

    integers: Array
    denominator: int
    nan: Array
    infinite: Array


class Result(NamedTuple):
    """The exact output of one call, and what `tolerance` needs to bound the error of an inexact one.

    ``values`` is ``(K, C, P_h, P_w)`` of `Exact`, None throughout an invalid RoI. ``magnitude`` is of the same shape:
    Σ |weight| |pixel| divided as the value is; in a maximum the largest of any sample (or corner). ``taps`` is
    ``(K, P_h, P_w)``: how many terms one sum has at most. ``invalid`` has for each RoI the rule for which it may be
    refused, ``"RA-11"`` or ``"RA-12"``, or None; ``stages`` has None for those.
    """

    values: Array
    magnitude: Array
    taps: Array
    invalid: tuple[str | None, ...]
    stages: tuple[Stages | None, ...]
    maps: Maps
    mode: str


def exact(number: Any) -> Exact:
    """Returns the number as a fraction; `Special.NAN` or `Special.NONFINITE` if it is NaN or infinite."""
    if isinstance(number, int | Fraction) or math.isfinite(number := float(number)):
        return Fraction(number)
    return Special.NAN if math.isnan(number) else Special.NONFINITE


def stages(
    box: Sequence[Real],
    map_size: Sequence[int],
    output_size: tuple[int, int],
    spatial_scale: tuple[Real, Real],
    sampling_ratio: tuple[int, int],
    dialect: Dialect,
    rules: type[Rules] = Rules,
) -> Stages:
    """Returns the stages of a RoI ``[batch_index, x1, y1, x2, y2]`` on a map of ``map_size``; pairs are ``(y, x)``."""
    batch, x1, y1, x2, y2, *scale = (Fraction(number) for number in (*box, *spatial_scale))
    axes = zip(map_size, output_size, ((y1, y2), (x1, x2)), scale, sampling_ratio, strict=True)
    return Stages(int(batch), *(Axis(rules(dialect), *axis) for axis in axes))


def roi_align(
    input: ArrayLike,  # noqa: A002 - as everywhere
    boxes: ArrayLike,
    output_size: tuple[int, int],
    spatial_scale: tuple[Real, Real],
    sampling_ratio: tuple[int, int],
    mode: str,
    dialect: Dialect,
    rules: type[Rules] = Rules,
) -> Result:
    """Returns the exact result of RoIAlign, ``mode`` being ``"avg"`` or ``"max"``; pairs are ``(y, x)``.

    ``input`` is ``(N, C, H, W)``, ``boxes`` ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]`` in image pixels. Their
    numbers, fractions welcome, are what they are exactly. A ``sampling_ratio`` of 0 or less makes the grid adaptive.
    """
    maps = _maps(input)
    images, channels, *size = maps.integers.shape
    rows = np.asarray(boxes, dtype=object)
    if mode not in ("avg", "max"):
        raise ValueError(f"mode is {mode!r}, neither 'avg' nor 'max'")
    if rows.size and (rows.shape[1:] != (5,) or 0 in size):
        raise ValueError(f"boxes of shape {rows.shape} on maps of {size} pixels; not (K, 5) on at least one pixel")
    values: Array = np.full((rows.size // 5, channels, *output_size), None, object)
    magnitude: Array = np.full(values.shape, Fraction(0), object)
    taps: Array = np.full((len(values), *output_size), 0, object)
    rois: list[Stages | None] = []
    invalid: list[str | None] = []
    for k, row in enumerate(rows.reshape(-1, 5)):
        box = [number for number in map(exact, row) if isinstance(number, Fraction)]
        invalid.append("RA-11" if len(box) < len(row) else None if 0 <= int(box[0]) < images else "RA-12")
        roi = None if invalid[k] else stages(box, size, output_size, spatial_scale, sampling_ratio, dialect, rules)
        if roi:
            _pool(maps, roi, mode, values[k], magnitude[k], taps[k])
        rois.append(roi)
    return Result(values, magnitude, taps, tuple(invalid), tuple(rois), maps, mode)


def _pool(maps: Maps, roi: Stages, mode: str, values: Array, magnitude: Array, taps: Array) -> None:
    """Fills in values and magnitude, ``(C, P_h, P_w)``, and taps, ``(P_h, P_w)``, of one RoI."""
    rules = roi.y.rules
    corners = mode == "max" and rules.dialect.max == Max.CORNER
    ys, xs = ([_reading(axis, p, mode, corners) for p in range(axis.bins)] for axis in (roi.y, roi.x))
    for (p, y), (q, x), c in itertools.product(enumerate(ys), enumerate(xs), range(len(values))):
        tapped = (roi.batch, c, y.pixels[:, None], x.pixels)
        denominator = y.denominator * x.denominator * maps.denominator
        read = [Fraction(total, denominator) for total in (y.weights @ maps.integers[tapped] @ x.weights.T).flat]
        magnitudes = abs(y.weights) @ abs(maps.integers[tapped]) @ abs(x.weights).T
        magnitude[c, p, q] = Fraction(max(magnitudes.flat, default=0), denominator)
        inside = y.inside * x.inside
        taps[p, q] = 4 * inside if mode == "avg" else 4
        if mode == "avg":
            values[c, p, q] = rules.average(sum(read, Fraction(0)), roi.y.grid, roi.x.grid)
            magnitude[c, p, q] /= max(roi.y.grid * roi.x.grid, 1)
        else:
            values[c, p, q] = rules.maximum(read, any_outside=inside < roi.y.taken * roi.x.taken)
        if maps.nan[tapped].any() or maps.infinite[tapped].any():
            values[c, p, q] = Special.NAN if maps.nan[tapped].any() else Special.NONFINITE


class _Reading(NamedTuple):
    """What a bin reads along one axis: ``weights / denominator``, a column for each of ``pixels``, a row for each sum.

    An average needs one sum, a maximum one per sample (or corner).
    """

    weights: Array
    denominator: int
    pixels: Array
    inside: int


def _reading(axis: Axis, p: int, mode: str, corners: bool) -> _Reading:
    samples = list(axis.samples(p))
    sums = [[(pixel, s.count * weight) for s in samples for pixel, weight in (s.low, s.high)]] if samples else []
    if mode == "max":
        sums = [[tap] for s in samples for tap in (s.low, s.high)] if corners else [[s.low, s.high] for s in samples]
    pixels = sorted({pixel for terms in sums for pixel, _ in terms})
    weights: Array = np.full((len(sums), len(pixels)), Fraction(0), object)
    for row, terms in zip(weights, sums, strict=True):
        for pixel, weight in terms:
            row[pixels.index(pixel)] += weight
    return _Reading(*_common_denominator(weights), np.array(pixels, int), sum(s.count for s in samples))


def _maps(array: ArrayLike) -> Maps:
    numbers: Array = np.frompyfunc(exact, 1, 1)(np.asarray(array, dtype=object))
    nan, infinite = (np.equal(numbers, special).astype(bool) for special in (Special.NAN, Special.NONFINITE))
    numbers[nan | infinite] = Fraction(0)
    return Maps(*_common_denominator(numbers), nan, infinite)


def _common_denominator(fractions: Array) -> tuple[Array, int]:
    """Returns integers and the denominator they share."""
    denominator = math.lcm(*(number.denominator for number in fractions.flat))
    return np.frompyfunc(lambda x: x.numerator * (denominator // x.denominator), 1, 1)(fractions), denominator
