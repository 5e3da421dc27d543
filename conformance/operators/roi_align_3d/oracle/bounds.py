"""How far from the exact output a sound implementation may be: bounds derived from the call, nothing picked by hand.

As of RoIAlign, axis by axis: where samples may be is what `sampling.errors` says of each, and a value errs by the error of a
position times the slope of the volume along its axis, the steepest side of each cell, over all cells that the sample may be in.
Products of three weights with a voxel, n additions in any order and a division are no more than n + 12 roundings of any term;
rounding to the data type comes last.

No bound holds where rounding decides how many samples there are, or whether one is inside, and where nobody can say whether a
voxel that is not finite is read. Gradients have none at all: what is expected of them is exact.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....exact.floats import FLOAT_TYPES, as_float, as_floats
from ....sampling.errors import AxisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.numbers import Array
    from ....sampling.errors import Reach
    from .asked import Asked
    from .geometry import Line, Roi
    from .output import Result

_OPERATIONS = 12
"""Roundings of a term besides those of its sum."""
_CORNERS = 8
"""Voxels that a sample reads."""
_SLACK = 1 + 1e-9


def errors_of(roi: Roi, asked: Asked) -> list[AxisError]:
    """The errors along each axis."""
    return [AxisError(line.axis, asked.working) for line in roi.lines]


def are_exact(asked: Asked) -> bool:
    """Whether all positions of samples that are inside are exact, and so is what is decided."""
    found = ((roi, errors_of(roi, asked)) for roi in asked.rois if roi)
    return all(_is_settled(errors) and all(map(_line_is_exact, roi.lines, errors)) for roi, errors in found)


def _line_is_exact(line: Line, error: AxisError) -> bool:
    return not any(
        error.position(p, i)
        for p, samples in enumerate(line.samples)
        for sample in samples
        for i in {sample.index, sample.index + sample.count - 1}
    )


def is_decided(asked: Asked) -> bool:
    """Whether no rounding decides how many samples there are, or whether one is inside."""
    return all(_is_settled(errors_of(roi, asked)) for roi in asked.rois if roi)


def _is_settled(errors: Sequence[AxisError]) -> bool:
    return not any(error.grid_is_fragile or any(error.at_bound(p) for p in range(error.axis.bins)) for error in errors)


def output_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of an output; infinite where no bound holds, 0 for what is no number."""
    bound = np.zeros(result.values.shape)
    for k, roi in enumerate(asked.rois):
        if roi is None or not bound[k].size:
            continue
        errors = errors_of(roi, asked)
        reaches = [error.reach for error in errors]
        moved = _moved(reaches, roi, asked.pixels[roi.image])
        found = _rounded(moved, result.values[k], result.magnitude[k], roi, asked)
        number = np.frompyfunc(lambda v: isinstance(v, Fraction), 1, 1)(result.values[k]).astype(bool)
        found = np.where(number, found, 0.0)
        found[_are_open(reaches, ~np.isfinite(asked.pixels[roi.image]))] = math.inf
        if any(error.grid_is_fragile for error in errors):
            found[...] = math.inf
        bound[k] = found
    return bound


def _rounded(moved: Array, exact: Array, sizes: Array, roi: Roi, asked: Asked) -> Array:
    """The errors of the bins of a RoI, from those that its positions make."""
    storage, type_ = FLOAT_TYPES[asked.dtype], asked.working
    values, magnitude = as_floats(as_float, exact), as_floats(as_float, sizes) + moved
    counts = [as_floats(float, _counts(line)) for line in roi.lines]
    terms = _CORNERS * np.einsum("p,q,r->pqr", *counts) + _OPERATIONS
    image = roi.part(asked.pixels[roi.image])
    largest = abs(np.where(np.isfinite(image), image, 0.0)).max(initial=0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        gamma = as_floats(type_.gamma, terms)
        found = moved + gamma * magnitude + type_.underflow * (terms * (1 + largest) + roi.divisor * magnitude)
        found = np.where(roi.divisor * magnitude > type_.largest, math.inf, found)
        if storage is not type_:
            found = found + as_floats(storage.rounding, abs(values) + found)
        found = (found + 2.0**-53 * abs(values)) * _SLACK
        found = np.where(abs(values) + found > storage.largest, math.inf, found)
    return np.asarray(np.where(np.isnan(found), math.inf, found))


def _counts(line: Line) -> Array:
    counts: Array = np.array([sum(sample.count for sample in samples) for samples in line.samples], object)
    return counts


def _moved(reaches: Sequence[Reach], roi: Roi, image: Array) -> Array:
    """By how much the errors of all positions change the value of each bin, ``(C, P_d, P_h, P_w)``."""
    moved = np.zeros((len(image), *(len(reach.count) for reach in reaches)))
    windows = [_window(reach) for reach in reaches]
    if not any(reach.total.any() for reach in reaches) or any(window.stop == 0 for window in windows):
        return moved
    z, y, x = windows
    part = np.where(np.isfinite(image), image, 0.0)[:, z, y, x]
    for axis in range(3):
        steep = abs(np.diff(part, axis=axis + 1, append=part.take([-1], axis + 1)))
        for other in range(3):
            steep = steep if other == axis else _either(steep, other + 1)
        matrices = [
            (reach.total if n == axis else reach.count)[:, window]
            for n, (reach, window) in enumerate(zip(reaches, windows, strict=True))
        ]
        moved += np.einsum("czyx,pz,qy,rx->cpqr", steep, *matrices, optimize=True)
    return moved / roi.divisor


def _window(reach: Reach) -> slice:
    """The cells in which samples may be, and the pixel after."""
    (cells,) = (reach.count.any(axis=0) | reach.may_read.any(axis=0)).nonzero()  # type: ignore[misc]
    return slice(int(cells[0]), int(cells[-1]) + 1) if cells.size else slice(0, 0)


def _either(array: Array, axis: int) -> Array:
    """The greater of each element and the next along ``axis``: of both sides of a cell."""
    after = np.take(array, [*range(1, array.shape[axis]), array.shape[axis] - 1], axis)
    greater: Array = np.maximum(array, after)
    return greater


def _are_open(reaches: Sequence[Reach], none: Array) -> Array:
    """Of which bins nobody can say whether a sample is inside, or whether a voxel is read that is none; ``(C, …)``."""
    some = [reach.at_bound | reach.count.any(axis=1) for reach in reaches]
    found = np.zeros((len(none), *(len(each) for each in some)), bool)
    for axis, reach in enumerate(reaches):
        by_axis = [reach.at_bound if n == axis else each for n, each in enumerate(some)]
        found |= np.einsum("p,q,r->pqr", *(each.astype(int) for each in by_axis)).astype(bool)
    if none.any():
        z, y, x = (_window(reach) for reach in reaches)
        may, must = (
            np.einsum(
                "czyx,pz,qy,rx->cpqr", none[:, z, y, x].astype(float),
                *(read[:, window].astype(float) for read, window in zip(reads, (z, y, x), strict=True)), optimize=True,
            ) > 0
            for reads in ([reach.may_read for reach in reaches], [reach.must_read for reach in reaches])
        )  # fmt: skip
        found |= may & ~must
    return found
