"""How far from the exact result a sound implementation may be: bounds derived from the call, nothing picked by hand.

Let u = 2⁻ᵇⁱᵗˢ be the rounding error of a type relative to the result, and γₙ = nu / (1 − nu) that of n in a row.

**Coordinates** are formed in float32, or float64 for float64. `Approx` follows corners, extent and bin operation by
operation; an operation on exact numbers with a representable result is exact. Sample i of bin p then lies at
``start + p·bin + (i+.5)·bin/g`` in any order of evaluation that is in use: at most 3 roundings of the distance
``(p + (i+.5)/g)·|bin|`` from the start, plus those of the sums ``start + p·bin`` and of the position itself; or at
``start·(1−t) + end·t``, with as many roundings of both products. A fused multiply-add only drops a rounding. The value
then errs by that error times the slope of the bilinear surface, the steeper side of each cell, over all cells that the
sample may be in.

**Arithmetic** is in float32 or float64. A weight 1 − l, the product of two weights, that with the pixel, n − 1
additions in any order, and a division by the count (before, after, or by a rounded reciprocal) are no more than n + 8
roundings of any term: γₙ₊₈ · Σ|w||v|. Gradual underflow adds half the smallest subnormal number per operation. Rounding
to the data type comes last. In a maximum all this holds for every sample, and the maximum errs no more than the worst.

**No bound** holds at a discontinuity: a sample within its error of −1 or H, a bin size within its error of a step of
the adaptive grid, a NaN pixel that is read or not. Such elements are `fragile`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from .....kernels.dialects.choices import Max
from ....exact.floats import FLOAT_TYPES, WORKING, as_float, as_floats
from ....sampling.errors import AxisError, Reach
from .fast import read

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from ....sampling.axis import Stages
    from .output import Maps, Result


class Bounds(NamedTuple):
    """Arrays ``(K, C, P_h, P_w)``: the greatest error of each element, and where there is none (``fragile``)."""

    bound: Array
    fragile: Array


def bounds(result: Result, dtype: str, *, storage_arithmetic: bool = False) -> Bounds:
    """How far an output in ``dtype`` may be from ``result``.

    With ``storage_arithmetic`` an implementation may compute everything, coordinates included, in a 16-bit ``dtype``.
    The bound is 0, and means nothing, for elements that are no numbers.
    """
    storage = FLOAT_TYPES[dtype]
    working = storage if storage_arithmetic else FLOAT_TYPES[WORKING[dtype]]
    bound = np.zeros(result.values.shape)
    fragile = np.zeros(result.values.shape, bool)
    for k, roi in enumerate(result.stages):
        if roi is None:
            continue
        y, x = AxisError(roi.y, working), AxisError(roi.x, working)
        pixels = _pixels(result.maps, roi.batch)
        moved = _moved(y.reach, x.reach, pixels, roi, result.mode)
        largest = np.abs(pixels).max(axis=(1, 2), initial=0.0)[:, None, None]
        value, magnitude = as_floats(as_float, result.values[k]), as_floats(as_float, result.magnitude[k]) + moved
        count = max(roi.y.grid * roi.x.grid, 1) if result.mode == "avg" else 1
        gamma = as_floats(working.gamma, result.taps[k] + 8)
        error = moved + gamma * magnitude + working.underflow * (6 * (largest + 1) + count * magnitude)
        error = np.where(count * magnitude > working.largest, math.inf, error)
        if storage is not working:
            error = error + as_floats(storage.rounding, abs(value) + error)
        error = (error + 2.0**-53 * abs(value)) * (1 + 1e-9)  # the exact value, and this very bound, end up in float64
        overflow = abs(value) + error > storage.largest
        number = np.frompyfunc(lambda v: isinstance(v, Fraction), 1, 1)(result.values[k]).astype(bool)
        bound[k] = np.where(number, np.where(overflow, math.inf, error), 0.0)
        fragile[k] = _fragile(y, x, result.maps, roi) | np.isinf(bound[k])
    return Bounds(bound, fragile)


class Reaches(Protocol):
    """What `Reach` has of an axis, of all its pixels or of a window of them."""

    @property
    def total(self) -> Array:
        """By bin and cell, how far samples may move in it."""

    @property
    def count(self) -> Array:
        """By bin and cell, how many samples may be in it."""

    @property
    def at_bound(self) -> Array:
        """By bin, whether a sample may be on the map or not."""


def moved_sums(y: Reaches, x: Reaches, pixels: Array) -> Array:
    """By how much the errors of all positions change the sum of each bin, ``(C, P_h, P_w)``."""
    steep_y, steep_x = _steepness(pixels)
    return read(y.total, steep_y, x.count) + read(y.count, steep_x, x.total)


def sums_in_doubt(y: Reaches, x: Reaches) -> Array:
    """Which bins have samples of which nobody can say whether they are on the map, ``(P_h, P_w)``."""
    some_y, some_x = (axis.at_bound | axis.count.any(axis=1) for axis in (y, x))
    doubt: Array = np.outer(y.at_bound, some_x) | np.outer(some_y, x.at_bound)
    return doubt


def _steepness(pixels: Array) -> tuple[Array, Array]:
    """The slope of the surface in each cell, along y and along x: that of the steeper side."""
    steep_y = _either(abs(np.diff(pixels, axis=1, append=pixels[:, -1:])), 2)
    steep_x = _either(abs(np.diff(pixels, axis=2, append=pixels[:, :, -1:])), 1)
    return steep_y, steep_x


def _moved(y: Reach, x: Reach, pixels: Array, roi: Stages, mode: str) -> Array:
    """By how much the errors of all positions change the value of each bin, ``(C, P_h, P_w)``."""
    if mode == "avg":
        return moved_sums(y, x, pixels) / max(roi.y.grid * roi.x.grid, 1)
    # In a corner, a weight moves instead; at a knot one corner may vanish as another appears.
    largest = _either(_either(abs(pixels), 1), 2)
    corner = roi.y.rules.dialect.max == Max.CORNER
    weight_y, weight_x = (2 * largest, 2 * largest) if corner else _steepness(pixels)
    moved = np.zeros((len(pixels), len(y.count), len(x.count)))
    for p, q in np.ndindex(moved.shape[1:]):
        rows, columns = y.count[p] > 0, x.count[q] > 0
        by_y = weight_y[:, rows][:, :, columns] * y.greatest[p, rows][:, None]
        by_x = weight_x[:, rows][:, :, columns] * x.greatest[q, columns]
        moved[:, p, q] = by_y.max(axis=(1, 2), initial=0.0) + by_x.max(axis=(1, 2), initial=0.0)
    return moved


def _either(array: Array, axis: int) -> Array:
    """The greater of each element and the next along ``axis``: of both sides of a cell."""
    after = np.take(array, [*range(1, array.shape[axis]), array.shape[axis] - 1], axis)
    greater: Array = np.maximum(array, after)
    return greater


def _fragile(y: AxisError, x: AxisError, maps: Maps, roi: Stages) -> Array:
    """Which elements of a RoI lie on a discontinuity; broadcasts to ``(C, P_h, P_w)``."""
    fragile = sums_in_doubt(y.reach, x.reach) | y.grid_is_fragile | x.grid_is_fragile
    for mask in (maps.nan, maps.nan | maps.infinite):
        may = read(y.reach.may_read, mask[roi.batch], x.reach.may_read)
        must = read(y.reach.must_read, mask[roi.batch], x.reach.must_read)
        fragile = fragile | (may & ~must)
    return fragile


def _pixels(maps: Maps, batch: int) -> Array:
    """One image as float64, ``(C, H, W)``; 0 where it is not finite."""
    return as_floats(lambda integer: as_float(Fraction(integer, maps.denominator)), maps.integers[batch])
