"""How far from the exact result a sound implementation may be: bounds derived from the call, nothing picked by hand.

Let u = 2⁻ᵇⁱᵗˢ be the rounding error of a type relative to the result, and γₙ = nu / (1 − nu) that of n in a row.

**Coordinates** are formed in float32, or float64 for float64. `Approx` follows corners, extent and bin operation by
operation; an operation on exact numbers with a representable result is exact. Sample i of bin p then lies at
``start + p·bin + (i+.5)·bin/g`` in any order of evaluation that is in use: at most 3 roundings of the distance
``(p + (i+.5)/g)·|bin|`` from the start, plus those of the sums ``start + p·bin`` and of the position itself. A fused
multiply-add only drops a rounding. The value then errs by that error times the slope of the bilinear surface, the
steeper side of each cell, over all cells that the sample may be in.

**Arithmetic** is in float32 or float64. A weight 1 − l, the product of two weights, that with the pixel, n − 1
additions in any order, and a division by the count (before, after, or by a rounded reciprocal) are no more than n + 8
roundings of any term: γₙ₊₈ · Σ|w||v|. Gradual underflow adds half the smallest subnormal number per operation. Rounding
to the data type comes last. In a maximum all this holds for every sample, and the maximum errs no more than the worst.

**No bound** holds at a discontinuity: a sample within its error of −1 or H, a bin size within its error of a step of
the adaptive grid, a NaN pixel that is read or not. Such elements are `fragile`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..kernels.dialect import EmptyGrid, End, Max, MinSize, Offset, Outside

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .oracle import Axis, Exact, Maps, Result, Sample, Stages

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class FloatType:
    """A binary floating-point type: bits of its significand, exponents of its smallest and largest normal numbers."""

    bits: int
    least_exponent: int
    greatest_exponent: int

    @property
    def unit(self) -> float:
        """Greatest error of a rounding, relative to the result."""
        return 2.0**-self.bits

    @property
    def smallest(self) -> float:
        """The smallest normal number."""
        return 2.0**self.least_exponent

    @property
    def largest(self) -> float:
        """The largest number."""
        return (2 - 2.0 ** (1 - self.bits)) * 2.0**self.greatest_exponent

    def represents(self, x: Fraction) -> bool:
        """Whether ``x`` is zero or a normal number of this type."""
        numerator, denominator = abs(x.numerator), x.denominator
        if numerator == 0 or denominator & (denominator - 1):
            return numerator == 0
        odd = numerator // (numerator & -numerator)
        exponent = numerator.bit_length() - denominator.bit_length()
        return odd.bit_length() <= self.bits and self.least_exponent <= exponent <= self.greatest_exponent

    def overflows(self, x: Fraction) -> bool:
        """Whether ``x`` is beyond the largest number, which is looked at only if its exponent may be."""
        exponent = x.numerator.bit_length() - x.denominator.bit_length()
        return exponent >= self.greatest_exponent and abs(x) > self.largest

    def rounding(self, magnitude: float) -> float:
        """Returns the greatest error of rounding a number of at most ``magnitude``."""
        return max(self.unit * magnitude, self.underflow) if magnitude <= self.largest else math.inf

    @property
    def underflow(self) -> float:
        """Greatest error of rounding a subnormal number."""
        return self.smallest * self.unit

    def gamma(self, roundings: float) -> float:
        """Returns the greatest relative error of so many roundings in a row."""
        return roundings * self.unit / (1 - roundings * self.unit) if roundings * self.unit < 1 else math.inf


FLOAT_TYPES = {
    "float64": FloatType(53, -1022, 1023),
    "float32": FloatType(24, -126, 127),
    "float16": FloatType(11, -14, 15),
    "bfloat16": FloatType(8, -126, 127),
}


@dataclass(frozen=True, slots=True)
class Approx:
    """A number as it may have been computed: within ``error`` of the exact ``value``."""

    value: Fraction
    error: float
    type: FloatType

    @classmethod
    def rounded(cls, value: Fraction, type_: FloatType, error: float = 0.0) -> Approx:
        """Rounds a number that already is in error."""
        if error == 0 and type_.represents(value):
            return cls(value, 0.0, type_)
        return cls(value, error + type_.rounding(abs(_float(value)) + error), type_)

    def __add__(self, other: Approx) -> Approx:
        return Approx.rounded(self.value + other.value, self.type, self.error + other.error)

    def __sub__(self, other: Approx) -> Approx:
        return Approx.rounded(self.value - other.value, self.type, self.error + other.error)

    def __mul__(self, other: Approx) -> Approx:
        a, b = abs(_float(self.value)), abs(_float(other.value))
        return Approx.rounded(
            self.value * other.value, self.type, a * other.error + b * self.error + self.error * other.error
        )

    def over(self, count: int) -> Approx:
        """Divides by an integer."""
        return Approx.rounded(self.value / count, self.type, self.error / count)


class AxisError:
    """The errors of one axis of one RoI whose coordinates are formed in ``type``."""

    def __init__(self, axis: Axis, type_: FloatType) -> None:
        self.axis, self.type = axis, type_
        dialect = axis.rules.dialect
        scale, half, one = (Approx.rounded(x, type_) for x in (axis.scale, Fraction(1, 2), Fraction(1)))
        first, last = (Approx.rounded(y, type_) for y in axis.box)
        if dialect.end == End.PLUS_ONE:
            last += one
        if dialect.offset in (Offset.NONE, Offset.HALF):
            start, end = first * scale, last * scale
        elif dialect.offset == Offset.HALF_BEFORE_SCALE:
            start, end = (first - half) * scale, (last - half) * scale
        else:
            start, end = (first + half) * scale, (last + half) * scale
        if dialect.offset in (Offset.HALF, Offset.PIXEL_CENTRE):
            start, end = start - half, end - half
        extent = end - start
        least = {MinSize.ONE: Fraction(1), MinSize.ZERO: Fraction(0)}.get(dialect.min_size)
        if least is not None and extent.value + Fraction(min(extent.error, 1e300)) <= least:
            extent = Approx(least, 0.0, type_)
        self.start, self.bin = start, Approx(axis.extent, extent.error, type_).over(axis.bins)

    @property
    def grid_is_fragile(self) -> bool:
        """Whether the adaptive grid is at a step (RA-4)."""
        axis, error = self.axis, self.bin.error
        if axis.sampling_ratio > 0:
            return False
        if math.isinf(error):
            return True
        grids = (axis.rules.grid(axis.bin + d, axis.sampling_ratio) for d in (-Fraction(error), Fraction(error)))
        least = -1 if axis.rules.dialect.empty_grid == EmptyGrid.NAN else 0  # what is less makes no difference (RA-8)
        return any(max(grid, least) != max(axis.grid, least) for grid in grids)

    def position(self, p: int, i: int) -> float:
        """Returns the greatest error of the position of sample ``i`` of bin ``p``, in any order of evaluation."""
        grid, size, start, type_ = self.axis.grid, self.bin.value, self.start.value, self.type
        along, position = Fraction(2 * i + 1, 2), self.axis.position(p, i)
        counts = [Fraction(p), along, Fraction(grid)]
        steps = [*counts, p * size, start + p * size, along * size, along * size / grid, size / grid, along / grid]
        steps += [p + along / grid, (p + along / grid) * size, position]
        if self.start.error == self.bin.error == 0 and all(map(type_.represents, steps)):
            return 0.0
        reach = _float(p + along / grid)
        roundings = 3 if all(map(type_.represents, counts)) else 6
        error = self.start.error + reach * self.bin.error
        error += type_.gamma(roundings) * reach * (abs(_float(size)) + self.bin.error)
        sums = abs(_float(start + p * size)) + abs(_float(position)) + 2 * error
        overflow = any(map(type_.overflows, steps))
        return math.inf if overflow else error + type_.unit * sums * (1 + 2 * type_.unit) + 3 * type_.underflow

    def at_bound(self, p: int) -> list[int]:
        """Returns samples of bin ``p`` of which nobody can say whether they are inside (RA-6)."""
        axis = self.axis
        if axis.rules.dialect.outside == Outside.CLAMP or not axis.taken:
            return []
        found = []
        for i in axis.beside_bounds(p):
            if error := self.position(p, i):
                y = axis.position(p, i)
                if min(abs(y + 1), abs(y - axis.pixels)) <= error:
                    found.append(i)
        return found

    @cached_property
    def reach(self) -> Reach:
        """Where the samples of each bin may be."""
        reach = Reach.empty(self.axis.bins, self.axis.pixels)
        for p in range(self.axis.bins):
            reach.at_bound[p] = bool(self.at_bound(p))
            for sample in self.axis.samples(p):
                error = self.position(p, sample.index + sample.count - 1)
                if math.isinf(error):
                    reach.at_bound[p] = True
                else:
                    reach.add(p, sample, error)
        return reach


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the samples of each bin of one axis may be. A cell lies between a pixel and the next.

    Attributes are arrays (bins, pixels):
        total: Sum, over samples, of the distance by which they may move in a cell.
        greatest: Greatest error of any sample that may be in a cell.
        count: Number of samples that may be in a cell.
        may_read, must_read: Pixels that a sample may read, and surely reads.
        at_bound: (bins,) whether a sample may be inside or outside.
    """

    total: Array
    greatest: Array
    count: Array
    may_read: Array
    must_read: Array
    at_bound: Array

    @classmethod
    def empty(cls, bins: int, pixels: int) -> Reach:
        """Returns the reach of no samples."""
        total, greatest, count = (np.zeros((bins, pixels)) for _ in range(3))
        may_read, must_read = (np.zeros((bins, pixels), bool) for _ in range(2))
        return cls(total, greatest, count, may_read, must_read, np.zeros(bins, bool))

    def add(self, p: int, sample: Sample, error: float) -> None:
        """Adds a sample of bin ``p``, or several at least 2 pixels off the map, with this error."""
        last = self.total.shape[1] - 1
        y = min(max(sample.position, Fraction(-2)), Fraction(last + 2))
        low, high = (min(max(y + d, Fraction(0)), Fraction(last)) for d in (-Fraction(error), Fraction(error)))
        cells = range(math.floor(low), math.floor(high) + 1)
        for cell in cells:
            passed = min(_float(min(high, Fraction(cell + 1)) - max(low, Fraction(cell))), error)
            self.total[p, cell] += sample.count * passed
            self.count[p, cell] += sample.count
            self.greatest[p, cell] = max(self.greatest[p, cell], error if passed else 0.0)
            self.may_read[p, [cell, min(cell + 1, last)]] = True
        sure = range(cells[-1], min(cells[0] + 1, last) + 1)
        self.must_read[p, list(sure)] = True


