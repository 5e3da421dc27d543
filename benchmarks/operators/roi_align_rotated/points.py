"""Where the samples of a RoI lie by rules RR-2 to RR-8, in float64, and how far they may be off in float32.

A coordinate is a centre, which takes two roundings, and two products of a place along the box, of six roundings at most, with a
cosine or sine, each off by two units in the last place. Their sums take two more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from ...measuring.points import Points, crossed, places
from .workloads import turned

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row, SampledRow

_ROUNDINGS = 16


def points_of(level: Level, k: int, row: Row) -> Points:
    """The samples of the RoI of this number, aligned."""
    return samples_of(level, k, row, offset=0.5, least=0.0)


def samples_of(level: Level, k: int, row: Row, *, offset: float, least: float) -> Points:
    """The samples of the RoI of this number, and by how much they move with centre x, centre y, width, height and angle.

    Centres are moved back by ``offset``, and sides are ``least`` long at least, in feature pixels.
    """
    scale, ratio = level.scale, cast("SampledRow", row).sampling_ratio
    cx, cy, w, h, angle = turned(level)[k, 1:].astype(np.float64)
    height, width = max(h * scale, least), max(w * scale, least)
    of_height, of_width = (scale if extent * scale >= least else 0.0 for extent in (h, w))
    a, b = crossed(*(places(extent, row.bins, ratio) - 0.5 for extent in (height, width)))
    v, u, cos, sin = a * height, b * width, np.cos(angle), np.sin(angle)
    y, x = cy * scale - offset + v * cos - u * sin, cx * scale - offset + v * sin + u * cos
    nothing = np.zeros(y.shape)
    motions = (
        (nothing, nothing + scale),
        (nothing + scale, nothing),
        (-b * of_width * sin, b * of_width * cos),
        (a * of_height * cos, a * of_height * sin),
        (-v * sin - u * cos, v * cos - u * sin),
    )
    flat = (row.bins, row.bins, -1)
    moving = np.array([[np.broadcast_to(one, y.shape).reshape(flat) for one in each] for each in motions])
    farthest = max(abs(cy), abs(cx)) * scale + height + width + 1
    return Points(y.reshape(flat), x.reshape(flat), _ROUNDINGS * FLOAT_TYPES["float32"].unit * farthest, moving)
