"""SW-14 and SW-15: what a bin makes of its samples that is neither their sum nor one of them, and what each of these is sent.

Values are fractions; powers and exponentials of them, the numbers of an interval (`exact.intervals`). A subclass that overrides a
method imitates a faulty implementation.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import EmptyGrid
from ....arrays import box_rows
from ....exact.floats import FLOAT_TYPES
from ....exact.intervals import Interval, exp, power
from ....exact.numbers import Special
from ....sampling.axis import stages
from ...roi_align.oracle.output import reaches_too_far

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ....sampling.axis import Axis, Sample, Stages

    Arguments = Mapping[str, Any]

P, BETA = 3.0, 1.0
"""What p and beta are if a case does not say."""

NOTHING = Interval.of(0)


class Tap(NamedTuple):
    """A pixel that a sample reads, with its weight, and the derivatives of that by x1, y1, x2, y2 (RA-16)."""

    row: int
    column: int
    weight: Fraction
    slopes: tuple[Fraction, ...]


class Point(NamedTuple):
    """A sample that is inside, or ``times`` that read the same."""

    times: int
    taps: tuple[Tap, ...]

    def value(self, pixels: Array) -> Fraction:
        """Its value between pixels, ``(H, W)`` of fractions."""
        return sum((tap.weight * pixels[tap.row, tap.column] for tap in self.taps), Fraction(0))


class Bin(NamedTuple):
    """A bin, its samples that are inside, and how many are counted besides, whose value is 0."""

    k: int
    p: int
    q: int
    batch: int
    points: tuple[Point, ...]
    others: int

    def counted(self, values: list[Fraction]) -> list[tuple[Fraction, int]]:
        """All samples, by their values, and how often each counts."""
        found = [(value, point.times) for value, point in zip(values, self.points, strict=True)]
        return [*found, (Fraction(0), self.others)] if self.others else found


# ---- means -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PowerMean:
    """SW-14, of samples and how often each counts. ``parameter`` is p."""

    samples: tuple[tuple[Fraction, int], ...]
    parameter: Fraction

    @property
    def count(self) -> int:
        """How many there are: n."""
        return sum(times for _, times in self.samples)

    def raised(self, value: Fraction, exponent: Fraction) -> Interval:
        """A value without its sign, in parts of the greatest, to some power."""
        return power(Interval.of(abs(value) / self.greatest), exponent) if value else NOTHING

    @cached_property
    def greatest(self) -> Fraction:
        """What powers are relative to, so that intervals stay narrow."""
        return max((abs(value) for value, _ in self.samples), default=Fraction(0))

    @cached_property
    def root(self) -> Interval:
        """The output over the greatest."""
        total = NOTHING
        for value, times in self.samples:
            total += self.raised(value, self.parameter).times(times)
        return power(total.times(Fraction(1, self.count)), 1 / self.parameter)

    @cached_property
    def output(self) -> Interval:
        """``(Σ |f|^p / n)^(1/p)``."""
        return self.root.times(self.greatest) if self.greatest else NOTHING

    def coefficient(self, value: Fraction) -> Interval:
        """The derivative of the output by one sample of this value: ``sgn f |f|^(p-1) output^(1-p) / n``."""
        if not value or not self.greatest:
            return NOTHING
        exponent = self.parameter - 1
        found = self.raised(value, exponent).over(power(self.root, exponent))
        return found.times(Fraction(1 if value > 0 else -1, self.count))


@dataclass(frozen=True)
class SoftmaxMean:
    """SW-15, of samples and how often each counts. ``parameter`` is beta."""

    samples: tuple[tuple[Fraction, int], ...]
    parameter: Fraction

    @property
    def count(self) -> int:
        """How many there are: n."""
        return sum(times for _, times in self.samples)

    @cached_property
    def top(self) -> Fraction:
        """The greatest of beta f, so that no exponential is greater than 1."""
        return max(self.parameter * value for value, _ in self.samples)

    def exponential(self, value: Fraction) -> Interval:
        """What a sample weighs, not over the sum."""
        return exp(self.parameter * value - self.top)

    @cached_property
    def total(self) -> Interval:
        """The sum of these."""
        found = NOTHING
        for value, times in self.samples:
            found += self.exponential(value).times(times)
        return found

    def share(self, value: Fraction) -> Interval:
        """q, of one sample of this value."""
        return self.exponential(value).over(self.total)

    @cached_property
    def output(self) -> Interval:
        """``Σ q f``."""
        found = NOTHING
        for value, times in self.samples:
            found += self.share(value).times(times * value)
        return found

    def coefficient(self, value: Fraction) -> Interval:
        """The derivative of the output by one sample of this value: ``q (1 + beta (f - output))``."""
        beyond = Interval.of(value) + self.output.times(-1)
        return self.share(value) * (Interval.of(1) + beyond.times(self.parameter))


Mean = PowerMean | SoftmaxMean


# ---- samples ---------------------------------------------------------------------------------------------------------


def _points(roi: Stages, p: int, q: int) -> tuple[Point, ...]:
    along_y, along_x = ([*axis.samples(n)] for axis, n in ((roi.y, p), (roi.x, q)))
    return tuple(_point(roi, p, q, y, x) for y, x in itertools.product(along_y, along_x))


def _point(roi: Stages, p: int, q: int, y: Sample, x: Sample) -> Point:
    of_y, of_x = _ways(roi.y, p, y), _ways(roi.x, q, x)
    taps = []
    for (row, weight_y, by_y), (column, weight_x, by_x) in itertools.product(of_y, of_x):
        slopes = (weight_y * by_x[0], by_y[0] * weight_x, weight_y * by_x[1], by_y[1] * weight_x)
        taps.append(Tap(row, column, weight_y * weight_x, slopes))
    return Point(y.count * x.count, tuple(taps))


def _ways(axis: Axis, p: int, sample: Sample) -> list[tuple[int, Fraction, tuple[Fraction, Fraction]]]:
    """The pixels of a sample along an axis, their weights, and the derivatives of these by both corners."""
    rises = axis.rules.slope(sample.position, axis.pixels)
    first, second = axis.rules.motion(axis, p, sample.index)
    return [
        (pixel, weight, (sign * rises * first, sign * rises * second))
        for sign, (pixel, weight) in ((-1, sample.low), (1, sample.high))
    ]


class Sampling:
    """The samples of a call, and what is made of them: a part of `Formulas`, which has what is declared here."""

    means: Mapping[str, type[Any]] = {"lp": PowerMean, "softmax": SoftmaxMean}

    arguments: Arguments
    dialect: Dialect
    asked: Arguments
    maps: Array
    weights: Array
    exact_weights: Array
    share: Array

    @property
    def mean(self) -> type[Any] | None:
        """What bins make of their samples; None if that is a sum, or a maximum."""
        return self.means.get(self.arguments["mode"])

    @property
    def parameter(self) -> Fraction:
        """p, or beta."""
        given = {"lp": ("p", P), "softmax": ("beta", BETA)}[self.arguments["mode"]]
        return Fraction(self.arguments.get(*given))

    @property
    def coordinates(self) -> FloatType:
        """The type of coordinates, which boxes must not exceed (RA-11)."""
        return FLOAT_TYPES["float64"]

    @cached_property
    def rois(self) -> list[Stages | None]:
        """The RoIs; None of one that cannot be pooled."""
        size, scale, ratio = (
            tuple(self.arguments[name]) for name in ("output_size", "spatial_scale", "sampling_ratio")
        )
        return [self._roi(row.tolist(), size, scale, ratio) for row in self.rows]

    @property
    def rows(self) -> Array:
        """Of boxes, as they are handed over."""
        return box_rows(self.asked["boxes"])

    def _roi(self, row: list[float], size: Any, scale: Any, ratio: Any) -> Stages | None:
        if not all(abs(x) < float("inf") for x in row) or not 0 <= int(row[0]) < len(self.maps):
            return None
        roi = stages(row, self.maps.shape[2:], size, scale, ratio, self.dialect)
        return None if any(reaches_too_far(axis, self.coordinates) for axis in roi[1:]) else roi

    @cached_property
    def bins(self) -> list[Bin]:
        """The bins that have samples, RoI by RoI."""
        found = []
        for k, roi in enumerate(self.rois):
            if roi is None or roi.y.grid <= 0 or roi.x.grid <= 0:
                continue
            for p, q in itertools.product(range(roi.y.bins), range(roi.x.bins)):
                points = _points(roi, p, q)
                inside = sum(point.times for point in points)
                found.append(Bin(k, p, q, roi.batch, points, roi.y.grid * roi.x.grid - inside))
        return found

    def made_of(self, bin_: Bin, values: list[Fraction]) -> Any:
        """The mean of a bin whose samples have these values."""
        assert self.mean is not None
        return self.mean(tuple(bin_.counted(values)), self.parameter)

    def weighed(self) -> Array:
        """SW-2."""
        raise NotImplementedError

    @cached_property
    def products(self) -> Array:
        """The products of weights and pixels: fractions, or floats that are not finite."""
        return self.weighed()

    def pooled_means(self) -> Array:
        """SW-14, SW-15: the output, ``(K, C, P_h, P_w)``: fractions, or values that are no numbers."""
        found = np.full((len(self.rois), self.maps.shape[1], *self.arguments["output_size"]), None, object)
        for k, roi in enumerate(self.rois):
            if roi:  # of which no bin may have samples
                is_nan = self.dialect.empty_grid == EmptyGrid.NAN and roi.y.grid * roi.x.grid == 0
                found[k] = Special.NAN if is_nan else Fraction(0)
        for bin_ in self.bins:
            for c in range(found.shape[1]):
                found[bin_.k, c, bin_.p, bin_.q] = self._mean_of(bin_, c)
        return found

    def _mean_of(self, bin_: Bin, c: int) -> Any:
        pixels = self.products[bin_.batch, c]
        read = [pixels[tap.row, tap.column] for point in bin_.points for tap in point.taps]
        if strange := [x for x in read if not isinstance(x, Fraction)]:
            return Special.NAN if any(x != x for x in strange) else Special.NONFINITE  # noqa: PLR0124 - NaN
        return self.made_of(bin_, [point.value(pixels) for point in bin_.points]).output.middle

    def sendings(self) -> Iterator[tuple[Bin, int, Point, Fraction]]:
        """What each sample inside is sent, of each channel."""
        for bin_ in self.bins:
            for c in range(self.maps.shape[1]):
                pixels = self.products[bin_.batch, c]
                values = [point.value(pixels) for point in bin_.points]
                mean, arriving = self.made_of(bin_, values), self.share[bin_.k, c, bin_.p, bin_.q]
                for point, value in zip(bin_.points, values, strict=True):
                    yield bin_, c, point, mean.coefficient(value).middle * point.times * arriving

    def sent_by_means(self) -> Array:
        """What samples send to the pixels of weighed maps, ``(N, C, H, W)``."""
        found = np.full(self.maps.shape, Fraction(0), object)
        for bin_, c, point, sent in self.sendings():
            for tap in point.taps:
                found[bin_.batch, c, tap.row, tap.column] += tap.weight * sent
        return found

    def slopes_of_means(self) -> Array:
        """SW-8 of means, ``(K, 4)``."""
        found = np.full((len(self.rois), 4), None, object)
        for k, roi in enumerate(self.rois):
            if roi:
                found[k] = Fraction(0)
        for bin_, c, point, sent in self.sendings():
            for tap in point.taps:
                change = self.products[bin_.batch, c][tap.row, tap.column] * sent
                for n, slope in enumerate(tap.slopes):
                    found[bin_.k, n] += slope * change
        return found
