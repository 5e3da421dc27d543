"""How far from the exact result a sound implementation may be: bounds derived from the call, nothing picked by hand.

**Positions** are off by e_y and e_x (`errors`), less than a pixel. So a sample reads pixels of its own cell or of one of
the eight around it. With Λ_y and Λ_x the greatest differences of neighbours along y and x in these nine, a value is off
by ``Λ_y e_y + Λ_x e_x``; the weight of any pixel of the nine cells by ``e_y + e_x``; and a slope along y by ``2 Λ_y`` if
the sample may lie on either side of a pixel along y, and otherwise by ``2 Λ_y e_x``, for it is linear in x, with kinks.

**Arithmetic**: products of weights with the pixel, n additions in any order, and a division are no more than n + 20
roundings of any term: γₙ₊₂₀ · Σ|w||v|. Gradual underflow adds half the smallest subnormal number per operation. Rounding
to the data type comes last.

**No bound** holds where rounding decides how many samples there are, or whether one is inside; where nobody can say
whether a pixel that is not finite is read; and for a gradient of a box where rounding decides whether RR-5 holds its
size.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....exact.floats import FLOAT_TYPES, as_float, as_floats
from ....operation import Operation
from .errors import RoiError
from .output import Result, corners

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from .asked import Asked
    from .geometry import Line, Roi

_OPERATIONS = 20
"""Roundings of a term besides those of its sum."""
_OF_MOTION = 16
"""Roundings of how a sample moves, relative to all that it may be."""
_SLACK = 1 + 1e-9


class Reach(NamedTuple):
    """Where the samples of a RoI may be; arrays ``(P_h, P_w, samples)``.

    Attributes:
        error: Of each that may be inside, along y and x.
        may, must: Whether it may be inside, and surely is.
        at_knot: Whether it may lie on either side of a pixel, along y and x.
    """

    error: tuple[float, float]
    may: Array
    must: Array
    at_knot: tuple[Array, Array]


def errors_of(asked: Asked) -> list[RoiError | None]:
    """The errors of all RoIs."""
    found: list[RoiError | None] = []
    for roi, row in zip(asked.rois, asked.boxes.tolist(), strict=True):
        error = RoiError(roi, row, asked.working) if roi else None
        if error:
            error.given_ratio = asked.ratio[0] > 0, asked.ratio[1] > 0
        found.append(error)
    return found


def has_bound(error: RoiError) -> bool:
    """Whether there is any bound for what a RoI reads."""
    return not error.grid_is_open and max(error.positions) < 1


def reach_of(error: RoiError) -> Reach:
    """Where the samples of a RoI may be."""
    pairs = zip(error.roi.lines, error.positions, error.roi.pixels, strict=True)
    may, must, knots = zip(*(_along(line, e, pixels) for line, e, pixels in pairs), strict=True)
    return Reach(error.positions, may[0] & may[1], must[0] & must[1], (knots[0], knots[1]))


def _along(line: Line, error: float, pixels: int) -> tuple[Array, Array, Array]:
    """Along an axis: which samples may be inside, which are, and which may lie on either side of a pixel."""
    if not error:
        return line.inside, line.inside, np.zeros(line.inside.shape, bool)
    at, slack = as_floats(as_float, _over(line.at, line.unit)), 2 * error
    may = (at >= -1 - slack) & (at <= pixels + slack)
    must = (at >= -1 + slack) & (at <= pixels - slack)
    beside = at + slack >= 0
    return may, must, beside & (at - slack <= pixels - 1) & (abs(at - np.round(at)) <= slack)


def _over(integers: Array, unit: int) -> Array:
    from fractions import Fraction

    found: Array = np.frompyfunc(lambda n: Fraction(int(n), unit), 1, 1)(integers)
    return np.asarray(found, object)


def is_decided(asked: Asked) -> bool:
    """Whether no rounding decides how many samples there are, or whether one is inside."""
    return all(is_settled(error) for error in errors_of(asked) if error)


def are_exact(asked: Asked) -> bool:
    """Whether all samples are just where they should be."""
    return all(error.are_exact and not error.grid_is_open for error in errors_of(asked) if error)


def is_settled(error: RoiError) -> bool:
    """Whether no rounding decides how many samples a RoI has, or whether one is inside."""
    if error.grid_is_open or max(error.positions) >= 1:
        return False
    reach = reach_of(error)
    return bool((reach.may == reach.must).all())


def _nine(cells: Array) -> Array:
    """For each cell the greatest number of it and the eight around it; ``(C, H, W)``."""
    for axis in (1, 2):
        edge = [(0, 0), (0, 0), (0, 0)]
        edge[axis] = (1, 1)
        padded = np.pad(cells, edge)
        parts = (np.take(padded, range(n, n + cells.shape[axis]), axis) for n in range(3))
        cells = np.maximum.reduce(list(parts))
    return cells


def steps_of(image: Array) -> tuple[Array, Array]:
    """Λ_y and Λ_x of a sample in each cell ``(C, H, W)``; infinite beside a pixel that is not finite."""
    with np.errstate(invalid="ignore"):
        finite = np.where(np.isfinite(image), image, math.inf)
        down, right = (abs(np.diff(finite, axis=axis, append=np.take(finite, [-1], axis))) for axis in (1, 2))
    down, right = (np.where(np.isnan(each) | ~np.isfinite(image), math.inf, each) for each in (down, right))
    down = np.maximum(down, np.concatenate([down[:, :, 1:], down[:, :, -1:]], axis=2))
    right = np.maximum(right, np.concatenate([right[:, 1:], right[:, -1:]], axis=1))
    return _nine(down), _nine(right)


def _terms(roi: Roi) -> int:
    """How many products the sum of a bin has."""
    return 4 * roi.taken[0] * roi.taken[1]


def output_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of an output; infinite where no bound holds, 0 for what is no number."""
    storage, type_ = FLOAT_TYPES[asked.dtype], asked.working
    bound = np.zeros(result.values.shape)
    for k, error in enumerate(errors_of(asked)):
        if error is None or not bound[k].size:
            continue
        if not has_bound(error):
            bound[k] = math.inf
            continue
        roi, reach = error.roi, reach_of(error)
        moved = _moved(roi, reach, asked.pixels[roi.image])
        values, magnitude = (as_floats(as_float, each[k]) for each in (result.values, result.magnitude))
        terms = _terms(roi) + _OPERATIONS
        with np.errstate(invalid="ignore", over="ignore"):
            found = moved + type_.gamma(terms) * (magnitude + moved)
            found = found + type_.underflow * terms * (magnitude > 0)
            if storage is not type_:
                found = found + as_floats(storage.rounding, abs(values) + found)
        bound[k] = np.where(np.isnan(found), math.inf, found * _SLACK)
    return bound


