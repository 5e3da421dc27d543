"""What a call must at least cost: the bytes it touches and the sums it forms, and the time a GPU needs for those.

As for RoIAlign: with n_y and n_x the weights of all bins along an axis, r and c the rows and columns that are touched, the
footprint of a RoI is r·c pixels, and the sums cost n_y·n_x multiply-adds per channel, or r·n_x + P·n_y if they are formed along
x first. A gradient for the maps reads what arrives at the output and writes every pixel of the maps once. One for the boxes
reads what pooling reads and what pooling writes: its floor is that of pooling.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from .weights import both

if TYPE_CHECKING:
    from ...measuring.problem import Level, Problem
    from .operations import Operation


@dataclass(frozen=True)
class Geometry:
    """Counts of a row, summed over its RoIs; per channel, but for ``rois``."""

    rois: int
    footprint: int
    touched: int
    weights: int
    multiply_adds: int

    @property
    def operations(self) -> int:
        """Those in float32."""
        return 2 * self.multiply_adds


def _level_geometry(level: Level, bins: int) -> Geometry:
    images, _, height, width = level.feature.shape
    union = np.zeros((images, height, width), bool)
    footprint = weights = adds = 0
    for k, image in enumerate(level.boxes[:, 0].astype(int)):
        y, x = both(level, k, bins)
        on_y, on_x = y.weights > 0, x.weights > 0
        rows, columns = int(on_y.any(axis=0).sum()), int(on_x.any(axis=0).sum())
        n_y, n_x = int(on_y.sum()), int(on_x.sum())
        union[image, y.window, x.window] |= np.outer(on_y.any(axis=0), on_x.any(axis=0))
        footprint += rows * columns
        weights += n_y * n_x
        adds += min(n_y * n_x, rows * n_x + bins * n_y)
    return Geometry(len(level.boxes), footprint, int(union.sum()), weights, adds)


def geometry(problem: Problem, operation: Operation | None = None) -> Geometry:
    """The counts of a row; they are the same for all operations."""
    del operation
    levels = [_level_geometry(level, problem.row.bins) for level in problem.levels]
    return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))
