"""The answers of a call where rounding decides which branch of a rule is taken.

That is where a sample lies within its error of −1 or H, or a bin size within its error of a step of the adaptive grid. Nobody
can say which branch a sound implementation takes, but it must take one, for the whole RoI. So each branch has an exact result
and bounds of its own, and one of these results is right as a whole.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import Outside
from ....arrays import numpy_dtype
from ....exact.floats import FLOAT_TYPES, WORKING
from ....sampling.axis import Rules
from ....sampling.errors import AxisError
from .bounds import bounds
from .certificate import forward_result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array
    from .output import Result


class Branch(NamedTuple):
    """The exact output ``(K, C, P_h, P_w)`` if rounding takes one branch, and the greatest error of each element then."""

    values: Array
    bound: Array


def branches(arguments: Mapping[str, Any], dialect: Dialect, dtype: str) -> list[Branch]:
    """The exact output of a call, then those of the branches that rounding in ``dtype`` may take instead.

    Raises:
        ValueError: along one axis of a RoI more than one sample at the same bound is in doubt, or one and the grid, so that
            branches could mix within it.
    """
    type_ = FLOAT_TYPES[WORKING[dtype]]
    plain = rounded_result(arguments, dialect, dtype)
    lean_grid, lean_low, lean_high = Fraction(0), Fraction(0), Fraction(0)
    for error in (AxisError(axis, type_) for roi in plain.stages if roi for axis in roi[1:]):
        low, high = _at_bounds(error)
        if max(len(low), len(high)) > 1 or (error.grid_is_fragile and low + high):
            raise ValueError("more than one decision of the same kind along an axis is left to rounding")
        lean_grid = max([lean_grid, *[Fraction(error.bin.error)] * error.grid_is_fragile])
        lean_low, lean_high = max([lean_low, *low]), max([lean_high, *high])
    found = [_branch(plain, dtype)]
    for leans in product(_both(lean_grid), _both(lean_low), _both(lean_high)):
        other = _branch(rounded_result(arguments, dialect, dtype, _leaning(*leans)), dtype)
        if not any(np.array_equal(other.values, branch.values) for branch in found):
            found.append(other)
    return found


def _at_bounds(error: AxisError) -> tuple[list[Fraction], list[Fraction]]:
    """The errors of the samples along an axis that may be on either side of −1, and of H."""
    axis, low, high = error.axis, [], []  # type: ignore[var-annotated]  # what is returned says of what
    for p in range(axis.bins):
        for i in error.at_bound(p):
            side = low if axis.position(p, i) < 0 else high
            side.append(Fraction(error.position(p, i)))
    return low, high


def _both(lean: Fraction) -> Iterator[Fraction]:
    yield lean
    if lean:
        yield -lean


def rounded_result(arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Result:
    """The exact result for the numbers that an implementation is handed in a call of ``dtype``."""
    return forward_result(arguments, dialect, np.dtype(WORKING[dtype]), numpy_dtype(dtype), rules)


def _branch(result: Result, dtype: str) -> Branch:
    limits = bounds(result, dtype)
    return Branch(result.values, limits.bound)


def _leaning(by_grid: Fraction, by_low: Fraction, by_high: Fraction) -> type[Rules]:
    """The rules with decisions made as if a bin were larger by so much, or the map at its low edges or at its high ones."""

    class Leaning(Rules):
        def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
            return super().grid(bin_size + by_grid, sampling_ratio)

        def inside(self, y: Fraction, pixels: int) -> bool:
            return self.dialect.outside == Outside.CLAMP or -1 - by_low <= y <= pixels + by_high

    return Leaning
