"""How far the samples of a RoI may be from where exact arithmetic has them.

Let u = 2⁻ᵇⁱᵗˢ be the rounding error of a type relative to the result. Centre and size are followed operation by
operation. The way from the centre to a sample is a share of the size, formed in any order of at most `_OF_WAY` roundings
of numbers no greater than it. Cosine and sine are off by ε: `_OF_COSINE` roundings, and where the angle is converted from
degrees, by as much as its own error, `_OF_ANGLE` roundings of the angle in radians; or by nothing, where RR-4 says what
they are. So a position ``cy + v cos − u sin`` is off by

``e = e_cy + (e_v + e_u) + ε (|v| + |u|)``, and four roundings of ``|cy| + |v| + |u|``.

All of it is 0 where every number on the way is one of the type. An angle of more than 2¹⁶ radians in float32, or as many
of its units in another type, has no bounds.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from .....kernels.dialects.choices import Offset
from .....kernels.dialects.roi_align_rotated import Unit
from ....exact.floats import Approx, as_float
from ....exact.numbers import HALF
from .geometry import DEGREE, ONE
from .turning import SLACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.floats import FloatType
    from .geometry import Roi

_OF_WAY = 10
_OF_COSINE = 4
_OF_ANGLE = 3
_OF_SUM = 4
_COARSE = 2.0**-8
"""An angle that is off by more is no angle any more."""


class RoiError:
    """What is known of the errors of a RoI of a row of boxes, whose coordinates are formed in ``type``; pairs are ``(y, x)``."""

    def __init__(self, roi: Roi, row: Sequence[float], type_: FloatType) -> None:
        """Follows centre and size."""
        self.roi, self.type = roi, type_
        _, cx, cy, w, h, self.angle = map(Fraction, row)
        scale = Approx.rounded(roi.scale, type_)
        shift = HALF if roi.rules.dialect.offset == Offset.HALF else Fraction(0)
        less = Approx.rounded(shift, type_)
        self.centre = tuple(Approx.rounded(c, type_) * scale - less for c in (cy, cx))
        self.asked = tuple(Approx.rounded(size, type_) * scale for size in (h, w))

    @cached_property
    def sizes(self) -> tuple[float, float]:
        """The errors of height and width; none of one that RR-5 surely holds."""
        y, x = (
            0.0 if held and asked.value + Fraction(asked.error) <= ONE else asked.error
            for asked, held in zip(self.asked, self.roi.held, strict=True)
        )
        return y, x

    @property
    def holding_is_open(self) -> bool:
        """Whether rounding decides if RR-5 holds the height or the width."""
        least = self.roi.rules.least(Fraction(-1)) > 0
        return least and any(asked.error and abs(as_float(asked.value - ONE)) <= asked.error for asked in self.asked)

    @property
    def grid_is_open(self) -> bool:
        """Whether rounding decides how many samples there are (RR-6)."""
        for axis, ratio_is_given in enumerate(self.given_ratio):
            if ratio_is_given:
                continue
            bin_size = self.roi.size[axis] / self.roi.bins[axis]
            error = 0.0 if self._is_exact(bin_size) and not self.sizes[axis] else 2 * self._of_bin(axis)
            if math.isinf(error):
                return True
            around = (max(math.ceil(bin_size + d), 0) for d in (-Fraction(error), Fraction(error)))
            if len(set(around)) > 1:
                return True
        return False

    given_ratio: tuple[bool, bool] = (False, False)
    """Whether the number of samples is given."""

    def _of_bin(self, axis: int) -> float:
        bins = self.roi.bins[axis]
        return self.sizes[axis] / bins + self.type.rounding(abs(as_float(self.roi.size[axis])) / bins)

    def _is_exact(self, x: Fraction) -> bool:
        return self.type.represents(x)

    @cached_property
    def are_exact(self) -> bool:
        """Whether every number on the way to every sample is one of the type."""
        roi = self.roi
        if not roi.turned.is_exact or any(a.error for a in self.centre) or any(self.sizes):
            return False
        steps: set[Fraction] = set()
        for axis, size in enumerate(roi.size):
            bins, grid = roi.bins[axis], roi.taken[axis]
            if not grid:
                continue
            one = size / bins
            shares = {(i + HALF) * one for i in range(grid)}
            steps |= {size, size / 2, one, one / grid, *shares, *(share / grid for share in shares)}
            starts = {p * one for p in range(bins)}
            ways = {start + share / grid for start in starts for share in shares}
            around = {sign * (way - size / 2) for way in ways for sign in (1, -1)}
            steps |= starts | ways | around | {start - size / 2 for start in starts}
            steps |= {centre + way for centre in roi.centre for way in around}
        return all(map(self._is_exact, steps))

    @cached_property
    def ways(self) -> tuple[float, float]:
        """The errors of the ways from the centre along height and width."""
        y, x = (
            error + self.type.gamma(_OF_WAY) * (abs(as_float(size)) + error)
            for error, size in zip(self.sizes, self.roi.size, strict=True)
        )
        return y, x

    @cached_property
    def of_turn(self) -> float:
        """ε, the error of cosine and sine."""
        if self.roi.turned.is_exact:
            return 0.0
        degrees = self.roi.rules.dialect.unit == Unit.DEGREES
        radians = abs(as_float(self.angle * (DEGREE if degrees else ONE)))
        if self.type.unit * radians > _COARSE:
            return math.inf
        return self.type.gamma(_OF_COSINE) + (self.type.gamma(_OF_ANGLE) * radians if degrees else 0.0) + SLACK

    @cached_property
    def positions(self) -> tuple[float, float]:
        """The errors of the positions of all samples, along y and x; 0 if there are none, infinite where there is no bound."""
        if self.are_exact:
            return 0.0, 0.0
        reach = sum(abs(as_float(size)) / 2 for size in self.roi.size)
        off = sum(self.ways) + self.of_turn * (reach + sum(self.ways))
        y, x = (self._of_sum(centre, reach, off) for centre in self.centre)
        return y, x

    def _of_sum(self, centre: Approx, reach: float, off: float) -> float:
        error = centre.error + off
        magnitude = abs(as_float(centre.value)) + reach + error
        if not magnitude <= self.type.largest:
            return math.inf
        return (error + self.type.gamma(_OF_SUM) * magnitude) * (1 + 1e-9) + 20 * self.type.underflow
