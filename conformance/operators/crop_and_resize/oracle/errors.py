"""How far a computation in a data type may be from the exact answer: positions first, then what is read there."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .....kernels.dialects.crop_and_resize import NEAREST, LastPoint, NearestSlope
from .geometry import HALF
from .output import inside_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Box, Point, Rules

_OF_POSITION = 8
"""Roundings of a position, relative to the longest way to it."""
_OF_VALUE = 16
"""Roundings of a value between pixels, relative to the greatest of these, whether it is formed by differences or by weights."""
_OF_MOTION = 16
"""Roundings of a term of a box's gradient, besides those of the sum."""


class Reach(NamedTuple):
    """Where a point may be along an axis.

    ``is_open``: whether rounding decides if it is inside, or which pixel is the nearest. ``at_knot``: or on which side of a
    pixel it is. Pixels ``first`` to ``last`` are those that it may read.
    """

    error: float
    is_open: bool
    at_knot: bool
    first: int
    last: int


def reaches(
    corners: tuple[Fraction, Fraction], points: Sequence[Point], pixels: int, rules: Rules, type_: FloatType
) -> list[Reach]:
    """Where the points of an axis may be, whose positions are formed in a type.

    Raises:
        OverflowError: they may overflow.
    """
    steps = [_steps(*corners, i, len(points), rules.reach(pixels), rules) for i in range(len(points))]
    return [
        _reach(point, error_of([*way, point.position], type_), pixels, rules)
        for point, way in zip(points, steps, strict=True)
    ]


def error_of(steps: Sequence[Fraction], type_: FloatType) -> float:
    """The greatest error of a position; 0 if every step on the way to it is a number of the type.

    Raises:
        OverflowError: one of them is beyond all numbers of it.
    """
    far = max(map(abs, steps))
    if type_.overflows(2 * far):
        raise OverflowError
    if all(map(type_.represents, steps)):
        return 0.0
    return _OF_POSITION * (type_.unit * float(far) + type_.underflow)


def _steps(y1: Fraction, y2: Fraction, i: int, points: int, reach: int, rules: Rules) -> list[Fraction]:
    """CR-2: the numbers on the way to a position, in the order of the rule."""
    if points == 1:
        return [y1, y2, y1 + y2, HALF * (y1 + y2)]
    if i == 0:
        return [y1]
    if i == points - 1 and rules.dialect.last_point == LastPoint.CORNER:
        return [y2]
    extent = (y2 - y1) * reach
    return [y1, y2, y2 - y1, extent, extent / (points - 1), i * extent / (points - 1), y1 * reach]


def _reach(point: Point, error: float, pixels: int, rules: Rules) -> Reach:
    y, slack, last = point.position, Fraction(error), pixels - 1
    near_edge = bool(error) and min(abs(y), abs(y - last)) <= slack
    tied = bool(error) and rules.mode == NEAREST and abs(y - math.floor(y) - HALF) <= slack
    at_knot = bool(error) and math.floor(y - slack) != math.floor(y + slack)
    if not point.inside and not near_edge:
        return Reach(error, False, False, 0, -1)
    if rules.mode == NEAREST:
        low, high = rules.nearest(max(y - slack, Fraction(0))), rules.nearest(y + slack)
    else:
        low, high = math.floor(y - slack), math.ceil(y + slack)
    return Reach(error, near_edge or tied, at_knot, min(max(low, 0), last), min(max(high, 0), last))


# ---- what is read ----------------------------------------------------------------------------------------------------


