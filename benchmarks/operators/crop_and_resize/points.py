"""Where the points of a level's boxes are and which pixels they read, in float64, for all boxes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from .workloads import boxes_of

if TYPE_CHECKING:
    from ...measuring.problem import Level

_ROUNDINGS = 8  # of a position in float32, relative to the longest way to it
_UNIT = FLOAT_TYPES["float32"].unit


@dataclass(frozen=True)
class Points:
    """The points along an axis, ``(K, P)``.

    Attributes:
        at: Where they are, in pixels; ``size`` are these.
        error: By how much a position may be off in float32.
        inside: Whether they are; ``doubtful`` where rounding decides that.
        low, high: The pixels on both sides, and ``fraction``, how far from the first.
        size: Pixels along the axis.
    """

    at: np.ndarray
    error: np.ndarray
    inside: np.ndarray
    doubtful: np.ndarray
    low: np.ndarray
    high: np.ndarray
    fraction: np.ndarray
    size: int

    @classmethod
    def of(cls, first: np.ndarray, second: np.ndarray, points: int, size: int) -> Points:
        """The points of boxes from ``first`` to ``second``, fractions of the axis; the last ones at the second corners."""
        reach = size - 1
        along = np.arange(points) / max(points - 1, 1) if points > 1 else np.array([0.5])
        at = (first[:, None] * (1 - along) + second[:, None] * along) * reach
        error = np.broadcast_to(_ROUNDINGS * _UNIT * (abs(first) + abs(second))[:, None] * reach, at.shape)
        clipped = at.clip(0, reach)
        low = np.floor(clipped).astype(int)
        edges = np.minimum(abs(at), abs(at - reach))
        inside = (at >= 0) & (at <= reach)
        return cls(at, error, inside, edges <= error, low, np.ceil(clipped).astype(int), clipped - low, size)


def points_of(level: Level, points: int) -> tuple[Points, Points]:
    """Those along y and along x."""
    corners = boxes_of(level).corners.astype(np.float64)
    height, width = level.feature.shape[2:]
    y = Points.of(corners[:, 0], corners[:, 2], points, height)
    return y, Points.of(corners[:, 1], corners[:, 3], points, width)
