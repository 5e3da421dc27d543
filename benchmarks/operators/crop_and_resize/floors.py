"""What a call must at least cost: the bytes it touches, and the pixels that it puts together.

Every point reads four pixels of each channel, or fewer where it is on one. A gradient for the images reads what arrives at the
output and writes every pixel of the images, touched or not, once.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...measuring.floors import floor_of
from .operations import Operation
from .points import points_of

if TYPE_CHECKING:
    from ...measuring.floors import Floor, Rates
    from ...measuring.problem import Level, Problem

_PER_PIXEL = 2  # operations on each pixel that is read


@dataclass(frozen=True)
class Geometry:
    """Counts of a row, summed over its boxes; per channel, but for ``rois``.

    Attributes:
        rois: Boxes.
        footprint: Pixels that each box reads, counted for each.
        touched: The same, each pixel counted once, however many boxes read it.
        operations: On pixels: of each point that is inside.
    """

    rois: int
    footprint: int
    touched: int
    operations: int


def _level_geometry(level: Level, points: int) -> Geometry:
    images, _, height, width = level.feature.shape
    ys, xs = points_of(level, points)
    union = np.zeros((images, height, width), bool)
    footprint = operations = 0
    for k, image in enumerate(level.boxes[:, 0].astype(int)):
        rows, columns = (
            np.unique(np.concatenate([axis.low[k][axis.inside[k]], axis.high[k][axis.inside[k]]])) for axis in (ys, xs)
        )
        union[image][np.ix_(rows, columns)] = True
        footprint += len(rows) * len(columns)
        operations += 4 * _PER_PIXEL * int(ys.inside[k].sum()) * int(xs.inside[k].sum())
    return Geometry(len(level.boxes), footprint, int(union.sum()), operations)


def geometry(problem: Problem, operation: Operation | None = None) -> Geometry:
    """The counts of a row; they are the same for all operations."""
    del operation
    levels = [_level_geometry(level, problem.row.bins) for level in problem.levels]
    return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))


def floor(problem: Problem, counts: Geometry, itemsize: int, rates: Rates, operation: Operation) -> Floor:
    """The least time of an operation on a GPU."""
    row = problem.row
    output, operations = row.outputs * itemsize, counts.operations * row.channels
    if operation.gradient:
        images = sum(level.feature.size for level in problem.levels) * itemsize
        return floor_of(images, images, output, operations, rates)
    touched, footprint = (count * row.channels * itemsize for count in (counts.touched, counts.footprint))
    if operation == Operation.BOXES:  # what arrives is read, and hardly anything written
        return floor_of(touched + output, footprint + output, 16 * counts.rois, operations, rates)
    return floor_of(touched, footprint, output, operations, rates)


def visited(problem: Problem, counts: Geometry, operation: Operation) -> int:
    """How many elements the calls of a row visit of what there are copies of: images, gradients, or both."""
    if operation.gradient:
        return problem.row.outputs + sum(level.feature.size for level in problem.levels)
    arriving = problem.row.outputs if operation == Operation.BOXES else 0
    return counts.touched * problem.row.channels + arriving
