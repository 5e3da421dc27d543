"""What each bin of a RoI weighs every row and column with, by rules PR-1 to PR-5, in float64; and by how much that may be off.

A float32 computation forms corners, extent, bin and edges with no more than six roundings of numbers that are no greater than
the corner farthest from 0: an edge is off by 6 u of that, a size likewise, and of what a bin weighs a share of as much over its
size. Sixteen more roundings are for weights that are differences of integrals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

if TYPE_CHECKING:
    from ...measuring.problem import Level

UNIT = FLOAT_TYPES["float32"].unit
_EDGE, _CANCELLING = 6, 16


@dataclass(frozen=True)
class Along:
    """One axis of a RoI.

    Attributes:
        window: The pixels from the first to the last that it weighs.
        weights: Of each bin and pixel of the window, over the size of a bin, ``(P, window)``.
        edges: Where each bin begins, and where the last ends, ``(P + 1,)``, in feature pixels.
        off: By what share of a bin its weights, all together, may be off.
    """

    window: slice
    weights: np.ndarray
    edges: np.ndarray
    off: float

    @property
    def size(self) -> float:
        """The size of a bin."""
        return float(self.edges[1] - self.edges[0])

    @property
    def near(self) -> np.ndarray:
        """Which pixels of the window each bin may weigh, ``(P, window)``."""
        pixels = np.arange(self.window.start, self.window.stop)
        return (pixels > self.edges[:-1, None] - 2) & (pixels < self.edges[1:, None] + 2)

    def lines(self, which: int) -> np.ndarray:
        """What pixels count at the first (0) or the second (1) edge of each bin, ``(P, window)``."""
        at = self.edges[which : len(self.edges) - 1 + which, None]
        tents: np.ndarray = np.maximum(1 - abs(at - np.arange(self.window.start, self.window.stop)), 0)
        return tents


def mass(t: np.ndarray) -> np.ndarray:
    """PR-5: the integral of a tent up to ``t``."""
    below, above = np.clip(t + 1, 0, 1), np.clip(1 - t, 0, 1)
    return np.where(t <= 0, below**2 / 2, 1 - above**2 / 2)


def along(low: float, high: float, scale: float, bins: int, pixels: int) -> Along:
    """An axis of a RoI between two coordinates, image pixels."""
    start, end = low * scale, high * scale
    edges = start + np.arange(bins + 1) * max(end - start, 0.0) / bins
    first, last = (int(np.clip(np.floor(edge) + more, 0, pixels)) for edge, more in ((start, 0), (end, 2)))
    window = slice(first, max(first, last) if end > start else first)
    at = np.arange(window.start, window.stop)
    size = (end - start) / bins if end > start else 1.0
    weights = (mass(edges[1:, None] - at) - mass(edges[:-1, None] - at)) / size
    off = (6 * _EDGE * max(abs(start), abs(end)) + _CANCELLING) * UNIT / size
    return Along(window, weights, edges, off)


def both(level: Level, k: int, bins: int) -> tuple[Along, Along]:
    """Both axes of a RoI."""
    _, x1, y1, x2, y2 = (float(number) for number in level.boxes[k])
    height, width = level.feature.shape[2:]
    return along(y1, y2, level.scale, bins, height), along(x1, x2, level.scale, bins, width)
