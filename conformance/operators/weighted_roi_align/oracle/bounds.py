"""How far from the exact output a sound implementation may be, with what `roi_align.oracle.bounds` says of its two sums.

Products are rounded once before they are summed, in the type that is computed with: a rounding more of each term. A quotient
n/d of sums that are off by e and f is off by no more than ``(e + |n/d| f) / (|d| - f)``, and is rounded twice, if it is formed
by a reciprocal; the result once more. A maximum errs no more than the worst of its samples. Where the sum of weights may be 0
there is no bound, but where no weight is read: then it is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.weighted_roi_align import Guard
from ....arrays import box_rows, numpy_dtype
from ....exact.floats import FLOAT_TYPES, WORKING, as_float, as_floats
from ...roi_align.oracle.bounds import bounds
from ...roi_align.oracle.output import refused, roi_align
from .formulas import Formulas, product

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ...roi_align.oracle.output import Result

    Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Handed(Formulas):
    """A call of a data type: its numbers rounded to that, its boxes to that of coordinates."""

    dtype: str = "float64"

    def given(self, name: str) -> Array:
        """An array that is handed over, of the data type."""
        return super().given(name).astype(numpy_dtype(self.dtype)).astype(np.float64)

    @property
    def rows(self) -> Array:
        """Of boxes, rounded to the type of coordinates."""
        with np.errstate(over="ignore"):
            return super().rows.astype(WORKING[self.dtype]).astype(np.float64)

    @property
    def coordinates(self) -> FloatType:
        """The type of coordinates."""
        return FLOAT_TYPES[WORKING[self.dtype]]

    def pooled(self, maps: Array) -> Result:
        """What RoIAlign makes of maps."""
        with np.errstate(over="ignore"):
            boxes = box_rows(self.asked["boxes"]).astype(WORKING[self.dtype])
        size, scale, ratio = (
            (self.arguments[name][0], self.arguments[name][1])
            for name in ("output_size", "spatial_scale", "sampling_ratio")
        )
        result = roi_align(maps, boxes, size, scale, ratio, self.arguments["mode"], self.dialect)
        return refused(result, FLOAT_TYPES[WORKING[self.dtype]])


def bounded(arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
    """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element; infinite without one."""
    call = Handed(arguments, dialect, dtype=dtype)
    of_sums, of_totals = call.pooled(call.weighed()), call.pooled(product(call.weights, np.ones(())))
    call.__dict__.update(sums=of_sums.values, totals=of_totals.values)
    error = _of_sums(of_sums, dtype)
    if call.normalise:
        error = _of_quotients(call, error, of_totals)
    storage = FLOAT_TYPES[dtype]
    values = as_floats(as_float, call.output)
    error = error + as_floats(storage.rounding, abs(values) + np.where(np.isfinite(error), error, 0.0))
    error = (error + 2.0**-53 * abs(values)) * (1 + 1e-9)
    number = np.frompyfunc(lambda v: isinstance(v, Fraction), 1, 1)(call.output).astype(bool)
    error = np.where(abs(values) + error > storage.largest, np.inf, error)
    return call.output, np.where(number | np.isinf(error), error, 0.0)


def _of_sums(result: Result, dtype: str) -> Array:
    """The error of the sums of weighted pixels, in the type that is computed with; infinite where there is no bound."""
    working = FLOAT_TYPES[WORKING[dtype]]
    limits = bounds(result, WORKING[dtype])
    rounding = working.unit * as_floats(as_float, result.magnitude) + working.underflow
    return np.where(limits.fragile, np.inf, limits.bound * (1 + 2 * working.unit) + 2 * rounding)


def _of_quotients(call: Handed, error: Array, of_totals: Result) -> Array:
    """The error of the quotients, whose sums of weighted pixels have an ``error``."""
    working = FLOAT_TYPES[WORKING[call.dtype]]
    limits = bounds(of_totals, WORKING[call.dtype])
    off = np.where(limits.fragile, np.inf, limits.bound)
    divisor, out = (abs(as_floats(as_float, array)) for array in (call.divisors, call.output))
    is_guarded = call.guard in (Guard.ADD, Guard.CLAMP)
    # No weight is read but 0, and nothing saves from a division by that.
    empty = np.equal(call.totals, 0).astype(bool) & (off <= working.smallest) & (not is_guarded)
    if is_guarded:
        off = off + working.unit * (divisor + off + 2 * float(call.epsilon))
    doubtful = (divisor <= 2 * off) & ~empty
    least = np.where(doubtful | empty, 1.0, divisor - np.where(np.isfinite(off), off, 0.0))
    with np.errstate(over="ignore", invalid="ignore"):
        found = (error + out * off) / least
    found = found + 3 * working.unit * (out + np.where(np.isfinite(found), found, 0.0)) + working.underflow
    found = np.where(np.broadcast_to(empty, found.shape), 0.0, found)
    return np.where(np.broadcast_to(doubtful, found.shape) | np.isinf(error) | np.isnan(found), np.inf, found)
