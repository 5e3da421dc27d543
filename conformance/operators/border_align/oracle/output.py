"""The exact reference: BorderAlign and its gradients (BA-5 to BA-8), in fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....exact.numbers import common_denominator
from ..call import SIDES
from .geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.numbers import Array
    from .geometry import Line, Roi


class Maps(NamedTuple):
    """Exact maps ``(N, C, 4, H, W)``.

    Attributes:
        integers: All different numbers, times ``denominator``; 0 for what is no number.
        denominator: Of all of them.
        places: Which of them each pixel has.
        special: Which pixels are no numbers.
    """

    integers: Array
    denominator: int
    places: Array
    special: Array

    @classmethod
    def of(cls, maps: Array) -> Maps:
        """Those of an array of float64."""
        special = ~np.isfinite(maps)
        different, places = np.unique(np.where(special, 0.0, maps), return_inverse=True)
        integers, denominator = common_denominator(as_exact(different))
        return cls(np.asarray(integers, object), denominator, places.reshape(maps.shape), special)

    def at(self, image: int, rows: Array, columns: Array) -> tuple[Array, Array]:
        """Pixels ``(C, 4, points)`` of places ``(4, points)``, times the denominator; and whether they are no numbers."""
        where = slice(None), np.broadcast_to(np.arange(SIDES)[:, None], rows.shape), rows, columns
        return self.integers[self.places[image][where]], self.special[image][where]


def as_exact(values: Array) -> Array:
    """Finite numbers, exactly."""
    return np.asarray(np.frompyfunc(Fraction, 1, 1)(values), object).reshape(values.shape)


class Result(NamedTuple):
    """Exact values, None throughout an invalid RoI, and what they would be if no term were negative."""

    values: Array
    magnitude: Array


class Points(NamedTuple):
    """What the points of a RoI read: arrays ``(C, 4, points)`` of whole numbers, of which ``unit`` are one.

    Attributes:
        values: Of the points; of one that is outside what `Rules.outside` says.
        magnitude: What they would be if no pixel were negative.
        special: Whether a point reads a pixel that is no number, with whatever weight.
    """

    values: Array
    magnitude: Array
    special: Array
    unit: int

    def exactly(self, values: Array) -> Array:
        """Those numbers themselves."""
        found: Array = np.frompyfunc(lambda n: Fraction(n) / self.unit, 1, 1)(values)
        return np.asarray(found, object)


def corners(y: Line, x: Line) -> Iterator[tuple[Array, Array, Array]]:
    """BA-4: the four pixels of each point, rows and columns, and their weights in units of both axes; ``(4, points)``."""
    for rows, down in ((y.low, y.unit - y.fraction), (y.high, y.fraction)):
        for columns, across in ((x.low, x.unit - x.fraction), (x.high, x.fraction)):
            yield rows, columns, down * across


def read(maps: Maps, roi: Roi) -> Points:
    """BA-4: what the points of a RoI read."""
    y, x = roi.lines
    shape = (maps.places.shape[1], *roi.inside.shape)
    values, magnitude = (np.full(shape, 0, object) for _ in range(2))
    doubtful = np.zeros(shape, bool)
    for rows, columns, weights in corners(y, x):
        pixels, special = maps.at(roi.image, rows, columns)
        terms = pixels * weights
        values, magnitude = values + terms, magnitude + abs(terms)
        doubtful |= special
    unit, outside = y.unit * x.unit * maps.denominator, roi.rules.outside()
    values = np.where(roi.inside, values, None if outside is None else outside * unit)  # type: ignore[arg-type]
    return Points(values, np.where(roi.inside, magnitude, 0), doubtful & roi.inside, unit)


def _counting(values: Array) -> list[int]:
    """Those values that count."""
    return [value for value in values if value is not None] or [0]


def border_align(maps: Maps, rois: Sequence[Roi | None]) -> Result:
    """The exact output ``(K, C, 4)``."""
    shape = (len(rois), maps.places.shape[1], SIDES)
    values: Array = np.full(shape, None, object)
    magnitude: Array = np.full(shape, ZERO, object)
    for k, roi in enumerate(rois):
        if roi is None or not values[k].size:
            continue
        points = read(maps, roi)
        for c, side in np.ndindex(*shape[1:]):
            values[k, c, side] = Fraction(roi.rules.pooled(_counting(points.values[c, side]))) / points.unit
            magnitude[k, c, side] = Fraction(max(points.magnitude[c, side]), points.unit)
    return Result(values, magnitude)


def winners(points: Points, roi: Roi) -> Array:
    """BA-6: the point of each channel and side, ``(C, 4)``, that sends a gradient back; −1 for none."""
    shape = points.values.shape[:2]
    found = np.full(shape, -1, np.int64)
    for c, side in np.ndindex(*shape):
        counting = [i for i, value in enumerate(points.values[c, side]) if value is not None]
        values = [points.values[c, side, i] for i in counting]
        best = roi.rules.winner(values) if values else -1
        if 0 <= best < len(values) and roi.rules.sends(bool(roi.inside[side, counting[best]])):
            found[c, side] = counting[best]
    return found


def feature_gradient(grad: Array, maps: Maps, rois: Sequence[Roi | None]) -> Result:
    """BA-7 for maps ``(N, C, 4 H, W)``."""
    shape = maps.places.shape
    values, magnitude = (np.full(shape, ZERO, object) for _ in range(2))
    for k, roi in enumerate(rois):
        if roi is None or not grad[k].size:
            continue
        taps, unit = list(corners(*roi.lines)), roi.lines[0].unit * roi.lines[1].unit
        won = winners(read(maps, roi), roi)
        for c, side in np.ndindex(*won.shape):
            if won[c, side] < 0 or not grad[k, c, side]:
                continue
            for rows, columns, weights in taps:
                at = roi.image, c, side, rows[side, won[c, side]], columns[side, won[c, side]]
                sent = grad[k, c, side] * Fraction(weights[side, won[c, side]], unit)  # type: ignore[call-overload]
                values[at] += sent
                magnitude[at] += abs(sent)
    stacked = (*shape[:2], shape[2] * shape[3], shape[4])
    return Result(values.reshape(stacked), magnitude.reshape(stacked))


def slopes(maps: Maps, roi: Roi) -> tuple[Array, Array]:
    """BA-8: by how much the value of each point ``(C, 4, points)`` changes along y, and along x.

    Whole numbers in units of the maps and of the other axis.
    """
    y, x = roi.lines
    at = {
        (n, m): maps.at(roi.image, rows, columns)[0]
        for n, rows in enumerate((y.low, y.high))
        for m, columns in enumerate((x.low, x.high))
    }
    down = (at[1, 0] - at[0, 0]) * (x.unit - x.fraction) + (at[1, 1] - at[0, 1]) * x.fraction
    right = (at[0, 1] - at[0, 0]) * (y.unit - y.fraction) + (at[1, 1] - at[1, 0]) * y.fraction
    return down * (y.slopes & roi.inside), right * (x.slopes & roi.inside)


def box_gradient(grad: Array, maps: Maps, rois: Sequence[Roi | None]) -> Result:
    """BA-8: ``(K, 4)`` for x1, y1, x2, y2, None throughout an invalid RoI."""
    values: Array = np.full((len(rois), 4), None, object)
    magnitude: Array = np.full((len(rois), 4), ZERO, object)
    for k, roi in enumerate(rois):
        if roi is None:
            continue
        values[k] = ZERO
        if not grad[k].size:
            continue
        won, (down, right), (y, x) = winners(read(maps, roi), roi), slopes(maps, roi), roi.lines
        for c, side in np.ndindex(*won.shape):
            i = won[c, side]
            if i < 0:
                continue
            of_y = Fraction(down[c, side, i], x.unit * maps.denominator)  # type: ignore[call-overload]
            of_x = Fraction(right[c, side, i], y.unit * maps.denominator)  # type: ignore[call-overload]
            for n, (by_y, by_x) in enumerate(roi.rules.moves(side, roi.shares[i])):
                sent = grad[k, c, side] * (of_y * by_y + of_x * by_x)
                values[k, n] += sent
                magnitude[k, n] += abs(sent)
    return Result(values, magnitude)
