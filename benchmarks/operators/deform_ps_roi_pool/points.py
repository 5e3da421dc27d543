"""Where the samples of a RoI lie by rules DQ-1 to DQ-6, in float64, and how far they may be off in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from ...measuring.points import Points, crossed
from ..deform_roi_pool.workloads import GAMMA, offsets

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row, SampledRow

_ROUNDINGS = 16  # of a coordinate: of a corner, a bin, a place in it, how far the bin is moved, and their sums
_LEAST = 0.1  # that a side has, in feature pixels


def points_of(level: Level, k: int, row: Row) -> Points:
    """The samples of the RoI of this number; each bin reads a channel of its own."""
    bins, samples = row.bins, cast("SampledRow", row).sampling_ratio
    corners = level.boxes[k, 1:].astype(np.float64)
    whole = np.sign(corners) * np.floor(abs(corners) + 0.5)
    x1, y1, x2, y2 = (whole + np.array([0, 0, 1, 1])) * level.scale - 0.5
    width, height = max(x2 - x1, _LEAST), max(y2 - y1, _LEAST)
    moved = GAMMA * offsets(level, row)[k].astype(np.float64)[..., None, None]
    places = (np.arange(bins)[:, None] + np.arange(samples) / samples) / bins
    share_y, share_x = crossed(places, places)
    y, x = y1 + (share_y + moved[1]) * height, x1 + (share_x + moved[0]) * width
    flat = (bins, bins, -1)
    still = np.zeros((bins, bins, samples, samples))
    farthest = abs(np.array([x1, y1, x2, y2])).max() + max(width, height) * (1 + abs(moved).max()) + 1
    return Points(
        (y + still).reshape(flat),
        (x + still).reshape(flat),
        _ROUNDINGS * FLOAT_TYPES["float32"].unit * float(farthest),
        np.zeros((0, 2, *still.reshape(flat).shape)),
        shift=(GAMMA * width, GAMMA * height),
        plane=np.arange(bins**2).reshape(bins, bins, 1),
        planes=bins**2,
        margin=0.5,
        inside_count=True,
    )
