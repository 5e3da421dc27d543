"""Where the samples of a RoI lie by rules RR-2 to RR-8, in float64, and how far they may be off in float32.

A coordinate is a centre, which takes two roundings, and two products of a place along the box, of six roundings at most, with a
cosine or sine, each off by two units in the last place. Their sums take two more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from ...measuring.points import Points
from .workloads import turned

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row
    from .workloads import RotatedRow

_ROUNDINGS = 16


def points_of(level: Level, k: int, row: Row) -> Points:
    """The samples of the RoI of this number, and by how much they move with centre x, centre y, width, height and angle."""
    scale, ratio = level.scale, cast("RotatedRow", row).sampling_ratio
    cx, cy, w, h, angle = turned(level)[k, 1:].astype(np.float64)
    height, width = h * scale, w * scale
    a, b = (_shares(extent, row.bins, ratio) for extent in (height, width))
    # (P, 1, g, 1) along the height, (1, P, 1, g) along the width
    a, b = a[:, None, :, None], b[None, :, None, :]
    v, u, cos, sin = a * height, b * width, np.cos(angle), np.sin(angle)
    y, x = cy * scale - 0.5 + v * cos - u * sin, cx * scale - 0.5 + v * sin + u * cos
    nothing = np.zeros(y.shape)
    motions = (
        (nothing, nothing + scale),
        (nothing + scale, nothing),
        (-b * scale * sin, b * scale * cos),
        (a * scale * cos, a * scale * sin),
        (-v * sin - u * cos, v * cos - u * sin),
    )
    flat = (row.bins, row.bins, -1)
    moving = np.array([[np.broadcast_to(one, y.shape).reshape(flat) for one in each] for each in motions])
    farthest = max(abs(cy), abs(cx)) * scale + height + width + 1
    return Points(y.reshape(flat), x.reshape(flat), _ROUNDINGS * FLOAT_TYPES["float32"].unit * farthest, moving)


def _shares(extent: float, bins: int, ratio: int) -> np.ndarray:
    """Where samples lie along a side, as shares of it from its middle: ``(P, samples)``."""
    count = ratio if ratio > 0 else int(np.ceil(extent / bins))
    samples = (np.arange(count) + 0.5) / count
    shares: np.ndarray = (np.arange(bins)[:, None] + samples) / bins - 0.5
    return shares
