"""Which two orientations an output is mixed of, and how, by rules RI-2 to RI-4; and how far that may be off in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from ..roi_align_rotated.workloads import turned
from .workloads import ORIENTATIONS

if TYPE_CHECKING:
    from ...measuring.problem import Level

_ROUNDINGS = 8  # of an index: of a turn, of what an angle is a part of, of the part, and of what is left of it


class Mixture(NamedTuple):
    """How the orientations of a RoI are mixed.

    Attributes:
        whole: By how many they are turned.
        low, high: What the first and the second orientation weigh.
        off: How far these may be off: without bound where rounding decides which orientation comes before the index.
    """

    whole: int
    low: float
    high: float
    off: float

    def sources(self, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first and the second channel that each of some channels of the output is mixed of."""
        first, at = channels // ORIENTATIONS * ORIENTATIONS, channels % ORIENTATIONS
        return first + (at - self.whole) % ORIENTATIONS, first + (at - self.whole + 1) % ORIENTATIONS

    def sent(self, arriving: np.ndarray, low: float, high: float) -> np.ndarray:
        """What arrives at pooled channels of ``arriving``, ``(C, …)``: ``low`` parts at the first, ``high`` at the second."""
        features = arriving.reshape(-1, ORIENTATIONS, *arriving.shape[1:])
        mixed = low * np.roll(features, -self.whole, axis=1) + high * np.roll(features, 1 - self.whole, axis=1)
        return mixed.reshape(arriving.shape)


def mixture(level: Level, k: int) -> Mixture:
    """That of the RoI of this number."""
    index = float(turned(level)[k, 5]) * ORIENTATIONS / (2 * np.pi)
    whole = int(np.floor(index))
    high = index - whole
    off = _ROUNDINGS * FLOAT_TYPES["float32"].unit * (abs(index) + 1)
    return Mixture(whole, 1 - high, high, off if off < high < 1 - off else np.inf)
