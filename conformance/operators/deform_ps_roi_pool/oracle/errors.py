"""How far the samples of a deformable RoI of whole pixels may be from where exact arithmetic has them.

As of deformable RoI pooling, axis by axis; but that a size may be held at 0.1, and that samples begin with their cells. An axis
is *settled* if it does not matter where along it samples lie: all that are inside are moved to the first or the last pixel,
and no rounding decides which are.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ....exact.floats import Approx, as_float, as_floats
from ...deform_roi_pool.oracle import errors as of_bins
from .geometry import TENTH, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Roi


class RoiError(of_bins.RoiError):
    """What is known of the errors of a RoI, of a row of whole pixels; pairs are ``(y, x)``."""

    roi: Roi

    def __init__(self, roi: Roi, row: Sequence[float], ratio: tuple[int, int], type_: FloatType) -> None:
        """Follows corners, sizes and shifts."""
        super().__init__(roi, row, ratio, type_)
        tenth = Approx.rounded(TENTH, type_)
        self.sizes = tuple(
            size if size.value > TENTH else Approx(TENTH, max(tenth.error, size.error if size.value == TENTH else 0.0), type_)
            for size in self.sizes
        )  # fmt: skip

    @cached_property
    def are_exact(self) -> bool:
        """Whether nothing that matters is off."""
        return not any(self.positions)

    @cached_property
    def positions(self) -> tuple[float, float]:
        """The errors of the positions of all samples, along y and x; 0 where they do not matter, infinite without a bound."""
        return self._position(0), self._position(1)

    def _position(self, axis: int) -> float:
        tidy = not any(each.error for each in self._corners[axis])
        if tidy and all(map(self.type.represents, set(self._along(axis)))):
            return 0.0
        return 0.0 if self.is_settled(axis) else self._of_axis(axis)

    def is_settled(self, axis: int) -> bool:
        """Whether it does not matter where samples lie along an axis, as long as they are no farther off than they may be."""
        slack, last = 2 * self._of_axis(axis), self.roi.pixels[axis] - 1
        at, inside = self.places(axis), self.roi.unmoved[axis].inside
        decided = (abs(at + 0.5) > slack) & (abs(at - last - 0.5) > slack)
        at_edge = (at + slack <= 0) | (at - slack >= last) | (last == 0)
        return bool((decided & (at_edge | ~inside)).all())

    def places(self, axis: int) -> Array:
        """Where samples are along an axis, in float64."""
        line = self.roi.unmoved[axis]
        exact: Array = np.frompyfunc(lambda n: Fraction(int(n), line.unit), 1, 1)(line.at)
        return as_floats(as_float, np.asarray(exact, object))

    def _along(self, axis: int) -> Iterator[Fraction]:
        roi = self.roi
        size, bins, grid, start = roi.size[axis], roi.bins[axis], roi.taken[axis], roi.start[axis]
        first, second = self._numbers[axis]
        scale = roi.scales[axis]
        yield from (first, second, scale, first * scale, second * scale, size)
        if not grid:
            return
        one = size / bins
        shares = {i * one for i in range(grid)}
        ways = {share / grid for share in shares}
        starts = {p * one for p in range(bins)}
        yield from {one, one / grid, *shares, *ways, *starts, *(begin + way for begin in starts for way in ways)}
        offsets = {x for x in roi.offsets[axis].flat if x is not None}
        if offsets - {ZERO}:
            yield from (roi.gamma, roi.reach[axis])
            yield from (part * x for x in offsets for part in (roi.gamma, size))
        shifts = {roi.reach[axis] * x for x in offsets}
        moved = {start + shift for shift in shifts}
        yield from shifts | moved | {start}
        yield from {a + b for a in moved | {start} | shifts for b in starts | ways}
        yield from {a + b + c for a in moved | {start} | shifts for b in starts for c in ways}
