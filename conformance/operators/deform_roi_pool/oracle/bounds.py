"""How far from the exact output a sound implementation may be: bounds derived from the call, nothing picked by hand.

As of rotated RoIAlign, with whose words for where samples may be (`Reach`): positions are off by e_y and e_x (`errors`), less
than a pixel, so that a value is off by ``Λ_y e_y + Λ_x e_x``; products of weights with pixels, n additions in any order, and a
division are no more than n + 20 roundings of any term; rounding to the data type comes last.

No bound holds where rounding decides how many samples there are, or whether one is inside, and where nobody can say whether a
pixel that is not finite is read. Gradients have none at all: what is expected of them is exact.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....exact.floats import FLOAT_TYPES, as_float, as_floats
from ...roi_align_rotated.oracle import bounds as of_points
from ...roi_align_rotated.oracle.output import corners
from .errors import RoiError

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from ...roi_align_rotated.oracle.bounds import Reach
    from ...roi_align_rotated.oracle.output import Result
    from .asked import Asked
    from .geometry import Roi

_OPERATIONS = 20
"""Roundings of a term besides those of its sum."""
_SLACK = 1 + 1e-9


def errors_of(asked: Asked) -> list[RoiError | None]:
    """The errors of all RoIs."""
    return [
        RoiError(roi, row, asked.ratio, asked.working) if roi else None
        for roi, row in zip(asked.rois, asked.boxes.tolist(), strict=True)
    ]


def _reach(error: RoiError) -> Reach:
    return of_points.reach_of(cast("Any", error))


def has_bound(error: RoiError) -> bool:
    """Whether there is any bound for what a RoI reads."""
    return of_points.has_bound(cast("Any", error))


def is_decided(asked: Asked) -> bool:
    """Whether no rounding decides how many samples there are, or whether one is inside."""
    return all(of_points.is_settled(cast("Any", error)) for error in errors_of(asked) if error)


def are_exact(asked: Asked) -> bool:
    """Whether all samples are just where they should be."""
    return all(error.are_exact and not error.grid_is_open for error in errors_of(asked) if error)


def output_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of an output; infinite where no bound holds, 0 for what is no number."""
    bound = np.zeros(result.values.shape)
    for k, error in enumerate(errors_of(asked)):
        if error is None or not bound[k].size:
            continue
        if not has_bound(error):
            bound[k] = math.inf
            continue
        moved = _moved(error.roi, _reach(error), asked.pixels[error.roi.image])
        bound[k] = _rounded(moved, result.values[k], result.magnitude[k], error.roi, asked)
    return bound


def _rounded(moved: Array, exact: Array, sizes: Array, roi: Roi, asked: Asked) -> Array:
    """The errors of the bins of a RoI, from those that its positions make."""
    storage, type_ = FLOAT_TYPES[asked.dtype], asked.working
    values, magnitude = as_floats(as_float, exact), as_floats(as_float, sizes)
    terms = 4 * roi.taken[0] * roi.taken[1] + _OPERATIONS
    with np.errstate(invalid="ignore", over="ignore"):
        found = moved + type_.gamma(terms) * (magnitude + moved)
        found = found + type_.underflow * terms * (magnitude > 0)
        if storage is not type_:
            found = found + as_floats(storage.rounding, abs(values) + found)
    return np.asarray(np.where(np.isnan(found), math.inf, found * _SLACK))


def _moved(roi: Roi, reach: Reach, image: Array) -> Array:
    """By how much the value of each bin ``(C, P_h, P_w)`` may differ since positions do."""
    y, x = roi.lines
    finite = bool(np.isfinite(image).all())
    moved = np.zeros((len(image), *roi.bins))
    if any(reach.error):
        if not finite:
            return moved + math.inf
        down, right = of_points.steps_of(image)
        each = down[:, y.low, x.low] * reach.error[0] + right[:, y.low, x.low] * reach.error[1]
        moved = np.where(reach.may, each, 0.0).sum(axis=3) / as_floats(float, roi.divisor)
    elif not finite:
        moved[named_with_nothing(~np.isfinite(image), roi)] = math.inf
    moved[:, (reach.may != reach.must).any(axis=2)] = math.inf
    return moved


def named_with_nothing(mask: Array, roi: Roi) -> Array:
    """For planes ``(C, H, W)`` of truth values, whether each bin weighs a true one with 0."""
    found = np.zeros((len(mask), *roi.bins), bool)
    for rows, columns, weights in corners(*roi.lines):
        found |= (mask[:, rows, columns] & roi.inside & (weights == 0).astype(bool)).any(axis=3)
    return found
