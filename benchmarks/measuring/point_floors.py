"""What a call of an operator that averages samples at points must at least cost: the bytes it touches, and the taps it adds.

The footprint of a RoI are the pixels that its samples are interpolated between, each once. Points that lie on no grid of rows and
columns share no sums: every sample costs four multiply-adds. A gradient for the maps reads what arrives at the output and writes
every pixel of the maps, touched or not, once; one for the boxes reads what pooling reads and writes.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .floors import floor_of
from .points import both

if TYPE_CHECKING:
    from .floors import Floor, Rates
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


def geometry_of(problem: Problem, points_of: PointsOf) -> Geometry:
    """The counts of a row; they are the same for all operations."""
    levels = [_of_level(problem, level, points_of) for level in problem.levels]
    return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))


def _of_level(problem: Problem, level: Level, points_of: PointsOf) -> Geometry:
    images, _, height, width = level.feature.shape
    union, footprint, adds = np.zeros((images, height, width), bool), 0, 0
    for k, image in enumerate(level.boxes[:, 0].astype(int)):
        y, x = both(level, points_of(level, k, problem.row))
        own = np.zeros((height, width), bool)
        for row in (y.low, y.high):
            for column in (x.low, x.high):
                own[row[y.inside], column[y.inside]] = True
        union[image] |= own
        footprint += int(own.sum())
        adds += 4 * int(y.inside.sum())
    return Geometry(len(level.boxes), footprint, int(union.sum()), adds)


def floor(problem: Problem, counts: Geometry, itemsize: int, rates: Rates, operation: Any) -> Floor:
    """The least time of an operation."""
    row = problem.row
    output, operations = row.outputs * itemsize, 2 * counts.multiply_adds * row.channels
    if operation.gradient:
        maps = sum(level.feature.size for level in problem.levels) * itemsize
        return floor_of(maps, maps, output, operations, rates)
    touched, footprint = (count * row.channels * itemsize for count in (counts.touched, counts.footprint))
    return floor_of(touched, footprint, output, operations, rates)


def visited(problem: Problem, counts: Geometry, operation: Any) -> int:
    """How many elements the calls of a row visit of what there are copies of: maps, or a gradient and those for maps."""
    if operation.gradient:
        return problem.row.outputs + sum(level.feature.size for level in problem.levels)
    return counts.touched * problem.row.channels