def _moved(roi: Roi, reach: Reach, image: Array) -> Array:
    """By how much the value of each bin ``(C, P_h, P_w)`` may differ since positions do."""
    y, x = roi.lines
    divisor = as_floats(float, roi.divisor)
    if not any(reach.error):
        moved = np.zeros((len(image), *roi.bins))
    else:
        down, right = steps_of(image)
        with np.errstate(invalid="ignore"):
            each = down[:, y.low, x.low] * reach.error[0] + right[:, y.low, x.low] * reach.error[1]
            moved = np.where(reach.may, each, 0.0).sum(axis=3) / divisor
    moved[:, (reach.may != reach.must).any(axis=2)] = math.inf
    if not np.isfinite(image).all():
        moved[_doubts(roi, reach, ~np.isfinite(image))] = math.inf
    return moved


def _doubts(roi: Roi, reach: Reach, mask: Array) -> Array:
    """Of which bins nobody can say whether they read a pixel that is not finite: some weigh one with 0."""
    if any(reach.error):  # whatever lies in any of the nine cells
        near = _nine(_nine(mask.astype(float)))[:, roi.lines[0].low, roi.lines[1].low] > 0
        return np.asarray((near & reach.may).any(axis=3), bool)
    found = np.zeros((len(mask), *roi.bins), bool)
    for rows, columns, weights in corners(*roi.lines):
        found |= (mask[:, rows, columns] & roi.inside & (weights == 0).astype(bool)).any(axis=3)
    return found


def gradient_bounds(result: Result, asked: Asked, operation: Operation) -> Array:
    """The greatest error of each element of a gradient."""
    of = feature_gradient_bounds if operation == Operation.FEATURE_GRADIENT else box_gradient_bounds
    return of(result, asked)


