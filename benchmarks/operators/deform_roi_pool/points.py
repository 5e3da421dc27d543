"""Where the samples of a RoI lie by rules DP-2 to DP-4: those of an aligned box, each bin moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from ...measuring.points import of_box
from .workloads import GAMMA, offsets

if TYPE_CHECKING:
    from ...measuring.points import Points
    from ...measuring.problem import Level, Row, SampledRow


def points_of(level: Level, k: int, row: Row) -> Points:
    """The samples of the RoI of this number, and by how much they move with x1, y1, x2, y2 and with an offset."""
    moved = GAMMA * offsets(level, row)[k].astype(np.float64)
    points = of_box(level, k, row.bins, cast("SampledRow", row).sampling_ratio, moved)
    x1, y1, x2, y2 = level.boxes[k, 1:].tolist()
    return replace(points, shift=(GAMMA * (x2 - x1) * level.scale, GAMMA * (y2 - y1) * level.scale))
