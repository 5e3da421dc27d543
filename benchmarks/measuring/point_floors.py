"""What a call of an operator that averages samples at points must at least cost: the bytes it touches, and the taps it adds.

The footprint of a RoI are the pixels that its samples are interpolated between, each once in each plane that they read. Points
that lie on no grid of rows and columns share no sums: every sample costs four multiply-adds. What follows from the counts is in
`footprints`.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from .points import both

if TYPE_CHECKING:
    from collections.abc import Callable

    from .points import PointsOf
    from .problem import Level, Problem


@dataclass(frozen=True)
class Geometry:
    """Counts of a row, summed over its RoIs; per channel, but for ``rois``.

    Attributes:
        rois: RoIs.
        footprint: Pixels of all RoIs.
        touched: The same, each pixel counted once, however many RoIs read it.
        multiply_adds: Of all samples.
    """

    rois: int
    footprint: int
    touched: int
    multiply_adds: int

    @property
    def operations(self) -> int:
        """Those in float32."""
        return 2 * self.multiply_adds


def counts_by(points_of: PointsOf) -> Callable[[Problem, object], Geometry]:
    """What says the counts of a row of an operator that reads these points: the same for all of its operations."""

    def geometry(problem: Problem, operation: object = None) -> Geometry:
        del operation
        levels = [_of_level(problem, level, points_of) for level in problem.levels]
        return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))

    return geometry


def _of_level(problem: Problem, level: Level, points_of: PointsOf) -> Geometry:
    images, _, height, width = level.feature.shape
    planes = points_of(level, 0, problem.row).planes
    union, footprint, adds = np.zeros((images, planes, height, width), bool), 0, 0
    for k, image in enumerate(level.boxes[:, 0].astype(int)):
        points = points_of(level, k, problem.row)
        y, x = both(level, points)
        own = np.zeros((planes, height, width), bool)
        plane = np.broadcast_to(points.plane, points.y.shape)[y.inside]
        for row in (y.low, y.high):
            for column in (x.low, x.high):
                own[plane, row[y.inside], column[y.inside]] = True
        union[image] |= own
        footprint += int(own.sum())
        adds += 4 * int(y.inside.sum())
    return Geometry(len(level.boxes), footprint, int(union.sum()), adds)