def weights_along(axis: Axis) -> Array:
    """Returns the weight that each bin puts on each pixel of an axis, not divided, ``(bins, pixels)``."""
    weights = np.zeros((axis.bins, axis.pixels))
    for p in range(axis.bins):
        for sample in axis.samples(p):
            for pixel, weight in (sample.low, sample.high):
                weights[p, pixel] += float(sample.count * weight)
    return weights


def beside(cells: Array, on_last: int = 1) -> Array:
    """Returns for each pixel the sum of what is known of the two cells beside it; that of the last cell ``on_last`` times.

    ``cells``, ``(bins, pixels)``, has the cells by their lower pixel.
    """
    sums: Array = cells + np.pad(cells[:, :-1], ((0, 0), (1, 0)))
    sums[:, -1] += (on_last - 1) * cells[:, -1]
    return sums


class Bounds(NamedTuple):
    """Arrays ``(K, C, P_h, P_w)``: the greatest error of each element, and where there is none (``fragile``)."""

    bound: Array
    fragile: Array


def bounds(result: Result, dtype: str, *, storage_arithmetic: bool = False) -> Bounds:
    """Returns how far an output in ``dtype`` may be from ``result``.

    With ``storage_arithmetic`` an implementation may compute everything, coordinates included, in a 16-bit ``dtype``.
    The bound is 0, and means nothing, for elements that are no numbers.
    """
    storage = FLOAT_TYPES[dtype]
    working = storage if storage_arithmetic else max(storage, FLOAT_TYPES["float32"], key=lambda t: t.bits)
    bound = np.zeros(result.values.shape)
    fragile = np.zeros(result.values.shape, bool)
    for k, roi in enumerate(result.stages):
        if roi is None:
            continue
        y, x = AxisError(roi.y, working), AxisError(roi.x, working)
        pixels = _pixels(result.maps, roi.batch)
        moved = _moved(y.reach, x.reach, pixels, roi, result.mode)
        largest = np.abs(pixels).max(axis=(1, 2), initial=0.0)[:, None, None]
        value, magnitude = _floats(_float, result.values[k]), _floats(_float, result.magnitude[k]) + moved
        count = max(roi.y.grid * roi.x.grid, 1) if result.mode == "avg" else 1
        gamma = _floats(working.gamma, result.taps[k] + 8)
        error = moved + gamma * magnitude + working.underflow * (6 * (largest + 1) + count * magnitude)
        error = np.where(count * magnitude > working.largest, math.inf, error)
        if storage is not working:
            error = error + _floats(storage.rounding, abs(value) + error)
        error = (error + 2.0**-53 * abs(value)) * (1 + 1e-9)  # the exact value, and this very bound, end up in float64
        overflow = abs(value) + error > storage.largest
        number = np.frompyfunc(lambda v: isinstance(v, Fraction), 1, 1)(result.values[k]).astype(bool)
        bound[k] = np.where(number, np.where(overflow, math.inf, error), 0.0)
        fragile[k] = _fragile(y, x, result.maps, roi) | np.isinf(bound[k])
    return Bounds(bound, fragile)


