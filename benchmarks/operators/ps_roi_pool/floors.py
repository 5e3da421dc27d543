"""What a call must at least cost: the bytes it touches, and the pixels it adds.

A bin reads a channel of its own: of each channel of the maps a RoI reads the pixels of one bin. A gradient for the maps reads
what arrives at the output and writes every pixel of the maps, touched or not, once.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from .edges import EXACT, windows_of

if TYPE_CHECKING:
    from ...measuring.problem import Level, Problem
    from .operations import Operation


@dataclass(frozen=True)
class Geometry:
    """Counts of a row, summed over its RoIs; per channel of the output, but for ``rois``.

    Attributes:
        rois: RoIs.
        footprint: Pixels of all bins, each in its own channel.
        touched: The same, each pixel counted once, however many RoIs read it.
        operations: Additions.
    """

    rois: int
    footprint: int
    touched: int
    operations: int


def _level_geometry(level: Level, bins: int) -> Geometry:
    images, _, height, width = level.feature.shape
    windows = windows_of(level, bins, EXACT)
    rows, columns = windows.bottom - windows.top, windows.right - windows.left
    pixels = int((rows.sum(axis=1) * columns.sum(axis=1)).sum())
    touched = 0
    for p, q in np.ndindex(bins, bins):
        union = np.zeros((images, height, width), bool)
        for k, image in enumerate(windows.images):
            union[image, windows.top[k, p] : windows.bottom[k, p], windows.left[k, q] : windows.right[k, q]] = True
        touched += int(union.sum())
    return Geometry(len(level.boxes), pixels, touched, pixels)


def geometry(problem: Problem, operation: Operation | None = None) -> Geometry:
    """The counts of a row; they are the same for all operations."""
    del operation
    levels = [_level_geometry(level, problem.row.bins) for level in problem.levels]
    return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))
