"""The rows that BorderAlign is timed on: RoIAlign's, each side with a quarter of the channels, and BorderDet's 11 points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...measuring.contestant import coordinates
from ...measuring.problem import Row
from ...workloads import DETECTORS, rows_on_cpu

if TYPE_CHECKING:
    from ...measuring.problem import Level

SIDES = 4
POOL_SIZE = 10


@dataclass(frozen=True)
class BorderRow(Row):
    """A row whose ``bins`` are parts into which points divide each side; what a box gives of a channel are four numbers."""

    @property
    def map_channels(self) -> int:
        """Each channel of the output has four of the maps."""
        return SIDES * self.channels

    @property
    def bin_shape(self) -> tuple[int, ...]:
        """The sides: top, left, bottom, right."""
        return (SIDES,)


def _bordered(name: str) -> BorderRow:
    row = DETECTORS[name[0]]
    return BorderRow(**{**vars(row), "name": name, "channels": row.channels // SIDES, "bins": POOL_SIZE})


GPU_ROWS: dict[str, Row] = {name: _bordered(name) for name in ("a1", "c1", "e", "f")}
CPU_ROWS = rows_on_cpu(GPU_ROWS)


def on_map(level: Level) -> np.ndarray:
    """The boxes of a level in pixels of its map, in float32: exactly, since scales are powers of two."""
    return level.boxes * np.array([1, *[level.scale] * 4], np.float32)


def boxes_of(level: Level, dtype: str) -> tuple[np.ndarray]:
    """The same as our functions take them: in float64 beside such maps, otherwise in float32."""
    return (on_map(level).astype(coordinates(dtype)),)
