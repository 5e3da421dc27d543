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
        ValueError: along one axis of a RoI more than one decision is open, so that branches could mix within it.
    """
    type_ = FLOAT_TYPES[WORKING[dtype]]
    plain = rounded_result(arguments, dialect, dtype)
    lean_grid, lean_bound = Fraction(0), Fraction(0)
    for error in (AxisError(axis, type_) for roi in plain.stages if roi for axis in roi[1:]):
        at_bound = [Fraction(error.position(p, i)) for p in range(error.axis.bins) for i in error.at_bound(p)]
        if len(at_bound) + error.grid_is_fragile > 1:
            raise ValueError("more than one decision along an axis is left to rounding")
        lean_grid = max([lean_grid, *[Fraction(error.bin.error)] * error.grid_is_fragile])
        lean_bound = max([lean_bound, *at_bound])
    found = [_branch(plain, dtype)]
    for by_grid, by_bound in product(_both(lean_grid), _both(lean_bound)):
        other = _branch(rounded_result(arguments, dialect, dtype, _leaning(by_grid, by_bound)), dtype)
        if not any(np.array_equal(other.values, branch.values) for branch in found):
            found.append(other)
    return found


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


def _leaning(by_grid: Fraction, by_bound: Fraction) -> type[Rules]:
    """The rules with decisions made as if a bin were larger, or the map were larger on all sides, by so much."""

    class Leaning(Rules):
        def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
            return super().grid(bin_size + by_grid, sampling_ratio)

        def inside(self, y: Fraction, pixels: int) -> bool:
            return self.dialect.outside == Outside.CLAMP or -1 - by_bound <= y <= pixels + by_bound

    return Leaning