def feature_gradient_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of a gradient for the maps."""
    bound, terms = np.zeros(result.values.shape), 0
    assert asked.grad is not None
    for k, error in enumerate(errors_of(asked)):
        if error is None or not asked.grad[k].size:
            continue
        terms += 4 * error.roi.inside.size
        if not has_bound(error):
            bound[error.roi.image] = math.inf
            continue
        _weights_off(error.roi, reach_of(error), abs(asked.grad[k]), bound[error.roi.image])
    magnitude, type_ = as_floats(as_float, result.magnitude), asked.working
    with np.errstate(invalid="ignore", over="ignore"):
        found = bound + type_.gamma(terms + _OPERATIONS) * (magnitude + bound)
        found = found + type_.underflow * (terms + _OPERATIONS) * ((magnitude > 0) | (bound > 0))
    return np.asarray(np.where(np.isnan(found), math.inf, found * _SLACK))


def _weights_off(roi: Roi, reach: Reach, arriving: Array, bound: Array) -> None:
    """Adds by how much what each pixel is sent may differ since positions do."""
    off = sum(reach.error)
    is_open = reach.may != reach.must
    if not off and not is_open.any():
        return
    y, x = roi.lines
    shares = arriving / as_floats(float, roi.divisor)
    height, width = bound.shape[1:]
    for c in range(len(bound)):
        each = np.where(reach.may & (shares[c][..., None] > 0), shares[c][..., None] * off, 0.0)
        each[is_open & (shares[c][..., None] > 0)] = math.inf
        for rows in range(-1, 3):
            for columns in range(-1, 3):
                at = np.clip(y.low + rows, 0, height - 1), np.clip(x.low + columns, 0, width - 1)
                np.add.at(bound[c], at, each)


def box_gradient_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of a gradient for boxes."""
    bound = np.zeros(result.values.shape)
    assert asked.grad is not None
    for k, error in enumerate(errors_of(asked)):
        if error is None or not asked.grad[k].size or not error.roi.inside.size:
            if error is not None and error.grid_is_open:
                bound[k] = math.inf
            continue
        if not has_bound(error) or error.holding_is_open or not np.isfinite(asked.pixels[error.roi.image]).all():
            bound[k] = math.inf
            continue
        bound[k] = _slopes_off(error, reach_of(error), abs(asked.grad[k]), asked.pixels[error.roi.image])
    return bound * _SLACK


def _slopes_off(error: RoiError, reach: Reach, arriving: Array, image: Array) -> Array:
    """By how much the five numbers of a RoI may be off."""
    roi, type_ = error.roi, error.type
    y, x = roi.lines
    if (reach.may != reach.must).any():
        return np.full(5, math.inf)
    shares = (arriving / as_floats(float, roi.divisor))[..., None] * reach.may
    down, right = (each[:, y.low, x.low] for each in steps_of(image))
    off_y = 2 * down * np.where(reach.at_knot[0], 1.0, reach.error[1])
    off_x = 2 * right * np.where(reach.at_knot[1], 1.0, reach.error[0])
    of_y, of_x = ((each * shares).sum(axis=0) for each in (down, right))
    of_y_off, of_x_off = ((each * shares).sum(axis=0) for each in (off_y, off_x))
    gamma = type_.gamma(len(image) * roi.inside.size + _OPERATIONS)
    largest = abs(image)[:, :, :].max(axis=(1, 2), initial=0.0)
    read = 2 * (largest[:, None, None, None] * shares).sum(axis=0)
    every = (*roi.bins, *roi.taken)
    of_y, of_x, of_y_off, of_x_off, read = (each.reshape(every) for each in (of_y, of_x, of_y_off, of_x_off, read))
    found = []
    for (move_y, move_x), near in zip(roi.rules.moves(roi), _motions_off(error), strict=True):
        by_y, by_x = (abs(as_floats(as_float, move)) for move in (move_y, move_x))
        moved = ((by_y + near) * of_y_off + (by_x + near) * of_x_off + near * (of_y + of_x)).sum()
        rounding = gamma * ((by_y + by_x + 2 * near) * (read + of_y_off + of_x_off)).sum()
        found.append(moved + rounding + type_.underflow * roi.inside.size * _OPERATIONS)
    return np.array(found)


def _motions_off(error: RoiError) -> list[float]:
    """How far may be off how samples move with each of the five numbers of a box."""
    roi, type_ = error.roi, error.type
    if error.are_exact:
        return [0.0] * 5
    scale = abs(as_float(roi.scale))
    turn, unit = error.of_turn, as_float(roi.rules.per_unit())
    reach = sum(abs(as_float(size)) for size in roi.size)
    of_size = scale * (turn + type_.gamma(_OF_MOTION))
    of_angle = unit * (turn * reach + sum(error.ways) + type_.gamma(_OF_MOTION) * reach)
    return [type_.unit * scale] * 2 + [of_size] * 2 + [of_angle]
