"""The exact gradients of PrRoIPool for the maps (PR-7) and for the boxes (PR-8), in rational arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .....kernels.dialects.prroi_pool import FlatBox
from ....exact.numbers import Special
from .geometry import ZERO
from .matrices import Matrix, columns_of, product, rows_of
from .output import Read, sizes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.numbers import Array
    from .geometry import Rules, Stages, Weights
    from .output import Maps


class FeatureGradient(NamedTuple):
    """The exact gradient for the maps, ``(N, C, H, W)``: its values, and Σ |term|."""

    values: Array
    magnitude: Array


class BoxGradient(NamedTuple):
    """The exact gradient for the boxes, ``(K, 4)`` for x1, y1, x2, y2 in image pixels; None throughout an invalid RoI."""

    values: Array


def feature_gradient(grad: Array, shape: Sequence[int], rois: Sequence[Stages | None], rules: Rules) -> FeatureGradient:
    """PR-7 for maps of this shape; ``grad``, of fractions, is ``(K, C, P_h, P_w)``."""
    values, magnitude = (np.full(shape, ZERO, object) for _ in range(2))
    for roi, arriving in zip(rois, grad, strict=True):
        if roi is None or not roi.has_area:
            continue
        shares = arriving.copy()
        for p, q, height, width in sizes_of(roi):
            shares[:, p, q] = arriving[:, p, q] / rules.share(height, width)
        read, sent = Read.by(roi), Matrix.of(shares)
        place = roi.batch, slice(None), read.rows, read.columns
        by_y, by_x = (Matrix(each.integers.T, each.denominator) for each in (read.y, read.x))
        values[place] += product(by_y, sent, by_x)
        magnitude[place] += product(abs(by_y), abs(sent), abs(by_x))
    return FeatureGradient(values, magnitude)


def box_gradient(grad: Array, maps: Maps, rois: Sequence[Stages | None], rules: Rules) -> BoxGradient:
    """PR-8; ``grad`` is of fractions."""
    values: Array = np.full((len(rois), 4), None, object)
    for k, (roi, arriving) in enumerate(zip(rois, grad, strict=True)):
        if roi is None:
            continue
        if not roi.has_area:
            values[k] = Special.NAN if rules.dialect.flat_box == FlatBox.NAN and arriving.size else ZERO
            continue
        values[k] = _moved(roi, arriving, maps, rules)
        read = Read.by(roi)
        if read.reads_any(maps.infinite[roi.batch]).any():
            values[k] = Special.NONFINITE
        if read.reads_any(maps.nan[roi.batch]).any():
            values[k] = Special.NAN
    return BoxGradient(values)


def _moved(roi: Stages, grad: Array, maps: Maps, rules: Rules) -> list[object]:
    """The gradient for a RoI that has an area."""
    integrals = _integral(roi, maps, roi.y.weights, roi.x.weights)
    starts, ends = ([line[n] for line in roi.y.lines] for n in range(2))
    lefts, rights = ([line[n] for line in roi.x.lines] for n in range(2))
    along_y = [_integral(roi, maps, lines, roi.x.weights) for lines in (starts, ends)]
    along_x = [_integral(roi, maps, roi.y.weights, lines) for lines in (lefts, rights)]
    moves_y, moves_x = roi.y.moves, roi.x.moves
    found = [ZERO] * 4
    for p, q, height, width in sizes_of(roi):
        area = rules.area(height, width)
        for c, sent in enumerate(grad[:, p, q]):
            value = integrals[c, p, q] / area
            start, end = (rules.change(lines[c, p, q] / area, value, height) for lines in along_y)
            left, right = (rules.change(lines[c, p, q] / area, value, width) for lines in along_x)
            for corner in range(2):
                of_start, of_end = moves_y[p][corner]
                of_left, of_right = moves_x[q][corner]
                found[2 * corner + 1] += sent * (end * of_end - start * of_start)
                found[2 * corner] += sent * (right * of_right - left * of_left)
    return list(found)


def _integral(roi: Stages, maps: Maps, weights_y: Sequence[Weights], weights_x: Sequence[Weights]) -> Array:
    """The sums of the pixels of a RoI's image with these weights, ``(C, P_h, P_w)``."""
    rows, columns = columns_of(weights_y), columns_of(weights_x)
    pixels = maps.numbers.part(roi.batch).part(slice(None), rows, columns)
    return product(rows_of(weights_y, rows), pixels, rows_of(weights_x, columns))
