"""The rows that rotated RoIAlign is timed on: RoIAlign's, their boxes turned about their centres by angles drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...measuring.contestant import coordinates
from ...measuring.problem import Row
from ...workloads import CPU_BOXES, DETECTORS, SEED

if TYPE_CHECKING:
    from ...measuring.problem import Level


@dataclass(frozen=True)
class RotatedRow(Row):
    """A row with so many samples per bin and axis; 0: as many as a bin has pixels."""

    sampling_ratio: int


GPU_ROWS: dict[str, Row] = {
    name: RotatedRow(**{**vars(DETECTORS[name[0]]), "name": name}, sampling_ratio=0 if name == "f" else 2)
    for name in ("a1", "b1", "c1", "e", "f")
}
CPU_ROWS: dict[str, Row] = {name: replace(row, boxes=CPU_BOXES[name[0]]) for name, row in GPU_ROWS.items()}


def turned(level: Level) -> np.ndarray:
    """The boxes of a level as rows ``[image, cx, cy, w, h, angle]`` in float32: image pixels, and radians."""
    image, corners = level.boxes[:, :1], level.boxes[:, 1:].astype(np.float64)
    centres, sizes = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
    angles = np.random.default_rng([SEED, 3]).uniform(-np.pi, np.pi, level.rois.max() + 1)[level.rois]
    return np.hstack([image, centres, sizes, angles[:, None]]).astype(np.float32)


def boxes_of(level: Level, dtype: str) -> tuple[np.ndarray]:
    """The boxes of a level as our functions take them: in float64 beside such maps, otherwise in float32."""
    return (turned(level).astype(coordinates(dtype)),)
