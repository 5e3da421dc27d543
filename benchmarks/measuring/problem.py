"""What a contestant is prepared for: maps and boxes, level by level, and how many bins to pool them into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Row:
    """One workload: ``boxes`` boxes on each of ``images`` images, pooled from levels of the given strides.

    An operator that has parameters of its own derives a class that has them too.
    """

    name: str
    title: str
    images: int
    boxes: int
    channels: int
    strides: tuple[int, ...]
    bins: int
    draw: Callable[[np.random.Generator, int], np.ndarray]

    @property
    def rois(self) -> int:
        """Number of RoIs."""
        return self.images * self.boxes

    @property
    def map_channels(self) -> int:
        """Channels of the maps, which may be others than those of the output."""
        return self.channels

    @property
    def outputs(self) -> int:
        """Number of output elements."""
        return self.rois * self.channels * self.bins**2


@dataclass(frozen=True)
class Level:
    """Maps ``(N, C, H, W)`` in float32, boxes ``(K, 5)`` in float32, feature pixels per image pixel.

    ``rois`` are the numbers of these boxes among all of the row.
    """

    feature: np.ndarray
    boxes: np.ndarray
    scale: float
    rois: np.ndarray


@dataclass(frozen=True)
class Problem:
    """A row with its arrays; levels that no box falls on are left out."""

    row: Row
    levels: tuple[Level, ...]

    @property
    def boxes(self) -> np.ndarray:
        """The boxes of all levels, ``(rois, 5)`` in float32, image after image."""
        boxes = np.empty((self.row.rois, 5), np.float32)
        for level in self.levels:
            boxes[level.rois] = level.boxes
        return boxes
