"""One RoI step by step under a dialect of rotation-invariant RoIAlign, in exact numbers.

Mixing is linear: what is pooled of a mixture of maps is the mixture of what is pooled of each, so that one map is shown, mixed.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.dialects.riroi_align_rotated import DIALECTS
from ...explanation import Step, decimal
from ..roi_align_rotated.explanation import EXACTLY, RotatedExplanation
from .oracle.orienting import Orienting

if TYPE_CHECKING:
    from ....kernels.dialects.roi_align_rotated import Dialect
    from ...exact.numbers import Array
    from ...explanation import Bin, Walk


class RotationInvariantExplanation(RotatedExplanation):
    """A call on the orientations of a feature, of which one is shown."""

    title = "Rotation-invariant RoIAlign"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples, and of two scales."""
        super().__init__(call, dialect)
        self.channel = call.more["orientation"]
        orientations = call.more["num_orientations"]
        self.mixture = Orienting(DIALECTS[dialect], orientations).mixture(call.box[4], EXACTLY, orientations)

    @property
    def choices(self) -> Dialect:
        """RI-1: the choices of rotated RoIAlign."""
        return DIALECTS[self.dialect].sampling

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "RI-4 average"

    @property
    def _parts(self) -> list[tuple[Fraction, int]]:
        """RI-4: the weights, and the orientations that have them."""
        first, second = (int(channels[self.channel]) for channels in self.mixture.channels)
        parts = [(self.mixture.low, first), (self.mixture.high, second)]
        return [part for part in parts if part[0]]

    def pixel(self, at: Bin) -> Fraction:
        """The value of a pixel of the mixed map."""
        maps = self.call.feature
        return sum((weight * Fraction(maps[(n, *at)].item()) for weight, n in self._parts), Fraction(0))

    def feature(self) -> Array:
        """The mixed map, ``(H, W)``."""
        mixed: Array = sum((float(weight) * self.call.feature[n] for weight, n in self._parts), np.zeros(()))
        return mixed

    def maps(self) -> Array:
        """All orientations."""
        return self.call.feature

    def summary(self, at: Bin) -> str:
        """How many bins there are, of how many samples, and of which map."""
        return f"{super().summary(at)}; the map is {self._mixed}"

    @property
    def _mixed(self) -> str:
        """The map that is pooled, in words."""
        return " + ".join(f"{decimal(weight)} · F[{n}]" for weight, n in self._parts)

    def steps(self, at: Bin) -> list[Step]:
        """RR-1 to RR-8, then RI-2 to RI-4."""
        mixture, count = self.mixture, self.call.more["num_orientations"]
        return [
            *super().steps(at),
            Step("RI-2", f"index, the angle in orientations of {count}", decimal(mixture.index)),
            Step("RI-3", "weights, low and high", f"{decimal(mixture.low)}, {decimal(mixture.high)}"),
            Step("RI-4", f"map that orientation {self.channel} is pooled of", self._mixed),
        ]
