"""The exact oracle, quickly, for calls whose numbers are small multiples of powers of two: in 64-bit integers, RoI by RoI.

Where each sample lies, and with which weights it reads, is `oracle`'s own answer. Only the sums are formed here, those of all
bins and channels at once. They round nothing: a call that would not fit is refused. The certificate is that of `certificate`, the
sums of absolute values taken together: if even all terms of a bin fit, whatever their order, each of them does.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.roi_align import DIALECTS
from ....arrays import box_rows, feature_map
from ....exact.floats import FLOAT_TYPES, WORKING
from ....sampling.axis import stages
from .certificate import coordinates_along
from .fast import Rows, read, share
from .output import reaches_too_far

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ....sampling.axis import Axis, Stages

_MOST = 2.0**60
_FINEST = 2**30


class NotExactError(Exception):
    """A number is no small multiple of a power of two."""


class ExactRows(Rows):
    """Rows whose weights are ``integers / 2**bits``."""

    def __init__(self, axis: Axis, mode: str) -> None:
        """Of an axis of a RoI.

        Raises:
            NotExactError: the weights are no small multiples of a power of two.
        """
        super().__init__(axis, mode)
        finest = max((term.denominator for term in self.terms), default=1)
        if finest > _FINEST or finest & (finest - 1) or any(finest % term.denominator for term in self.terms):
            raise NotExactError
        numerators = [term.numerator * (finest // term.denominator) for term in self.terms]
        if sum(numerators) > _MOST:
            raise NotExactError
        self.integers, self.bits = self.matrix(numerators, np.int64), finest.bit_length() - 1
        self.weights = self.integers * 2.0**-self.bits


def quick(arguments: Mapping[str, Any], dialect: str, dtype: str) -> Array | None:
    """The exact output ``(K, C, P_h, P_w)`` of a call in float64, NaN throughout a RoI that cannot be pooled.

    None if a call is not exact in ``dtype``, in whatever order it is computed, or if its pixels are no integers.
    """
    maps, rows, type_ = feature_map(arguments["input"]), box_rows(arguments["boxes"]), FLOAT_TYPES[WORKING[dtype]]
    if not are_integers(maps):
        return None
    integers = maps.astype(np.int64)
    values = np.full((len(rows), maps.shape[1], *arguments["output_size"]), np.nan)
    for k, row in enumerate(rows):
        roi = stages_of(row, maps, arguments, dialect, type_)
        if roi:
            try:
                values[k] = _pool(integers[roi.batch], roi, arguments["mode"], type_)
            except NotExactError:
                return None
    return values if is_exact(dtype, maps, values) else None


def are_integers(numbers: Array) -> bool:
    """Whether all numbers of an array are integers that float64 counts one by one."""
    return bool((numbers == np.rint(numbers)).all()) and bool(abs(numbers).max(initial=0) <= 2.0**53)


def is_exact(dtype: str, stored: Array, computed: Array) -> bool:
    """Whether a data type holds what is stored exactly, its arithmetic what is computed, and the type not less than that."""
    in_range = abs(computed[np.isfinite(computed)]).max(initial=0) <= FLOAT_TYPES[dtype].largest
    return holds(FLOAT_TYPES[dtype], stored) and holds(FLOAT_TYPES[WORKING[dtype]], computed) and bool(in_range)


def stages_of(row: Array, maps: Array, arguments: Mapping[str, Any], dialect: str, type_: FloatType) -> Stages | None:
    """Where the RoI of a row lies on ``maps``, ``(N, C, H, W)``; None if it cannot be pooled with coordinates of a type."""
    if not np.isfinite(row).all() or not 0 <= int(row[0]) < len(maps):
        return None
    roi = stages(
        row.tolist(),
        maps.shape[2:],
        tuple(arguments["output_size"]),
        tuple(arguments["spatial_scale"]),
        tuple(arguments["sampling_ratio"]),
        DIALECTS[dialect].for_mode(arguments["mode"]),
    )
    return None if any(reaches_too_far(axis, type_) for axis in roi[1:]) else roi


def exact_rows(roi: Stages, mode: str, type_: FloatType) -> tuple[ExactRows, ExactRows]:
    """What a RoI is read with along y and x.

    Raises:
        NotExactError: coordinates are not exact in ``type_``, or weights are no small multiples of powers of two.
    """
    if not all(budget.fits(type_) for axis in (roi.y, roi.x) for budget in coordinates_along(axis)):
        raise NotExactError
    return ExactRows(roi.y, mode), ExactRows(roi.x, mode)


def holds(type_: FloatType, numbers: Array) -> bool:
    """Whether a data type holds those of these numbers exactly that are finite."""
    significand, _ = np.frexp(numbers[np.isfinite(numbers)])
    scaled = np.abs(significand) * 2.0**type_.bits
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    # Subnormal numbers do not come up where pixels are integers.
    in_range = sizes.size == 0 or (sizes.min() >= type_.smallest and sizes.max() <= type_.largest)
    return bool((scaled == np.floor(scaled)).all()) and bool(in_range)


def _pool(maps: Array, roi: Stages, mode: str, type_: FloatType) -> Array:
    """The output of one RoI, ``(C, P_h, P_w)``.

    Raises:
        NotExactError: coordinates, weights or sums are not exact in ``type_``.
    """
    y, x = exact_rows(roi, mode, type_)
    certify(maps, roi, mode, type_, y, x)
    sums = read(y.integers, maps, x.integers).astype(np.float64) * 2.0 ** -(y.bits + x.bits)
    return sums * share(roi.y, roi.x) if mode == "avg" else _maximum(sums, roi, y, x)


def certify(maps: Array, roi: Stages, mode: str, type_: FloatType, y: ExactRows, x: ExactRows) -> None:
    """Makes sure that all sums of one RoI over its image, ``(C, H, W)``, are exact, in whatever order.

    Raises:
        NotExactError: they are not.
    """
    count = max(roi.y.grid, 1) * max(roi.x.grid, 1) if mode == "avg" else 1
    denominator = y.bits + x.bits
    if (count & (count - 1) and y.inside.any() and x.inside.any()) or 2.0**-denominator / count < type_.smallest:
        raise NotExactError
    largest = float(abs(maps).max(initial=1))
    for rows in (y, x):
        largest *= float(rows.integers.sum(1).max(initial=1))
    if largest > _MOST:  # no sum in 64 bits
        raise NotExactError
    at_least_one = np.maximum(abs(maps), 1)  # so that the weights themselves are counted, too
    most = int(read(y.integers, at_least_one, x.integers).max(initial=1))
    if most > 2**type_.bits:
        raise NotExactError


def _maximum(sums: Array, roi: Stages, y: ExactRows, x: ExactRows) -> Array:
    """RA-9 of all bins."""
    rules, taken = roi.y.rules, roi.y.taken * roi.x.taken
    pooled = np.empty((len(sums), roi.y.bins, roi.x.bins))
    for c, p, q in np.ndindex(pooled.shape):
        of_bin = sums[c][y.bins == p][:, x.bins == q]
        largest = [Fraction(float(of_bin.max()))] if of_bin.size else []
        value = rules.maximum(largest, any_outside=int(y.inside[p]) * int(x.inside[q]) < taken)
        pooled[c, p, q] = float(value)
    return pooled