def _moved(y: Reach, x: Reach, pixels: Array, roi: Stages, mode: str) -> Array:
    """Returns by how much the errors of all positions change the value of each bin, ``(C, P_h, P_w)``."""
    steep_y = _either(abs(np.diff(pixels, axis=1, append=pixels[:, -1:])), 2)
    steep_x = _either(abs(np.diff(pixels, axis=2, append=pixels[:, :, -1:])), 1)
    if mode == "avg":
        moved: Array = y.total @ steep_y @ x.count.T + y.count @ steep_x @ x.total.T
        return moved / max(roi.y.grid * roi.x.grid, 1)
    # In a corner, a weight moves instead; at a knot one corner may vanish as another appears.
    largest = _either(_either(abs(pixels), 1), 2)
    corner = roi.y.rules.dialect.max == Max.CORNER
    weight_y, weight_x = (2 * largest, 2 * largest) if corner else (steep_y, steep_x)
    moved = np.zeros((len(pixels), len(y.count), len(x.count)))
    for p, q in np.ndindex(moved.shape[1:]):
        rows, columns = y.count[p] > 0, x.count[q] > 0
        by_y = weight_y[:, rows][:, :, columns] * y.greatest[p, rows][:, None]
        by_x = weight_x[:, rows][:, :, columns] * x.greatest[q, columns]
        moved[:, p, q] = by_y.max(axis=(1, 2), initial=0.0) + by_x.max(axis=(1, 2), initial=0.0)
    return moved


