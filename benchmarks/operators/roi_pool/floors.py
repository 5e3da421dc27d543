"""What a call must at least cost: the bytes it touches, and the pixels it compares or adds.

A RoI's footprint are the pixels that its bins cover. The maximum of a bin, and its sum, can be formed along x first, for every
row of the footprint, and then along y: the fewer operations of both ways count. A gradient for the maps reads what arrives at the
output and writes every pixel of the maps, touched or not, once; that of a maximum reads the footprint besides, to find the
greatest pixels again.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...measuring.floors import floor_of
from .edges import EXACT, windows_of

if TYPE_CHECKING:
    from ...measuring.floors import Floor, Rates
    from ...measuring.problem import Level, Problem
    from .operations import Operation


@dataclass(frozen=True)
class Geometry:
    """Counts of a row, summed over its RoIs; per channel, but for ``rois``.

    Attributes:
        rois: RoIs.
        footprint: Pixels that a RoI's bins cover.
        touched: The same, each pixel counted once, however many RoIs cover it.
        pixels: Pixels of all bins: some are in several.
        operations: Comparisons or additions.
    """

    rois: int
    footprint: int
    touched: int
    pixels: int
    operations: int


def _level_geometry(level: Level, bins: int) -> Geometry:
    images, _, height, width = level.feature.shape
    windows, union = windows_of(level, bins, EXACT), np.zeros((images, height, width), bool)
    rows, columns = (windows.bottom - windows.top).clip(0), (windows.right - windows.left).clip(0)
    footprint = operations = 0
    for k, image in enumerate(windows.images):
        ys, xs = (slice(begin[k].min(), end[k].max()) for begin, end in (
            (windows.top, windows.bottom), (windows.left, windows.right)
        ))  # fmt: skip
        union[image, ys, xs] = True
        tall, wide = (max(int(side.stop - side.start), 0) for side in (ys, xs))
        footprint += tall * wide
        n_y, n_x = int(rows[k].sum()), int(columns[k].sum())
        operations += min(n_y * n_x, tall * n_x + bins * n_y)
    pixels = int((rows.sum(axis=1) * columns.sum(axis=1)).sum())
    return Geometry(len(level.boxes), footprint, int(union.sum()), pixels, operations)


def geometry(problem: Problem, operation: Operation | None = None) -> Geometry:
    """The counts of a row; they are the same for all operations."""
    del operation
    levels = [_level_geometry(level, problem.row.bins) for level in problem.levels]
    return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))


def floor(problem: Problem, counts: Geometry, itemsize: int, rates: Rates, operation: Operation) -> Floor:
    """The least time of an operation on a GPU."""
    row = problem.row
    touched, footprint = counts.touched * row.channels * itemsize, counts.footprint * row.channels * itemsize
    output, operations = row.outputs * itemsize, counts.operations * row.channels
    if not operation.gradient:
        return floor_of(touched, footprint, output, operations, rates)
    maps = sum(level.feature.size for level in problem.levels) * itemsize
    if operation.mode == "max":
        return floor_of(maps + touched, maps + footprint, output, operations, rates)
    return floor_of(maps, maps, output, operations, rates)


def visited(problem: Problem, counts: Geometry, operation: Operation) -> int:
    """How many elements the calls of a row visit of what there are copies of: maps, and a gradient and those for maps."""
    maps = counts.touched * problem.row.channels
    if not operation.gradient:
        return maps
    written = problem.row.outputs + sum(level.feature.size for level in problem.levels)
    return written + (maps if operation.mode == "max" else 0)
