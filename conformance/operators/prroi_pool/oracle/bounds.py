"""How far from the exact result a sound implementation may be: bounds derived from the call, nothing picked by hand.

Let u = 2⁻ᵇⁱᵗˢ be the rounding error of a type relative to the result, and γₙ = nu / (1 − nu) that of n in a row.

**Coordinates** are formed in float32, or float64 for float64. `errors` follows corners, extent, bin and edges operation by
operation; an operation on exact numbers with a representable result is exact. An edge that is off by e puts weight on, or takes
it from, pixels of at most e in all, since a tent is no higher than 1; the same goes for the size that is divided by. So the
weights of a bin of size h are off by a share ρ = 2 (eₐ + e_b + e_h) / (h − …) of all of it, whether one divides by ``h`` or by
the difference of the edges. Weights may be differences of integrals, which cancel: that is 16 roundings of numbers up to 1, a
share 16 u / h of a thin bin. With M the largest pixel that a RoI reads, or is beside, the value of a bin errs by ``M (ρ_y + ρ_x
+ ρ_y ρ_x)``.

**Arithmetic**: products of weights, with the pixel, n − 1 additions in any order, and a division are no more than n + 20
roundings of any term: γₙ₊₂₀ · Σ|w||v|. Gradual underflow adds half the smallest subnormal number per operation. Rounding to the
data type comes last.

**The gradient for a box** is a difference of a value and a line, both over the size of the bin, each no greater than M / h: that
errs as values do, and by how much the line changes as its edge moves, 2 M e / h.

**No bound** holds where rounding decides whether a RoI has an extent, where a bin is no larger than the errors of its edges,
where the area of a bin is beyond the normal numbers, and where nobody can say whether a pixel that is not finite is read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ....exact.floats import FLOAT_TYPES, as_float, as_floats
from ....exact.numbers import Special
from ....operation import Operation
from .errors import AxisError
from .matrices import columns_of, rows_of
from .output import Read

if TYPE_CHECKING:
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .asked import Asked
    from .geometry import Axis, Stages
    from .gradient import BoxGradient, FeatureGradient
    from .matrices import Matrix
    from .output import Maps, Result

_OPERATIONS = 20
"""Roundings of a term besides those of its sum."""
_SLACK = 1 + 1e-9


class RoiError:
    """What bounds the errors of a RoI that has an area, in arithmetic of a type."""

    def __init__(self, roi: Stages, type_: FloatType) -> None:
        """Follows the coordinates of both axes."""
        self.roi, self.type = roi, type_
        self.y, self.x = AxisError(roi.y, type_), AxisError(roi.x, type_)
        self.height, self.width = as_float(roi.y.bin), as_float(roi.x.bin)

    @property
    def holds(self) -> bool:
        """Whether there is any bound."""
        return (
            has_clear_extent(self.roi, self.type)
            and self.type.smallest <= self.height * self.width <= self.type.largest
        )

    @property
    def ratios(self) -> tuple[Array, Array]:
        """By what shares the weights of each bin may be off, along y and x."""
        y, x = (np.array([e.ratio(p) for p in range(e.axis.bins)]) for e in (self.y, self.x))
        return y, x

    @property
    def share(self) -> Array:
        """By what share of the largest pixel each bin, ``(P_h, P_w)``, may be off."""
        y, x = self.ratios
        shares: Array = y[:, None] + x + y[:, None] * x
        return shares

    @property
    def terms(self) -> int:
        """How many products the sum of a bin may have: four for each cell."""
        return 4 * (1 + _most(self.roi.y)) * (1 + _most(self.roi.x))

    @property
    def gamma(self) -> float:
        """The greatest relative error of the arithmetic of a bin."""
        return self.type.gamma(self.terms + _OPERATIONS)

    def largest(self, maps: Maps) -> Array:
        """The largest pixel of each channel that the RoI reads, or is beside, ``(C,)``."""
        rows, columns = (_beside(columns_of(axis.weights), axis.pixels) for axis in (self.roi.y, self.roi.x))
        near = abs(maps.numbers.part(self.roi.batch).part(slice(None), rows, columns))
        found = as_floats(lambda n: n / near.denominator, near.integers.astype(object))
        largest: Array = found.max(axis=(1, 2), initial=0.0)
        return largest

    def doubts(self, maps: Maps) -> Array:
        """Of which bins, ``(C, P_h, P_w)``, nobody can say whether they read a pixel that is not finite."""
        bins = (maps.shape[1], self.roi.y.bins, self.roi.x.bins)
        doubt = np.zeros(bins, bool)
        if maps.are_finite or (self.y.is_exact and self.x.is_exact):
            return doubt
        may, must = (Read.of(self.y.weights(sign), self.x.weights(sign)) for sign in (1, -1))
        for mask in (maps.nan[self.roi.batch], (maps.nan | maps.infinite)[self.roi.batch]):
            doubt |= may.reads_any(mask) & ~must.reads_any(mask)
        return doubt


def is_decided(asked: Asked) -> bool:
    """Whether no rounding decides if a RoI has an extent."""
    return all(has_clear_extent(roi, asked.working) for roi in asked.rois if roi)


def has_clear_extent(roi: Stages, type_: FloatType) -> bool:
    """Whether no rounding in a type decides if a RoI has an extent."""
    return not any(AxisError(axis, type_).is_undecided for axis in (roi.y, roi.x))


def _most(axis: Axis) -> int:
    """The most pixels that a bin reads along an axis."""
    return max(map(len, axis.weights), default=0)


def _beside(span: slice, pixels: int) -> slice:
    return slice(max(span.start - 1, 0), min(span.stop + 1, pixels))


def output_bounds(result: Result, asked: Asked) -> Array:
    """The greatest error of each element of an output; infinite where no bound holds, 0 for what is no number."""
    storage, type_ = FLOAT_TYPES[asked.dtype], asked.working
    bound = np.zeros(result.values.shape)
    for k, roi in enumerate(asked.rois):
        if roi is None or not result.values[k].size:
            continue
        if not has_clear_extent(roi, type_):
            bound[k] = math.inf
        elif roi.has_area:
            bound[k] = _of_roi(RoiError(roi, type_), result.values[k], result.magnitude[k], asked.maps, storage)
    return bound


def _of_roi(error: RoiError, values: Array, magnitudes: Array, maps: Maps, storage: FloatType) -> Array:
    if not error.holds:
        return np.full(values.shape, math.inf)
    type_, largest = error.type, error.largest(maps)[:, None, None]
    with np.errstate(invalid="ignore", over="ignore"):
        moved = np.where(largest > 0, largest * error.share, 0.0)
        value, magnitude = as_floats(as_float, values), as_floats(as_float, magnitudes) + moved
        found = moved + error.gamma * magnitude
        found = found + type_.underflow * (error.terms + _OPERATIONS) * (largest + 1)
        if storage is not type_:
            found = found + as_floats(storage.rounding, abs(value) + found)
        found = (found + 2.0**-53 * abs(value)) * _SLACK  # the exact value, and this bound, end up in float64
    limits = np.where(np.isfinite(found) & (abs(value) + found <= storage.largest), found, math.inf)
    special: Array = np.frompyfunc(lambda v: isinstance(v, Special), 1, 1)(values).astype(bool)
    bound: Array = np.where(error.doubts(maps), math.inf, np.where(special, 0.0, limits))
    return bound


def gradient_bounds(exact: Any, asked: Asked, operation: Operation) -> Any:
    """The greatest error of each element of a gradient; None if nobody can say."""
    of = feature_gradient_bounds if operation == Operation.FEATURE_GRADIENT else box_gradient_bounds
    return of(exact, asked)


def feature_gradient_bounds(exact: FeatureGradient, asked: Asked) -> Array | None:
    """The greatest error of each element of a gradient for the maps; None if nobody can say."""
    type_, grad = asked.working, asked.grad
    assert grad is not None
    moved, terms = np.zeros(exact.values.shape), np.zeros(exact.values.shape)
    for roi, arriving in zip(asked.rois, grad, strict=True):
        if roi is None:
            continue
        if not has_clear_extent(roi, type_):
            return None
        if not roi.has_area or not arriving.size:
            continue
        error = RoiError(roi, type_)
        if not (error.holds and np.isfinite(error.share).all()):
            return None
        (y, off_y, rows), (x, off_x, columns) = (
            _spreading(axis, ratio) for axis, ratio in zip((roi.y, roi.x), error.ratios, strict=True)
        )
        sent, place = abs(arriving), (roi.batch, slice(None), rows, columns)
        moved[place] += off_y.T @ sent @ (x + off_x) + y.T @ sent @ off_x
        terms[place] += 4 * np.outer((y + off_y > 0).sum(0), (x + off_x > 0).sum(0))
    most = as_floats(as_float, exact.magnitude) + moved
    gamma = as_floats(type_.gamma, terms + _OPERATIONS)
    underflow = type_.underflow * (terms + _OPERATIONS) * (abs(grad).max(initial=0.0) + 1)
    bound: Array = (moved + gamma * most + underflow + 2.0**-53 * most) * _SLACK
    return bound if (most + bound <= type_.largest).all() else None


def _spreading(axis: Axis, ratios: Array) -> tuple[Array, Array, slice]:
    """What each bin puts on the pixels that it may read, over its size, by how much that may be off, and which these are."""
    span = _beside(columns_of(axis.weights), axis.pixels)
    weights = _as_floats(rows_of(axis.weights, span)) / as_float(axis.bin)
    near = np.zeros(weights.shape, bool)
    for p, each in enumerate(axis.weights):
        if each:
            near[p, max(min(each) - 1 - span.start, 0) : max(each) + 2 - span.start] = True
    return weights, near * ratios[:, None], span


def _as_floats(matrix: Matrix) -> Array:
    return as_floats(lambda n: n / matrix.denominator, matrix.integers.astype(object))


def box_gradient_bounds(exact: BoxGradient, asked: Asked) -> Array:
    """The greatest error of each element of a gradient for the boxes, ``(K, 4)``; infinite where no bound holds."""
    type_, grad = asked.working, asked.grad
    assert grad is not None
    bound = np.zeros(exact.values.shape)
    for k, (roi, arriving) in enumerate(zip(asked.rois, grad, strict=True)):
        if roi is None or not arriving.size:
            continue
        if not has_clear_extent(roi, type_):
            bound[k] = math.inf
        elif roi.has_area:
            bound[k] = _of_box(RoiError(roi, type_), abs(arriving), asked)
            number = [not isinstance(value, Special) for value in exact.values[k]]
            bound[k] = np.where(number, bound[k], math.inf if RoiError(roi, type_).doubts(asked.maps).any() else 0.0)
    return bound


def _of_box(error: RoiError, sent: Array, asked: Asked) -> Array:
    if not error.holds or error.doubts(asked.maps).any():
        return np.full(4, math.inf)
    largest, type_, found = error.largest(asked.maps), error.type, []
    of_all = type_.gamma(2 * sent.size + _OPERATIONS)
    arriving = (sent * largest[:, None, None]).sum(0)
    count = 2 * sent.size * (error.terms + _OPERATIONS)
    with np.errstate(invalid="ignore", over="ignore"):
        for axis, size in ((error.x, error.width), (error.y, error.height)):
            edges = np.array(axis.edges[:-1]) + np.array(axis.edges[1:])
            edges = edges if axis is error.x else edges[:, None]
            # Two edges, of each the value and the line over the size of the bin.
            magnitude = 2 * (2 * arriving / size) * as_float(axis.axis.scale)
            shares = np.where(arriving > 0, error.share + error.gamma + edges, 0.0)
            underflow = (
                type_.underflow * count * (largest.max(initial=0.0) * sent.max(initial=0.0) + 1) / min(size, 1.0)
            )
            total = (magnitude * (shares + of_all * (1 + shares))).sum()
            found.append((total + underflow * max(1.0, as_float(axis.axis.scale))) * _SLACK)
    bound = np.array([found[0], found[1]] * 2)
    return np.where(np.isfinite(bound), bound, math.inf)
