"""Where the points of a box's sides lie by rules BA-2 and BA-3, in float64, and how far they may be off in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from ...measuring.points import Points
from .workloads import SIDES, on_map

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row

_ROUNDINGS = 8  # of a side's length, a step, a way along it, and their sum


def points_of(level: Level, k: int, row: Row) -> Points:
    """The points of the sides of a box, ``(4, points)``, and how they move with its corners, which are pixels of the map."""
    x1, y1, x2, y2 = on_map(level)[k, 1:].astype(np.float64)
    there = np.arange(row.bins + 1) / row.bins
    back, start, end = 1 - there, np.zeros(row.bins + 1), np.ones(row.bins + 1)
    share_y, share_x = np.array([[start, there, end, back], [there, start, back, end]])
    y, x = y1 + share_y * (y2 - y1), x1 + share_x * (x2 - x1)
    still = np.zeros(y.shape)
    motions = np.array([[still, 1 - share_x], [1 - share_y, still], [still, share_x], [share_y, still]])
    farthest = max(abs(x1), abs(y1), abs(x2), abs(y2), abs(x2 - x1), abs(y2 - y1)) + 1
    off = _ROUNDINGS * FLOAT_TYPES["float32"].unit * float(farthest)
    return Points(y, x, off, motions, plane=np.arange(SIDES)[:, None], planes=SIDES)
