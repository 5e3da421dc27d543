"""The exact reference: BorderAlign and its gradients (BA-5 to BA-8), in fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..call import SIDES
from .geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.numbers import Array
    from .geometry import Line, Roi


class Maps(NamedTuple):
    """Maps ``(N, C, 4, H, W)`` of float64, of which those pixels become exact numbers that are read."""

    pixels: Array

    def at(self, image: int, rows: Array, columns: Array) -> tuple[Array, Array]:
        """Exact pixels ``(C, 4, points)``, 0 for what is no number, and whether it is none; of places ``(4, points)``."""
        found = self.pixels[image][:, _of_sides(rows.shape), rows, columns]
        special = ~np.isfinite(found)
        return as_exact(np.where(special, 0.0, found)), special


def as_exact(values: Array) -> Array:
    """Finite numbers, exactly."""
    return np.asarray(np.frompyfunc(Fraction, 1, 1)(values), object).reshape(values.shape)


class Result(NamedTuple):
    """Exact values, None throughout an invalid RoI, and what they would be if no term were negative."""

    values: Array
    magnitude: Array


class Points(NamedTuple):
    """What the points of a RoI read: arrays ``(C, 4, points)``.

    Attributes:
        values: Of the points; of one that is outside what `Rules.outside` says.
        magnitude: What they would be if no pixel were negative.
        special: Whether a point reads a pixel that is no number, with whatever weight.
    """

    values: Array
    magnitude: Array
    special: Array


def corners(y: Line, x: Line) -> Iterator[tuple[Array, Array, Array]]:
    """BA-4: the four pixels of each point, rows and columns, and their weights; ``(4, points)``."""
    for rows, down in ((y.low, 1 - y.fraction), (y.high, y.fraction)):
        for columns, across in ((x.low, 1 - x.fraction), (x.high, x.fraction)):
            yield rows, columns, down * across


def _of_sides(shape: Sequence[int]) -> Array:
    """The number of the side, for arrays ``(4, points)``."""
    return np.broadcast_to(np.arange(SIDES)[:, None], tuple(shape))


def read(maps: Maps, roi: Roi) -> Points:
    """BA-4: what the points of a RoI read."""
    y, x = roi.lines
    shape = (maps.pixels.shape[1], *roi.inside.shape)
    values, magnitude = (np.full(shape, ZERO, object) for _ in range(2))
    doubtful = np.zeros(shape, bool)
    for rows, columns, weights in corners(y, x):
        pixels, special = maps.at(roi.image, rows, columns)
        terms = pixels * weights
        values, magnitude = values + terms, magnitude + abs(terms)
        doubtful |= special
    values = np.where(roi.inside, values, roi.rules.outside())
    return Points(values, np.where(roi.inside, magnitude, ZERO), doubtful & roi.inside)


def _counting(values: Array) -> list[Fraction]:
    """Those values that count."""
    return [value for value in values if value is not None] or [ZERO]


def border_align(maps: Maps, rois: Sequence[Roi | None]) -> Result:
    """The exact output ``(K, C, 4)``."""
    shape = (len(rois), maps.pixels.shape[1], SIDES)
    values: Array = np.full(shape, None, object)
    magnitude: Array = np.full(shape, ZERO, object)
    for k, roi in enumerate(rois):
        if roi is None or not values[k].size:
            continue
        points = read(maps, roi)
        for c, side in np.ndindex(*shape[1:]):
            values[k, c, side] = roi.rules.pooled(_counting(points.values[c, side]))
            magnitude[k, c, side] = max(points.magnitude[c, side])
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
    shape = maps.pixels.shape
    values, magnitude = (np.full(shape, ZERO, object) for _ in range(2))
    for k, roi in enumerate(rois):
        if roi is None or not grad[k].size:
            continue
        taps = list(corners(*roi.lines))
        won = winners(read(maps, roi), roi)
        for c, side in np.ndindex(*won.shape):
            if won[c, side] < 0 or not grad[k, c, side]:
                continue
            for rows, columns, weights in taps:
                at = roi.image, c, side, rows[side, won[c, side]], columns[side, won[c, side]]
                sent = grad[k, c, side] * weights[side, won[c, side]]
                values[at] += sent
                magnitude[at] += abs(sent)
    stacked = (*shape[:2], shape[2] * shape[3], shape[4])
    return Result(values.reshape(stacked), magnitude.reshape(stacked))


def slopes(maps: Maps, roi: Roi) -> tuple[Array, Array]:
    """BA-8: by how much the value of each point ``(C, 4, points)`` changes along y, and along x."""
    y, x = roi.lines
    at = {
        (n, m): maps.at(roi.image, rows, columns)[0]
        for n, rows in enumerate((y.low, y.high))
        for m, columns in enumerate((x.low, x.high))
    }
    down = (at[1, 0] - at[0, 0]) * (1 - x.fraction) + (at[1, 1] - at[0, 1]) * x.fraction
    right = (at[0, 1] - at[0, 0]) * (1 - y.fraction) + (at[1, 1] - at[1, 0]) * y.fraction
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
        won, (down, right) = winners(read(maps, roi), roi), slopes(maps, roi)
        for c, side in np.ndindex(*won.shape):
            i = won[c, side]
            if i < 0:
                continue
            for n, (by_y, by_x) in enumerate(roi.rules.moves(side, roi.shares[i])):
                sent = grad[k, c, side] * (down[c, side, i] * by_y + right[c, side, i] * by_x)
                values[k, n] += sent
                magnitude[k, n] += abs(sent)
    return Result(values, magnitude)