def _either(array: Array, axis: int) -> Array:
    """Returns the greater of each element and the next along ``axis``: of both sides of a cell."""
    after = np.take(array, [*range(1, array.shape[axis]), array.shape[axis] - 1], axis)
    greater: Array = np.maximum(array, after)
    return greater


def _fragile(y: AxisError, x: AxisError, maps: Maps, roi: Stages) -> Array:
    """Returns which elements of a RoI lie on a discontinuity; broadcasts to ``(C, P_h, P_w)``."""
    on_y, on_x = (axis.reach.at_bound for axis in (y, x))
    some_y, some_x = (axis.reach.at_bound | axis.reach.count.any(axis=1) for axis in (y, x))
    fragile: Array = np.outer(on_y, some_x) | np.outer(some_y, on_x) | y.grid_is_fragile | x.grid_is_fragile
    for mask in (maps.nan, maps.nan | maps.infinite):
        may = y.reach.may_read @ mask[roi.batch] @ x.reach.may_read.T
        must = y.reach.must_read @ mask[roi.batch] @ x.reach.must_read.T
        fragile = fragile | (may & ~must)
    return fragile


def _pixels(maps: Maps, batch: int) -> Array:
    """Returns one image as float64, ``(C, H, W)``; 0 where it is not finite."""
    return _floats(lambda integer: _float(Fraction(integer, maps.denominator)), maps.integers[batch])


def _floats(function: Callable[[Any], float], array: Array) -> Array:
    floats: Array = np.frompyfunc(function, 1, 1)(array).astype(float)
    return floats


def _float(x: Exact | None) -> float:
    """Returns ``x``, rounded; infinity if it is too large, 0 if it is no number."""
    try:
        return float(x) if isinstance(x, Fraction) else 0.0
    except OverflowError:
        return math.inf
