"""How far from the exact result a sound implementation may be: bounds derived from the call, nothing picked by hand.

**Positions** are off by e_y and e_x (`errors`), less than a pixel. So a point reads pixels of its own cell or of one of the eight
around it: 4 × 4 pixels. With Λ_y and Λ_x the greatest differences of neighbours along y and x among these, a value is off by
``Λ_y e_y + Λ_x e_x``; the weight of each of these pixels by ``e_y + e_x``; and a slope along y by ``2 Λ_y`` if the point may lie
on either side of a pixel along y, and otherwise by ``2 Λ_y e_x``, for it is linear in x, with kinks.

**Arithmetic**: a value is a sum of four products, a gradient one of as many as are sent; γₙ · Σ|w||v|, n being their number and
`_OPERATIONS`. Rounding to the data type comes last. **A maximum** is off by no more than the value that is off by most.

**No bound** holds where rounding decides whether a point is inside, where a pixel may be read that is not finite, and for a
gradient where rounding decides which point has the maximum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ....exact.floats import FLOAT_TYPES, as_float, as_floats
from ....operation import Operation
from ..call import SIDES
from .errors import RoiError
from .output import Points, Result, read, winners

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from .asked import Asked
    from .geometry import Line

_OPERATIONS = 20
"""Roundings of a term besides those of its sum."""
_SLACK = 1 + 1e-9
_CELLS = np.arange(-1, 3)
"""Pixels around the lower one that a point may read."""


@dataclass(frozen=True, eq=False)
class Reach:
    """Where the points of a box may be, and what they may then read; arrays ``(4, points)`` or ``(C, 4, points)``."""

    asked: Asked
    error: RoiError

    @cached_property
    def _sides(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Along each axis, which points may be inside and surely are."""
        pairs = zip(self.error.roi.lines, self.error.positions, strict=True)
        y, x = (_inside(line, off) for line, off in pairs)
        return y, x

    @cached_property
    def may(self) -> Array:
        """Which points may be inside."""
        y, x = self._sides
        found: Array = y[0] & x[0]
        return found

    @cached_property
    def open(self) -> Array:
        """Of which points nobody can say whether they are inside."""
        y, x = self._sides
        found: Array = self.may != (y[1] & x[1])
        return found

    @cached_property
    def places(self) -> tuple[Array, Array]:
        """Rows and columns of the 4 × 4 pixels around each point, ``(4, points, 4)``."""
        y, x = (np.clip(line.low[..., None] + _CELLS, 0, line.pixels - 1) for line in self.error.roi.lines)
        return y, x

    @cached_property
    def patches(self) -> Array:
        """Those pixels, ``(C, 4, points, 4, 4)``."""
        rows, columns = self.places
        sides = np.arange(SIDES)[:, None, None, None]
        found: Array = self.asked.pixels[self.error.roi.image][:, sides, rows[..., :, None], columns[..., None, :]]
        return found

    @cached_property
    def steps(self) -> tuple[Array, Array]:
        """Λ_y and Λ_x; infinite beside what is not finite."""
        with np.errstate(invalid="ignore"):
            y, x = (abs(np.diff(self.patches, axis=axis)).max(axis=(-1, -2)) for axis in (-2, -1))
        finite = np.isfinite(self.patches).all(axis=(-1, -2))
        return np.where(finite, y, math.inf), np.where(finite, x, math.inf)

    @cached_property
    def points(self) -> Points:
        """What the points read, exactly."""
        return read(self.asked.maps, self.error.roi)

    @cached_property
    def values_off(self) -> Array:
        """By how much the value of each point may be off; infinite where nobody can say."""
        (down, right), (e_y, e_x) = self.steps, self.error.positions
        type_ = self.asked.working
        with np.errstate(invalid="ignore"):
            moved = np.where(e_y + e_x > 0, down * e_y + right * e_x, 0.0)
        magnitude = as_floats(as_float, self.points.exactly(self.points.magnitude))
        found = moved + type_.gamma(4 + _OPERATIONS) * (magnitude + moved)
        found += type_.underflow * (4 + _OPERATIONS) * (magnitude > 0)
        found = np.where(self.may, found, 0.0)
        found[self.points.special | np.isnan(found)] = math.inf
        found[:, self.open] = math.inf
        return found

    @cached_property
    def won(self) -> Array:
        """BA-6: the point of each channel and side that sends; −1 for none."""
        return winners(self.points, self.error.roi)

    @cached_property
    def rivals(self) -> Array:
        """Which points ``(C, 4, points)`` may have the maximum."""
        values, off = as_floats(as_float, self.points.exactly(self.points.values)), self.values_off
        best = values.argmax(axis=2)[..., None]
        least = np.take_along_axis(values - off, best, 2)
        found: Array = (values + off >= least) | ~np.isfinite(off).all(axis=2)[..., None]  # type: ignore[index]
        return found

    @cached_property
    def undecided(self) -> Array:
        """Of which channels and sides ``(C, 4)`` nobody can say which point has the maximum, of points that send anything."""
        found: Array = (self.rivals.sum(axis=2) > 1) & (self.rivals & self.may).any(axis=2)
        return found


def _inside(line: Line, error: Array) -> tuple[Array, Array]:
    """Along an axis: which points may be inside, and surely are."""
    at, slack = as_floats(as_float, line.at), 2 * error
    may = np.where(error > 0, (at >= -1 - slack) & (at <= line.pixels + slack), line.inside)
    must = np.where(error > 0, (at >= -1 + slack) & (at <= line.pixels - slack), line.inside)
    return may.astype(bool), must.astype(bool)


