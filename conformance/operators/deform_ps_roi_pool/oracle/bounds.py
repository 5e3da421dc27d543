"""How far from the exact output a sound implementation may be: bounds derived from the call, nothing picked by hand.

As of rotated RoIAlign: positions are off by e_y and e_x (`errors`), less than a pixel, so that a value is off by
``Λ_y e_y + Λ_x e_x``; products of weights with pixels, n additions in any order, and a division by how many samples are inside,
are no more than n + 20 roundings of any term; rounding to the data type comes last.

No bound holds where rounding decides whether a sample is inside, and where nobody can say whether a pixel that is not finite is
read. Gradients have none at all: what is expected of them is exact.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ....exact.floats import FLOAT_TYPES, as_float, as_floats
from ...deform_roi_pool.oracle.bounds import named_with_nothing
from ...roi_align_rotated.oracle.bounds import Reach, steps_of
from .errors import RoiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....exact.numbers import Array
    from ...roi_align_rotated.oracle.output import Result
    from .asked import Asked, Part
    from .geometry import Roi

_OPERATIONS = 20
"""Roundings of a term besides those of its sum."""
_SLACK = 1 + 1e-9


def errors_of(part: Part) -> list[RoiError | None]:
    """The errors of all RoIs of a class of channels."""
    asked = part.asked
    return [
        RoiError(roi, row, asked.ratio, asked.working) if roi else None
        for roi, row in zip(asked.rois, asked.boxes.tolist(), strict=True)
    ]


def _errors(asked: Asked) -> Iterator[RoiError]:
    return (error for part in asked.parts for error in errors_of(part) if error)


def is_decided(asked: Asked) -> bool:
    """Whether no rounding decides which samples are inside."""
    return all(map(_is_settled, _errors(asked)))


def are_exact(asked: Asked) -> bool:
    """Whether all samples are just where they should be."""
    return all(error.are_exact for error in _errors(asked))


def _is_settled(error: RoiError) -> bool:
    if max(error.positions) >= 1:
        return False
    reach = reach_of(error)
    return bool((reach.may == reach.must).all())


def reach_of(error: RoiError) -> Reach:
    """Where the samples of a RoI may be."""
    (may_y, must_y), (may_x, must_x) = (_along(error, axis) for axis in (0, 1))
    nowhere = np.zeros(may_y.shape, bool)
    return Reach(error.positions, may_y & may_x, must_y & must_x, (nowhere, nowhere))


def _along(error: RoiError, axis: int) -> tuple[Array, Array]:
    """Along an axis: which samples may be inside, and which are."""
    inside, slack = error.roi.lines[axis].inside, 2 * error.positions[axis]
    if not slack:
        return inside, inside
    at, last = error.places(axis), error.roi.pixels[axis] - 1
    may = (at >= -0.5 - slack) & (at <= last + 0.5 + slack)
    return may, (at >= -0.5 + slack) & (at <= last + 0.5 - slack)


def output_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of an output; infinite where no bound holds, 0 for what is no number."""
    bound = np.zeros(result.values.shape)
    for part in asked.parts:
        for k, error in enumerate(errors_of(part)):
            if error is None or not bound[k, part.outputs].size:
                continue
            if max(error.positions) >= 1:
                bound[k, part.outputs] = math.inf
                continue
            every = _moved(error.roi, reach_of(error), part.asked.pixels[error.roi.image])
            moved = part.select(every[None])[0]
            exact, sizes = (each[k, part.outputs] for each in (result.values, result.magnitude))
            bound[k, part.outputs] = _rounded(moved, exact, sizes, error.roi, asked)
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
        down, right = steps_of(image)
        each = down[:, y.low, x.low] * reach.error[0] + right[:, y.low, x.low] * reach.error[1]
        moved = np.where(reach.may, each, 0.0).sum(axis=3) / as_floats(float, roi.divisor)
    elif not finite:
        moved[named_with_nothing(~np.isfinite(image), roi)] = math.inf
    moved[:, (reach.may != reach.must).any(axis=2)] = math.inf
    return moved
