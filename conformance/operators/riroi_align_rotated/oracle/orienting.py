"""Which orientations a RoI reads, and how it mixes them: RI-2 to RI-4, exactly.

The index of an angle that is no quarter turn is irrational; it is known within 2⁻¹⁵⁰ of itself, of which nothing is left in
any bound.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .....kernels.dialects.roi_align_rotated import QuarterTurns
from ...roi_align_rotated.oracle.turning import half_pi, quarter_of

if TYPE_CHECKING:
    from .....kernels.dialects.riroi_align_rotated import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array

ZERO, ONE = Fraction(0), Fraction(1)


class Mixture(NamedTuple):
    """What the outputs of a RoI are made of: ``low`` times what is pooled of one channel, and ``high`` times that of another.

    Attributes:
        index: RI-2: the angle in orientations.
        is_exact: Whether an implementation has to have the index exactly.
        low, high: RI-3: the weights.
        channels: RI-4: for each channel of the output the two that it is made of, ``(2, C)``.
    """

    index: Fraction  # type: ignore[assignment]  # which hides the method of tuples
    is_exact: bool
    low: Fraction
    high: Fraction
    channels: Array


class Orienting:
    """The formulas under one dialect, for O orientations."""

    def __init__(self, dialect: Dialect, orientations: int) -> None:
        self.dialect = dialect
        self.orientations = orientations

    def quarter(self, angle: Fraction, type_: FloatType) -> int | None:
        """RR-4: how many quarter turns an angle stands for, modulo 4; None if it is no multiple of one, or need not be."""
        if not angle:
            return 0
        if self.dialect.quarter_turns != QuarterTurns.EXACT:
            return None
        return quarter_of(angle, type_, degrees=False)

    def index(self, angle: Fraction, quarter: int | None) -> Fraction:
        """RI-2: the angle in orientations; of a quarter turn modulo a whole one."""
        if quarter is not None:
            return Fraction(quarter * self.orientations, 4)
        return angle * self.per_radian()

    def per_radian(self) -> Fraction:
        """RI-2: orientations to the radian."""
        return self.orientations / (4 * half_pi())

    def whole(self, index: Fraction) -> int:
        """RI-2: the orientation at or before an index."""
        return math.floor(index)

    def weights(self, index: Fraction, whole: int) -> tuple[Fraction, Fraction]:
        """RI-3: what the channel of the whole orientation weighs, and the one after it."""
        high = index - whole
        return ONE - high, high

    def channels(self, count: int, whole: int) -> Array:
        """RI-4: the two channels of the map, of ``count``, that each channel of the output is made of, ``(2, C)``."""
        channel, turned = np.arange(count), whole % self.orientations
        orientation, first = channel % self.orientations, channel - channel % self.orientations
        return np.stack([first + (orientation - turned + n) % self.orientations for n in (0, 1)])

    def mixture(self, angle: Fraction, type_: FloatType, channels: int) -> Mixture:
        """What the outputs of a RoI of this angle are made of."""
        quarter = self.quarter(angle, type_)
        index = self.index(angle, quarter)
        whole = self.whole(index)
        low, high = self.weights(index, whole)
        return Mixture(index, quarter is not None, low, high, self.channels(channels, whole))

    def turns(self) -> Fraction:
        """RI-6: by how much the index grows with the angle."""
        return self.per_radian()
