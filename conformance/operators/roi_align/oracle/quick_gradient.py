"""The exact gradients (RA-15, RA-16), quickly, for calls whose numbers are small multiples of powers of two.

Of what arrives at a bin, all goes to one product of a row of weights along y and one along x: the bin's own, or those of the
candidate that is its maximum. Let S hold that for all pairs of rows. The gradient for the maps is ``Yᵀ · S · X``, and that for y1
is the sum over ``S ∘ (Y' · F · Xᵀ)``, Y' being the derivative of Y by y1. All of it is formed in float64, where nothing is
rounded: a call would be refused first, by the certificate of `gradient_certificate`, sums of absolute values taken together.
"""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import Max
from ....arrays import box_rows, feature_map
from ....exact.floats import FLOAT_TYPES, WORKING
from ....operation import Operation
from .fast import changes, read, spread
from .gradient import extent_kinks, sample_kinks
from .gradient_certificate import motion
from .quick import NotExactError, are_integers, certify, exact_rows, is_exact, stages_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ....sampling.axis import Sample, Stages

_NOWHERE = (-1, -1)  # row and column of a candidate that is read from no pixel


class QuickGradient(NamedTuple):
    """An exact gradient in float64.

    ``values`` is ``(N, C, H, W)``, or ``(K, 4)`` and NaN throughout a RoI that cannot be pooled. ``last`` is the gradient if the
    last of equal candidates has it, not the first. ``kinks``, of the shape of ``values``, is true where a gradient for a box is a
    convention (RA-16).
    """

    values: Array
    last: Array
    kinks: Array


def quick_gradient(
    arguments: Mapping[str, Any], operation: Operation, dialect: str, dtype: str
) -> QuickGradient | None:
    """The exact gradient of a call.

    None if it is not exact in ``dtype``, in whatever order it is computed, or if pixels, or what arrives, are no integers.
    """
    maps, grad = feature_map(arguments["input"]), feature_map(arguments["grad"])
    type_ = FLOAT_TYPES[WORKING[dtype]]
    if arguments["mode"] == "avg" and operation == Operation.FEATURE_GRADIENT:
        maps = np.zeros_like(maps)  # they are no matter, nor need they be exact
    if not (are_integers(maps) and are_integers(grad)):
        return None
    rois: list[_Roi | None] = []
    try:
        for row, arriving in zip(box_rows(arguments["boxes"]), grad, strict=True):
            roi = stages_of(row, maps, arguments, dialect, type_)
            rois.append(roi and _Roi(roi, arguments["mode"], maps[roi.batch], arriving, type_))
        for_boxes = operation == Operation.BOX_GRADIENT
        found = _for_boxes(rois, type_) if for_boxes else _for_maps(rois, maps.shape, type_)
    except NotExactError:
        return None
    given, computed = ([array.ravel() for array in pair] for pair in ((grad, maps), (found.values, found.last)))
    return found if is_exact(dtype, np.concatenate(given), np.concatenate(computed)) else None


class Candidates(NamedTuple):
    """What may be the maximum of a bin: rows and columns, in the order of RA-15, and by channel which are greatest."""

    bin: tuple[int, ...]
    rows: Array
    columns: Array
    greatest: Array