def _at_knot(line: Line, error: Array) -> Array:
    """Which points may lie on either side of a pixel."""
    at, slack = as_floats(as_float, line.at), 2 * error
    beside = (at + slack >= 0) & (at - slack <= line.pixels - 1)
    found: Array = beside & (abs(at - np.round(at)) <= slack) & (error > 0)
    return found


def errors_of(asked: Asked) -> list[RoiError | None]:
    """The errors of all RoIs."""
    pairs = zip(asked.rois, asked.boxes.tolist(), strict=True)
    return [RoiError(roi, row, asked.working) if roi else None for roi, row in pairs]


def has_bound(error: RoiError) -> bool:
    """Whether there is any bound for what a RoI reads."""
    return bool(max(each.max(initial=0.0) for each in error.positions) < 1)


def is_decided(asked: Asked) -> bool:
    """Whether no rounding decides whether a point is inside."""
    return all(has_bound(error) and not Reach(asked, error).open.any() for error in errors_of(asked) if error)


def are_exact(asked: Asked) -> bool:
    """Whether all points are just where they should be."""
    return all(error.are_exact for error in errors_of(asked) if error)


def output_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of an output; infinite where no bound holds."""
    storage, type_ = FLOAT_TYPES[asked.dtype], asked.working
    bound = np.zeros(result.values.shape)
    for k, error in enumerate(errors_of(asked)):
        if error is None or not bound[k].size:
            continue
        if not has_bound(error):
            bound[k] = math.inf
            continue
        found = Reach(asked, error).values_off.max(axis=2)
        if storage is not type_:
            values = abs(as_floats(as_float, result.values[k]))
            found = found + as_floats(storage.rounding, values + np.where(np.isfinite(found), found, 0.0))
        bound[k] = found
    return bound * _SLACK


def gradient_bounds(result: Result, asked: Asked, operation: Operation) -> Array:
    """The greatest error of each element of a gradient."""
    of = feature_gradient_bounds if operation == Operation.FEATURE_GRADIENT else box_gradient_bounds
    return of(result, asked)


def feature_gradient_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of a gradient for the maps."""
    assert asked.grad is not None
    bound, terms = np.zeros(asked.pixels.shape), 0
    for k, error in enumerate(errors_of(asked)):
        if error is None or not asked.grad[k].size:
            continue
        terms += 4
        if not has_bound(error):
            bound[error.roi.image] = math.inf
        else:
            _weights_off(Reach(asked, error), abs(asked.grad[k]), bound[error.roi.image])
    bound = bound.reshape(result.values.shape)
    magnitude, type_ = as_floats(as_float, result.magnitude), asked.working
    with np.errstate(invalid="ignore"):
        found = bound + type_.gamma(terms + _OPERATIONS) * (magnitude + bound)
    found = found + type_.underflow * (terms + _OPERATIONS) * ((magnitude > 0) | (bound > 0))
    return np.asarray(np.where(np.isnan(found), math.inf, found * _SLACK))


def _weights_off(reach: Reach, arriving: Array, bound: Array) -> None:
    """Adds by how much what each pixel ``(C, 4, H, W)`` is sent may differ."""
    rows, columns = reach.places
    for c, side in zip(*np.nonzero(arriving), strict=True):
        won = reach.won[c, side]
        if reach.undecided[c, side]:
            points, off = np.flatnonzero(reach.may[side] & reach.rivals[c, side]), math.inf
        elif won >= 0:
            points = np.array([won])
            off = arriving[c, side] * sum(each[side, won] for each in reach.error.positions)
        else:
            continue
        for i in points if off else ():
            bound[c, side, rows[side, i][:, None], columns[side, i][None, :]] += off


def box_gradient_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of a gradient for boxes."""
    assert asked.grad is not None
    bound = np.zeros(result.values.shape)
    for k, error in enumerate(errors_of(asked)):
        if error is None or not asked.grad[k].size:
            continue
        bound[k] = _slopes_off(Reach(asked, error), abs(asked.grad[k])) if has_bound(error) else math.inf
    return bound * _SLACK


def _slopes_off(reach: Reach, arriving: Array) -> Array:
    """By how much the four numbers of a box may be off."""
    roi, type_ = reach.error.roi, reach.asked.working
    if (reach.undecided & (arriving > 0)).any():
        return np.full(4, math.inf)
    gamma = type_.gamma(arriving.size + _OPERATIONS + roi.pool_size)
    (e_y, e_x) = reach.error.positions
    down, right = (np.where(np.isfinite(step), step, 0.0) for step in reach.steps)  # of what is undecided otherwise
    off_y, off_x = (
        2 * step * np.where(_at_knot(line, mine), 1.0, other)
        for step, line, mine, other in ((down, roi.lines[0], e_y, e_x), (right, roi.lines[1], e_x, e_y))
    )
    found = np.zeros(4)
    for c, side in zip(*np.nonzero(arriving), strict=True):
        i = reach.won[c, side]
        if i < 0:
            continue
        at = c, side, i
        patch = reach.patches[at]
        read = 4 * abs(patch[np.isfinite(patch)]).max(initial=0.0)
        for n, move in enumerate(roi.rules.moves(side, roi.shares[i])):
            by_y, by_x = (abs(as_float(each)) for each in move)
            moved = by_y * off_y[at] + by_x * off_x[at]
            found[n] += arriving[c, side] * (moved + gamma * (by_y + by_x) * (read + moved))
    return found + type_.underflow * arriving.size * _OPERATIONS
