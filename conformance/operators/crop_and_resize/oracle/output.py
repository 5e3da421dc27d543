"""The exact reference: crop_and_resize in rational arithmetic, written as ``RULES.md`` reads; and its two gradients.

Numbers that float64 holds throughout are taken as they are; others, as fractions. Either way nothing is rounded.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....exact.budgets import quantum
from ....exact.numbers import Special
from .geometry import Box, box_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ....exact.numbers import Array
    from .geometry import Point, Rules, Taps

Boxes = list[Box | None]


class Lines(NamedTuple):
    """What the points along an axis read: pixels, and the weights of the second ones, for a box."""

    low: Array
    high: Array
    fraction: Array

    @classmethod
    def of(cls, taps: Iterable[Taps], kind: type) -> Lines:
        """Those of some points, weights as numbers of a kind."""
        low, high, fraction = zip(*taps, strict=True) if (taps := list(taps)) else ((), (), ())
        weights = np.array([kind(f) for f in fraction], object if kind is Fraction else np.float64)
        return cls(np.array(low, np.int64), np.array(high, np.int64), weights)


def all_boxes(rows: Array, shape: Sequence[int], size: Sequence[int], rules: Rules) -> Boxes:
    """Where each box lies; None for one that cannot be cropped."""
    return [box_of(row, shape, size, rules) for row in rows.tolist()]


def points_of(boxes: Boxes) -> Iterator[Point]:
    """All points along both axes that are inside."""
    for box in boxes:
        if box:
            yield from (point for point in (*box.y, *box.x) if point.inside)


def kind_for(numbers: Array, boxes: Boxes, terms: int) -> type:
    """In which numbers a call is exact: in float64 if sums of so many products with two weights are; or in fractions."""
    step = unit_of(numbers) * unit_of_weights(boxes) ** 2
    most = Fraction(float(abs(numbers).max(initial=0))) * terms * 4
    return float if step and most < step * 2**52 else Fraction


def unit_of(numbers: Array) -> Fraction:
    """The greatest power of two of which all numbers are multiples; 0 if there is none."""
    return quantum(map(Fraction, set(np.ravel(numbers).tolist())))


def unit_of_weights(boxes: Boxes) -> Fraction:
    """The same of all weights, or of how points move if that is less; no more than 1."""
    return min(quantum({point.around.fraction for point in points_of(boxes)}), Fraction(1))


def as_kind(array: Array, kind: type) -> Array:
    """Finite numbers as fractions, or as float64."""
    if kind is float:
        return np.asarray(array, np.float64)
    return np.asarray(np.frompyfunc(Fraction, 1, 1)(array), object)


def _grid(values: Array, rows: Array, columns: Array) -> Array:
    taken: Array = values[..., rows[:, None], columns[None, :]]
    return taken


def interpolated(values: Array, y: Lines, x: Lines) -> Array:
    """CR-4: ``(C, P_h, P_w)`` values between the pixels ``(C, H, W)``: first along x, then along y."""
    above, below = (_along_x(values, rows, x) for rows in (y.low, y.high))
    result: Array = above + (below - above) * y.fraction[:, None]
    return result


def _along_x(values: Array, rows: Array, x: Lines) -> Array:
    left, right = _grid(values, rows, x.low), _grid(values, rows, x.high)
    result: Array = left + (right - left) * x.fraction
    return result


def any_read(marked: Array, y: Lines, x: Lines) -> Array:
    """Whether a point reads one of the pixels that are marked, ``(C, P_h, P_w)``."""
    second_y, second_x = (y.fraction != 0)[:, None], (x.fraction != 0)[None, :]
    first = _grid(marked, y.low, x.low) | (_grid(marked, y.low, x.high) & second_x)
    second = _grid(marked, y.high, x.low) | (_grid(marked, y.high, x.high) & second_x)
    result: Array = first | (second & second_y)
    return result


def inside_of(box: Box) -> Array:
    """Which points ``(P_h, P_w)`` are inside."""
    y, x = ([point.inside for point in points] for points in (box.y, box.x))
    both: Array = np.logical_and.outer(np.array(y, bool), np.array(x, bool))
    return both


def crop_and_resize(maps: Array, boxes: Boxes, size: Sequence[int], extrapolation: float) -> Array:
    """The exact crops ``(K, C, P_h, P_w)`` of images of float64 ``(N, C, H, W)``; None throughout a box that is none."""
    shape = (len(boxes), maps.shape[1], *size)
    is_finite = np.isfinite(maps)
    finite = np.where(is_finite, maps, 0.0)
    kind = kind_for(finite, boxes, 4)
    pixels = as_kind(finite, kind)
    outside = Fraction(extrapolation) if math.isfinite(extrapolation) else _special(extrapolation)
    values: Array = np.full(shape, None, object)
    for k, box in enumerate(boxes):
        if box is None or not values[k].size:
            continue
        y, x = (Lines.of((p.taps for p in points), kind) for points in (box.y, box.x))
        crop = interpolated(pixels[box.image], y, x).astype(object)
        if not is_finite.all():
            crop[any_read(~is_finite[box.image], y, x)] = Special.NONFINITE
            crop[any_read(np.isnan(maps[box.image]), y, x)] = Special.NAN
        values[k] = np.where(inside_of(box), crop, np.full((), outside, object))
    return values


def _special(number: float) -> Special:
    return Special.NAN if math.isnan(number) else Special.INFINITY if number > 0 else Special.MINUS_INFINITY


def sent(box: Box) -> Iterator[tuple[Array, Array, Array]]:
    """CR-7: for each of four pixels that points may read its rows ``(P_h,)``, its columns ``(P_w,)``, and the product of weights.

    Weights ``(P_h, P_w)`` are fractions; 0 of a pixel that is not read, and of points outside.
    """
    inside = inside_of(box)
    for rows, of_rows in _weighed(box.y):
        for columns, of_columns in _weighed(box.x):
            weights = np.multiply.outer(of_rows, of_columns)
            weights[~inside] = Fraction(0)
            yield rows, columns, weights


def _weighed(points: Sequence[Point]) -> Iterator[tuple[Array, Array]]:
    """The first pixels of some points, and their weights; then the second ones."""
    y = Lines.of((point.taps for point in points), Fraction)
    yield y.low, 1 - y.fraction
    yield y.high, y.fraction


def feature_gradient(grad: Array, shape: Sequence[int], boxes: Boxes) -> tuple[Array, Array, Array]:
    """The exact gradient (CR-7) for images of this shape; Σ |term|, and how many terms."""
    kind = kind_for(grad, boxes, max(1, grad.size))
    arriving = as_kind(grad, kind)
    zero = Fraction(0) if kind is Fraction else 0.0
    values, magnitude = (np.full(shape, zero, arriving.dtype) for _ in range(2))
    counts = np.zeros((shape[0], shape[2], shape[3]), np.int64)
    for k, box in enumerate(boxes):
        for rows, columns, weights in sent(box) if box and arriving[k].size else ():
            assert box is not None
            terms, at = arriving[k] * as_kind(weights, kind), (rows[:, None], columns[None, :])
            for c in range(shape[1]):
                np.add.at(values[box.image, c], at, terms[c])
                np.add.at(magnitude[box.image, c], at, abs(terms[c]))
            np.add.at(counts[box.image], at, (weights != 0).astype(np.int64))
    return values, magnitude, counts


def box_gradient(grad: Array, maps: Array, boxes: Boxes) -> tuple[Array, Array]:
    """The exact gradient (CR-8) for the boxes, ``(K, 4)`` for y1, x1, y2, x2; None for a box that is none. And Σ |term|."""
    values: Array = np.full((len(boxes), 4), None, object)
    magnitude = np.zeros((len(boxes), 4))
    kind = kind_for(maps, boxes, 4)
    pixels, arriving = as_kind(maps, kind), as_kind(grad, Fraction)
    for k, box in enumerate(boxes):
        if box is None:
            continue
        masked = arriving[k].copy()
        masked[:, ~inside_of(box)] = Fraction(0)
        image = pixels[box.image]
        of_pixels = of_slopes(image, box, kind)
        of_sizes = of_slopes(abs(image), box, kind, add=True)
        for axis, points in enumerate((box.y, box.x)):
            terms = as_kind(of_pixels[axis], Fraction) * masked
            along = terms.sum(axis=(0, 2 - axis)) if terms.size else np.zeros(len(points), object)
            sizes = (as_kind(of_sizes[axis], Fraction) * abs(masked)).sum(axis=(0, 2 - axis)) if terms.size else along
            values[k, axis] = Fraction(sum(s * p.first for s, p in zip(along, points, strict=True)))
            values[k, axis + 2] = Fraction(sum(s * p.second for s, p in zip(along, points, strict=True)))
            reach = float(sum(s * (abs(p.first) + abs(p.second)) for s, p in zip(sizes, points, strict=True)))
            magnitude[k, axis] = magnitude[k, axis + 2] = reach
    return values, magnitude


def of_slopes(image: Array, box: Box, kind: type, *, add: bool = False) -> tuple[Array, Array]:
    """The slopes of the interpolation along y and along x at each point; or sums in the place of differences."""
    y, x = (Lines.of((p.around for p in points), kind) for points in (box.y, box.x))
    low_y, high_y = (np.array([p.slope[n] for p in box.y], np.int64) for n in (0, 1))
    low_x, high_x = (np.array([p.slope[n] for p in box.x], np.int64) for n in (0, 1))
    sign = 1 if add else -1
    down = _along_x(image, high_y, x) + sign * _along_x(image, low_y, x)
    left, right = (_along_y(image, y, columns) for columns in (low_x, high_x))
    return down, right + sign * left


def _along_y(values: Array, y: Lines, columns: Array) -> Array:
    above, below = _grid(values, y.low, columns), _grid(values, y.high, columns)
    result: Array = above + (below - above) * y.fraction[:, None]
    return result
