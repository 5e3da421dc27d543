"""The rows that rotated RoIAlign is timed on: RoIAlign's, their boxes turned about their centres by angles drawn by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...measuring.contestant import coordinates
from ...workloads import SEED, rows_on_cpu, sampled_rows

if TYPE_CHECKING:
    from ...measuring.problem import Level

GPU_ROWS = sampled_rows(("a1", "b1", "c1", "e", "f"))
CPU_ROWS = rows_on_cpu(GPU_ROWS)


def turned(level: Level) -> np.ndarray:
    """The boxes of a level as rows ``[image, cx, cy, w, h, angle]`` in float32: image pixels, and radians."""
    image, corners = level.boxes[:, :1], level.boxes[:, 1:].astype(np.float64)
    centres, sizes = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
    angles = np.random.default_rng([SEED, 3]).uniform(-np.pi, np.pi, level.rois.max() + 1)[level.rois]
    return np.hstack([image, centres, sizes, angles[:, None]]).astype(np.float32)


def boxes_of(level: Level, dtype: str) -> tuple[np.ndarray]:
    """The boxes of a level as our functions take them: in float64 beside such maps, otherwise in float32."""
    return (turned(level).astype(coordinates(dtype)),)
