"""How far the points of a box may be from where exact arithmetic has them.

Corners are followed operation by operation. A point is formed from where its side begins in any order: as a share of the side's
length, as a multiple of the distance of two points, or one step after the other, as mmcv does, which is a rounding for each step.
All of it is 0 where every number on each of these ways is one of the type.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .....kernels.dialects.choices import Offset
from ....exact.floats import Approx, as_float
from ....exact.numbers import HALF
from ..call import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Roi

_OF_A_STEP = 4
"""Roundings of a point besides one for each step."""


class RoiError:
    """What is known of the errors of a box of a row whose coordinates are formed in ``type``."""

    def __init__(self, roi: Roi, row: Sequence[float], type_: FloatType) -> None:
        """Follows the corners."""
        self.roi, self.type = roi, type_
        shift = HALF if roi.rules.dialect.offset == Offset.HALF else Fraction(0)
        less = Approx.rounded(shift, type_)
        self.x1, self.y1, self.x2, self.y2 = (Approx.rounded(Fraction(n), type_) - less for n in row[1:])

    @cached_property
    def are_exact(self) -> bool:
        """Whether every number on the way to every point is one of the type."""
        roi, parts = self.roi, self.roi.pool_size
        if any(corner.error for corner in (self.x1, self.y1, self.x2, self.y2)):
            return False
        steps: set[Fraction] = set(roi.shares)
        for first, second in ((roi.box.x1, roi.box.x2), (roi.box.y1, roi.box.y2)):
            length = second - first
            steps |= {length, length / parts, *(i * length for i in range(parts + 1))}
            steps |= {share * length for share in roi.shares}
            steps |= {first + share * length for share in roi.shares}
        return all(map(self.type.represents, steps))

    @cached_property
    def positions(self) -> tuple[Array, Array]:
        """The errors of all points ``(4, points)``, along y and along x."""
        shape = self.roi.inside.shape
        y, x = np.zeros(shape), np.zeros(shape)
        if not self.are_exact:
            for side in range(SIDES):
                along, across = (x, y) if self.roi.rules.runs_along_x(side) else (y, x)
                along[side], across[side] = self._along(side), self._across(side)
        return y, x

    def _across(self, side: int) -> float:
        back, along_x = self.roi.rules.begins_at_second(side), self.roi.rules.runs_along_x(side)
        corner = (self.y2 if back else self.y1) if along_x else (self.x2 if back else self.x1)
        return corner.error

    def _along(self, side: int) -> float:
        first, second = (self.x1, self.x2) if self.roi.rules.runs_along_x(side) else (self.y1, self.y2)
        length = second - first
        error = max(first.error, second.error) + length.error
        largest = abs(as_float(first.value)) + abs(as_float(second.value)) + abs(as_float(length.value)) + error
        steps = self.roi.pool_size + _OF_A_STEP
        return (error + self.type.gamma(steps) * largest) * (1 + 1e-9) + 2 * steps * self.type.underflow