class _Roi:
    """One RoI: what it reads along both axes, and what it sends."""

    def __init__(self, roi: Stages, mode: str, pixels: Array, grad: Array, type_: FloatType) -> None:
        """``pixels`` is ``(C, H, W)``, ``grad``, what arrives, ``(C, P_h, P_w)``.

        Raises:
            NotExactError: coordinates, a reciprocal of the count, or the sums of an output are not exact in ``type_``.
        """
        self.roi, self.mode, self.pixels, self.grad = roi, mode, pixels, grad
        count = roi.y.grid * roi.x.grid if mode == "avg" else 1
        if count & (count - 1):
            raise NotExactError
        self.count = max(count, 1)
        self.y, self.x = exact_rows(roi, mode, type_)
        certify(pixels.astype(np.int64), roi, mode, type_, self.y, self.x)

    @cached_property
    def changes(self) -> list[Array]:
        """The derivatives by x1, y1, x2, y2 of what each pair of rows reads, ``(C, rows, columns)``."""
        return changes(self.y.weights, self.x.weights, self.y.slopes, self.x.slopes, self.pixels)

    def sent(self, *, last: bool = False) -> Array:
        """The sums S, ``(C, rows, columns)``; with ``last``, the last of equal candidates for a maximum is the maximum."""
        if self.mode == "avg":
            averaged: Array = self.grad / self.count
            return averaged
        sent = np.zeros((len(self.grad), len(self.y.bins) + 1, len(self.x.bins) + 1))
        for (p, q), rows, columns, greatest in self.candidates():
            chosen = greatest.shape[1] - 1 - greatest[:, ::-1].argmax(1) if last else greatest.argmax(1)
            sent[np.arange(len(sent)), rows[chosen], columns[chosen]] += self.grad[:, p, q]
        return sent[:, :-1, :-1]  # what was sent nowhere is in the last row

    def candidates(self) -> Iterator[Candidates]:
        """Those of each bin that has any."""
        sums = _padded(read(self.y.weights, self.pixels, self.x.weights))
        start = self.roi.y.rules.dialect.max_start
        starts = start is not None and bool(np.isfinite(start))
        for bin_ in np.ndindex(self.grad.shape[1:]):
            found = [_NOWHERE] * starts + self._in_order(*bin_)
            if found:
                rows, columns = np.array(found).T
                values = sums[:, rows, columns]
                if starts:
                    values[:, 0] = start
                yield Candidates(bin_, rows, columns, values == values.max(1, keepdims=True))

    def _in_order(self, p: int, q: int) -> list[tuple[int, int]]:
        """Row and column of all candidates of a bin that are samples, or corners of these, in the order of RA-15."""
        along = []
        for axis, bin_ in ((self.y, p), (self.x, q)):
            which = itertools.product((s.index for s in axis.samples[bin_]), range(axis.per_sample))
            along.append(zip(which, np.flatnonzero(axis.bins == bin_).tolist(), strict=True))
        found = [
            ((i, j, corner_y, corner_x), (row, column))
            for ((i, corner_y), row), ((j, corner_x), column) in itertools.product(*along)
        ]
        outside = _first_outside(self.roi, self.y.samples[p], self.x.samples[q])
        if outside and self.roi.y.rules.dialect.max != Max.SAMPLE_INSIDE:
            found.append(((*outside, 0, 0), _NOWHERE))
        return [at for _, at in sorted(found)]


def _padded(array: Array) -> Array:
    """An array with a row and a column of zeros more: those of `_NOWHERE`."""
    padded: Array = np.pad(array, ((0, 0), (0, 1), (0, 1)))
    return padded


def _first_outside(roi: Stages, y: Sequence[Sample], x: Sequence[Sample]) -> tuple[int, int] | None:
    """The first sample of a bin that is outside, given those that are not; None if there is none."""
    gaps = []
    for samples in (y, x):
        gap = 0
        for sample in samples:
            gap += sample.count if sample.index == gap else 0
        gaps.append(gap)
    (gap_y, gap_x), taken_y, taken_x = gaps, roi.y.taken, roi.x.taken
    if not (taken_y and taken_x) or (gap_y == taken_y and gap_x == taken_x):
        return None
    return (0, gap_x) if gap_y and gap_x < taken_x else (gap_y, 0)