def of_output(
    image: Array, y: Sequence[Reach], x: Sequence[Reach], rules: Rules, type_: FloatType, *, rounded: bool
) -> Array:
    """The greatest error of each value ``(C, P_h, P_w)`` of a box; infinite on a discontinuity.

    ``rounded`` says whether what is read there is rounded, too.
    """
    bound = np.zeros((len(image), len(y), len(x)))
    if not rounded and _are_exact(y, x) and np.isfinite(image).all():
        return bound
    for p, q in np.ndindex(len(y), len(x)):
        rows, columns = y[p], x[q]
        if rows.first > rows.last or columns.first > columns.last:
            continue  # surely outside
        if rows.is_open or columns.is_open:
            bound[:, p, q] = math.inf
            continue
        if rules.mode == NEAREST:
            continue
        pixels = image[:, rows.first : rows.last + 1, columns.first : columns.last + 1]
        if not np.isfinite(pixels).all():
            exact = all(not each.error for each in (rows, columns))
            bound[:, p, q] = 0 if exact else math.inf
            continue
        of_rows = abs(np.diff(pixels, axis=1)).max(axis=(1, 2), initial=0)
        of_columns = abs(np.diff(pixels, axis=2)).max(axis=(1, 2), initial=0)
        bound[:, p, q] = of_rows * rows.error + of_columns * columns.error
        if rounded or rows.error or columns.error:
            most = abs(pixels).max(axis=(1, 2), initial=0)
            bound[:, p, q] += _OF_VALUE * (type_.unit * most + type_.underflow)
    return bound


def _are_exact(*axes: Sequence[Reach]) -> bool:
    """Whether no position is rounded."""
    return not any(point.error for axis in axes for point in axis)


def of_feature_gradient(
    grad: Array,
    shape: Sequence[int],
    boxes: Sequence[tuple[Box, Sequence[Reach], Sequence[Reach]] | None],
    rules: Rules,
) -> Array:
    """By how much each element of the gradient for images may differ since positions do; infinite on a discontinuity."""
    bound = np.zeros(shape)
    for k, of_box in enumerate(boxes):
        if of_box is None or _are_exact(*of_box[1:]):
            continue
        box, y, x = of_box
        for p, q in np.ndindex(len(y), len(x)):
            rows, columns = y[p], x[q]
            if rows.first > rows.last or columns.first > columns.last:
                continue
            moved = 0.0 if rules.mode == NEAREST else rows.error + columns.error
            moved = math.inf if rows.is_open or columns.is_open else moved
            if moved:
                part = np.s_[box.image, :, rows.first : rows.last + 1, columns.first : columns.last + 1]
                arriving = abs(grad[k, :, p, q])[:, None, None]
                bound[part] += np.where(arriving > 0, arriving * moved if math.isfinite(moved) else math.inf, 0.0)
    return bound


def of_box_gradient(grad: Array, image: Array, box: Box, y: Sequence[Reach], x: Sequence[Reach], rules: Rules) -> Array:
    """By how much the gradient for a box, along y and along x, may differ since positions do; infinite on a discontinuity."""
    if rules.mode == NEAREST and rules.dialect.nearest_slope == NearestSlope.ZERO:
        return np.zeros(2)
    if any(_leaves(points, of_points) for points, of_points in ((box.y, y), (box.x, x))):
        return np.full(2, math.inf)
    total = float((abs(grad) * inside_of(box)).sum())
    steepest = 4 * float(abs(image).max(initial=0))
    bound = []
    for along, across, points in ((y, x, box.y), (x, y, box.x)):
        moves = max((float(abs(point.first) + abs(point.second)) for point in points), default=0.0)
        is_open = any(r.at_knot for r, point in zip(along, points, strict=True) if point.inside)
        error = max((r.error for r in across), default=0.0)
        bound.append(math.inf if is_open else total * steepest * error * moves)
    return np.array(bound)


def _leaves(points: Sequence[Point], of_points: Sequence[Reach]) -> bool:
    """Whether rounding decides if a point is inside. That it may be nearest to another pixel is nothing to a slope."""
    return any(r.is_open and not _is_tied(point, r) for point, r in zip(points, of_points, strict=True))


def _is_tied(point: Point, reach: Reach) -> bool:
    y = point.position
    return point.inside and abs(y - math.floor(y) - HALF) <= Fraction(reach.error)


def of_sum(magnitude: Array, terms: Array | float, type_: FloatType) -> Array:
    """The greatest error of sums of so many rounded terms, whose absolute values add up to ``magnitude``."""
    roundings = np.asarray(terms) + _OF_MOTION
    several, which = np.unique(roundings, return_inverse=True)
    gamma = np.array([type_.gamma(float(each)) for each in several])[which].reshape(roundings.shape)
    bound: Array = gamma * magnitude + roundings * type_.underflow
    return bound
