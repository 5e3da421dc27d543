"""What a contestant is prepared for: maps and boxes, level by level, and how many bins to pool them into."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Row:
    """One workload: ``boxes`` boxes on each of ``images`` images, pooled from levels of the given strides.

    An operator that has parameters of its own, other bins or other images derives a class that says so.
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
    def padded(self) -> tuple[int, ...] | None:
        """Pixels of an image along each axis; None: as many as those that detectors look at."""
        return None

    @property
    def bin_shape(self) -> tuple[int, ...]:
        """The axes of what a RoI gives of a channel."""
        return self.bins, self.bins

    @property
    def outputs(self) -> int:
        """Number of output elements."""
        return self.rois * self.channels * math.prod(self.bin_shape)


@dataclass(frozen=True)
class SampledRow(Row):
    """A row with so many samples per bin and axis; 0: as many as a bin has pixels."""

    sampling_ratio: int


@dataclass(frozen=True)
class Level:
    """Maps ``(N, C, H, W)`` in float32, boxes ``(K, 5)`` in float32, feature pixels per image pixel.

    Volumes are ``(N, C, D, H, W)``, their boxes ``(K, 7)``. ``rois`` are the numbers of these boxes among all of the row.
    """

    feature: np.ndarray
    boxes: np.ndarray
    scale: float
    rois: np.ndarray

    @cached_property
    def largest(self) -> np.ndarray:
        """The greatest magnitude in each channel of each map, ``(N, C)`` in float64."""
        axes = tuple(range(2, self.feature.ndim))
        return np.maximum(self.feature.max(axis=axes), -self.feature.min(axis=axes)).astype(np.float64)


@dataclass(frozen=True)
class Problem:
    """A row with its arrays; levels that no box falls on are left out."""

    row: Row
    levels: tuple[Level, ...]

    @property
    def boxes(self) -> np.ndarray:
        """The boxes of all levels, ``(rois, 5)`` in float32, image after image."""
        boxes = np.empty((self.row.rois, self.levels[0].boxes.shape[1]), np.float32)
        for level in self.levels:
            boxes[level.rois] = level.boxes
        return boxes