def _for_maps(rois: list[_Roi | None], shape: tuple[int, ...], type_: FloatType) -> QuickGradient:
    """Adds up what RoIs send to maps.

    Raises:
        NotExactError: the sums are not exact.
    """
    values, last, total, divided = np.zeros((4, *shape))
    finest = finest_divided = 1.0
    for roi in filter(None, rois):
        n, y, x = roi.roi.batch, roi.y.weights, roi.x.weights
        values[n] += spread(y, roi.sent(), x)
        last[n] += spread(y, roi.sent(last=True), x)
        most = np.maximum(abs(roi.grad), 1)[:, roi.y.bins][:, :, roi.x.bins]
        touched = spread(y * roi.y.counts[:, None], most, x * roi.x.counts[:, None])
        total[n] += touched
        divided[n] += touched / roi.count
        quantum_ = 2.0 ** -(roi.y.bits + roi.x.bits)
        finest, finest_divided = min(finest, quantum_), min(finest_divided, quantum_ / roi.count)
    _require(type_, total, finest)
    _require(type_, divided, finest_divided)
    return QuickGradient(values, last, np.zeros(shape, bool))


def _require(type_: FloatType, total: Array, quantum_: float) -> None:
    """Makes sure that sums of multiples of ``quantum_``, whose absolute values add up to ``total``, are exact."""
    if total.max(initial=0) >= 2.0**type_.bits * quantum_ or quantum_ < type_.smallest:
        raise NotExactError


def _for_boxes(rois: list[_Roi | None], type_: FloatType) -> QuickGradient:
    """Adds up the gradients for boxes.

    Raises:
        NotExactError: the sums are not exact.
    """
    values, kinks = np.full((len(rois), 4), np.nan), np.zeros((len(rois), 4), bool)
    for k, roi in enumerate(rois):
        if roi:
            _require_corner_sums(roi, type_)
            sent = roi.sent()
            values[k] = [(sent * change).sum() for change in roi.changes]
            kinks[k] = _kinks(roi)
    return QuickGradient(values, values, kinks)


def _require_corner_sums(roi: _Roi, type_: FloatType) -> None:
    """Holds the sums of a gradient for a box against `gradient_certificate`."""
    pixels, most = np.maximum(abs(roi.pixels), 1), np.maximum(abs(roi.grad), 1)
    touches, totals = [], []
    for rows in (roi.y, roi.x):
        belongs = rows.bins == np.arange(len(rows.samples))[:, None]
        totals.append(belongs @ (rows.weights * rows.counts[:, None]))
        touches.append((totals[-1] > 0) * np.array([[len(of_bin)] for of_bin in rows.samples]))
    of_y, of_x = read(touches[0], pixels, totals[1]), read(totals[0], pixels, touches[1])
    for axis, other, sums in ((roi.roi.y, roi.x, of_y), (roi.roi.x, roi.y, of_x)):
        moves = motion(axis)
        total = (sums * most).sum(keepdims=True) * float(moves.total)
        quantum_ = 2.0**-other.bits * float(moves.quantum)
        if total.any():
            _require(type_, total, quantum_)
            _require(type_, total / roi.count, quantum_ / roi.count)


def _kinks(roi: _Roi) -> Array:
    """By which of x1, y1, x2, y2 there is no derivative."""
    found = np.zeros((2, 2), bool)  # by axis and corner
    for n, (rows, across) in enumerate(((roi.y, roi.x), (roi.x, roi.y))):
        axis = rows.axis
        found[n] |= bool(extent_kinks(axis))
        for p, samples in enumerate(rows.samples if any(across.samples) else ()):
            for s in samples:
                if s.position.denominator == 1 and sample_kinks(axis, s.position):
                    found[n] |= [move != 0 for move in axis.rules.motion(axis, p, s.index)]
    kinks = found[::-1].T.ravel()
    if roi.mode == "max":
        padded = [_padded(change) for change in roi.changes]
        for _, at_rows, at_columns, greatest in roi.candidates():
            first = greatest.argmax(1)[:, None]
            for corner, change in enumerate(padded):
                of_candidates = change[:, at_rows, at_columns]
                differ = of_candidates != np.take_along_axis(of_candidates, first, 1)
                kinks[corner] |= bool((differ & greatest).any())
    return kinks
