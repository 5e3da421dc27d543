"""The exact reference: rotated RoIAlign and its gradients (RR-10 to RR-13), in whole numbers of common units."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....exact.numbers import Special, common_denominator
from .geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.numbers import Array
    from .geometry import Line, Roi


class Maps(NamedTuple):
    """Exact maps ``(N, C, H, W)``: ``integers / denominator``, 0 where they are no numbers; which are NaN, or infinite."""

    integers: Array
    denominator: int
    nan: Array
    infinite: Array

    @classmethod
    def of(cls, maps: Array) -> Maps:
        """Those of an array of float64."""
        nan, infinite = np.isnan(maps), np.isinf(maps)
        numbers = np.frompyfunc(Fraction, 1, 1)(np.where(nan | infinite, 0.0, maps))
        integers, denominator = common_denominator(np.asarray(numbers, object))
        return cls(np.asarray(integers, object), denominator, nan, infinite)


class Result(NamedTuple):
    """Exact values, None throughout an invalid RoI, and what they would be if no term were negative."""

    values: Array
    magnitude: Array


def corners(y: Line, x: Line) -> Iterator[tuple[Array, Array, Array]]:
    """RR-9: the four pixels of each sample, rows and columns, and their weights, in squares of the unit."""
    for rows, down in ((y.low, y.unit - y.fraction), (y.high, y.fraction)):
        for columns, across in ((x.low, x.unit - x.fraction), (x.high, x.fraction)):
            yield rows, columns, down * across


def _fractions(integers: Array, denominator: Array | int) -> Array:
    found: Array = np.frompyfunc(lambda n, d: Fraction(int(n), 1) / d, 2, 1)(integers, denominator)
    return np.asarray(found, object)


def roi_align_rotated(maps: Maps, rois: Sequence[Roi | None], bins: tuple[int, int]) -> Result:
    """The exact output ``(K, C, P_h, P_w)``."""
    shape = (len(rois), maps.integers.shape[1], *bins)
    values: Array = np.full(shape, None, object)
    magnitude: Array = np.full(shape, ZERO, object)
    for k, roi in enumerate(rois):
        if roi is None or not values[k].size:
            continue
        y, x = roi.lines
        image, inside = maps.integers[roi.image], roi.inside
        total, sizes = np.zeros((2, shape[1], *inside.shape), object)
        for rows, columns, weights in corners(y, x):
            terms = image[:, rows, columns] * (weights * inside)
            total, sizes = total + terms, sizes + abs(terms)
        divisor = roi.divisor * (y.unit * x.unit * maps.denominator)
        values[k], magnitude[k] = (_fractions(each.sum(axis=3), divisor) for each in (total, sizes))
        _mark(values[k], roi, maps)
    return Result(values, magnitude)


def reads(mask: Array, roi: Roi) -> Array:
    """For planes ``(C, H, W)`` of truth values, whether each bin reads a true one with a weight that is not 0."""
    found = np.zeros((len(mask), *roi.bins), bool)
    for rows, columns, weights in corners(*roi.lines):
        found |= (mask[:, rows, columns] & roi.inside & (weights != 0).astype(bool)).any(axis=3)
    return found


def _mark(values: Array, roi: Roi, maps: Maps) -> None:
    """RR-13: makes those values of a RoI no numbers that read a pixel which is none."""
    if maps.nan.any() or maps.infinite.any():
        values[reads(maps.infinite[roi.image], roi)] = Special.NONFINITE
        values[reads(maps.nan[roi.image], roi)] = Special.NAN


def feature_gradient(grad: Maps, shape: Sequence[int], rois: Sequence[Roi | None]) -> Result:
    """RR-11 for maps of this shape."""
    values, magnitude = (np.full(shape, ZERO, object) for _ in range(2))
    for k, roi in enumerate(rois):
        if roi is None or not roi.inside.size or not grad.integers[k].size:
            continue
        y, x = roi.lines
        total, sizes = np.zeros((2, *shape[1:]), object)
        divisor = roi.rules.sent(roi.divisor)
        arriving, common = common_denominator(_fractions(grad.integers[k], grad.denominator * divisor))
        for rows, columns, weights in corners(y, x):
            counted = weights * roi.inside
            terms = np.asarray(arriving, object)[..., None] * counted
            for c in range(shape[1]):
                np.add.at(total[c], (rows, columns), terms[c])
                np.add.at(sizes[c], (rows, columns), abs(terms[c]))
        unit = y.unit * x.unit * common
        values[roi.image] += _fractions(total, unit)
        magnitude[roi.image] += _fractions(sizes, unit)
    return Result(values, magnitude)


def slopes(image: Array, roi: Roi) -> tuple[Array, Array]:
    """RR-12: by how much the value of each sample ``(C, P_h, P_w, samples)`` changes along y, and along x; in units of the map.

    They are whole numbers over the unit of the other axis.
    """
    y, x = roi.lines
    at = {
        (n, m): image[:, rows, columns]
        for n, rows in enumerate((y.low, y.high))
        for m, columns in enumerate((x.low, x.high))
    }
    down = (at[1, 0] - at[0, 0]) * (x.unit - x.fraction) + (at[1, 1] - at[0, 1]) * x.fraction
    right = (at[0, 1] - at[0, 0]) * (y.unit - y.fraction) + (at[1, 1] - at[1, 0]) * y.fraction
    return down * (y.slopes & roi.inside), right * (x.slopes & roi.inside)


def _over(integers: Array, moves: Array, unit: int) -> Fraction:
    """The sum of these whole numbers, over ``unit``, each times how a sample moves."""
    whole, common = common_denominator(moves)
    return Fraction(int((integers * np.asarray(whole, object)).sum()), unit * common)


def box_gradient(grad: Maps, maps: Maps, rois: Sequence[Roi | None]) -> Result:
    """RR-12: ``(K, 5)`` for cx, cy, w, h in image pixels and the angle in its unit, None throughout an invalid RoI."""
    values: Array = np.full((len(rois), 5), None, object)
    magnitude: Array = np.full((len(rois), 5), ZERO, object)
    for k, roi in enumerate(rois):
        if roi is None:
            continue
        values[k] = ZERO
        if not roi.inside.size or not grad.integers[k].size:
            continue
        y, x = roi.lines
        down, right = slopes(maps.integers[roi.image], roi)
        shares = _fractions(grad.integers[k], grad.denominator * maps.denominator * roi.rules.sent(roi.divisor))
        arriving, common = common_denominator(shares)
        every = (*roi.bins, *roi.taken)
        sent = np.asarray(arriving, object)[..., None]
        by_y, by_x, sizes_y, sizes_x = (
            terms.sum(axis=0).reshape(every)
            for terms in (down * sent, right * sent, abs(down) * abs(sent), abs(right) * abs(sent))
        )
        units = common * x.unit, common * y.unit
        for n, moves in enumerate(roi.rules.moves(roi)):
            values[k, n] = sum(map(_over, (by_y, by_x), moves, units), ZERO)
            magnitude[k, n] = sum(map(_over, (sizes_y, sizes_x), map(abs, moves), units), ZERO)
        if reads(maps.infinite[roi.image], roi).any():
            values[k] = Special.NONFINITE
        if reads(maps.nan[roi.image], roi).any():
            values[k] = Special.NAN
    return Result(values, magnitude)
