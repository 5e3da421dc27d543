"""What a call must at least cost: the bytes it touches and the sums it forms, and the time a GPU needs for those.

For RoI k, n_y and n_x are the taps of all bins along an axis, taps on the same pixel of a bin merged; r and c the rows and
columns that are touched. Then its footprint is r·c pixels, and the sums cost n_y·n_x multiply-adds per channel, or
r·n_x + P·n_y if they are formed along x first. The floor of a call is the greatest of

* (bytes of the union of all footprints + bytes of the output) ÷ memory bandwidth,
* (bytes of all footprints + bytes of the output) ÷ bandwidth from the L2 cache,
* 2 · multiply-adds ÷ float32 rate.

With maps that stay in the L2 cache (hot), the first is left out. A gradient for the maps reads what arrives at the output, and
writes every pixel of the maps, touched or not, once: these bytes take the place of both sums. One for the boxes reads what
pooling reads and what pooling writes: its floor is that of pooling.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...measuring.floors import floor_of

if TYPE_CHECKING:
    from ...measuring.floors import Floor, Rates
    from ...measuring.problem import Level, Problem


@dataclass(frozen=True)
class Geometry:
    """Counts of a row, summed over its RoIs; per channel, but for ``rois``."""

    rois: int
    footprint: int
    touched: int
    samples: int
    merged_taps: int
    multiply_adds: int


def axis_samples(start: np.ndarray, extent: np.ndarray, bins: int, ratio: int) -> list[np.ndarray]:
    """The positions of the samples of each RoI along one axis, ``(P, g)``."""
    size = extent / bins
    grids = np.full(len(start), ratio) if ratio > 0 else np.ceil(size).astype(int)
    return [
        first + step * (np.arange(bins)[:, None] + (np.arange(grid) + 0.5) / max(grid, 1))
        for first, step, grid in zip(start, size, grids, strict=True)
    ]


def taps(positions: np.ndarray, pixels: int) -> np.ndarray:
    """Which pixels each bin reads, ``(P, H)``; samples farther than a pixel from the map read none."""
    read = np.zeros((len(positions), pixels), bool)
    for row, points in zip(read, positions, strict=True):
        inside = points[(points >= -1) & (points <= pixels)].clip(0, pixels - 1)
        low = np.floor(inside).astype(int)
        row[low] = True
        row[np.minimum(low + 1, pixels - 1)] = True
    return read


def _level_geometry(level: Level, bins: int, ratio: int, *, aligned: bool) -> Geometry:
    images, _, height, width = level.feature.shape
    boxes = level.boxes.astype(float)
    corners = boxes[:, 1:] * level.scale - (0.5 if aligned else 0)
    extents = corners[:, 2:] - corners[:, :2]
    if not aligned:
        extents = np.maximum(extents, 1)
    ys, xs = (axis_samples(corners[:, axis], extents[:, axis], bins, ratio) for axis in (1, 0))
    union = np.zeros((images, height, width), bool)
    footprint = merged = adds = samples = 0
    for image, y, x in zip(boxes[:, 0].astype(int), ys, xs, strict=True):
        on_y, on_x = taps(y, height), taps(x, width)
        rows, columns = on_y.any(axis=0), on_x.any(axis=0)
        n_y, n_x = int(on_y.sum()), int(on_x.sum())
        union[image][np.ix_(rows, columns)] = True
        footprint += int(rows.sum()) * int(columns.sum())
        merged += n_y * n_x
        adds += min(n_y * n_x, int(rows.sum()) * n_x + bins * n_y)
        samples += y.size * x.size
    return Geometry(len(boxes), footprint, int(union.sum()), samples, merged, adds)


def geometry(problem: Problem, *, aligned: bool = True) -> Geometry:
    """The counts of a row; ``aligned`` is torchvision's."""
    row = problem.row
    levels = [_level_geometry(level, row.bins, row.sampling_ratio, aligned=aligned) for level in problem.levels]
    return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))


def forward_floor(problem: Problem, counts: Geometry, itemsize: int, rates: Rates) -> Floor:
    """The floors of a row whose elements have ``itemsize`` bytes."""
    per_pixel = problem.row.channels * itemsize
    touched, footprint = counts.touched * per_pixel, counts.footprint * per_pixel
    operations = 2 * counts.multiply_adds * problem.row.channels
    return floor_of(touched, footprint, problem.row.outputs * itemsize, operations, rates)


def backward_floor(problem: Problem, counts: Geometry, itemsize: int, rates: Rates) -> Floor:
    """The floors of the gradient for the maps of a row whose elements have ``itemsize`` bytes."""
    maps = sum(level.feature.size for level in problem.levels) * itemsize
    operations = 2 * counts.multiply_adds * problem.row.channels
    return floor_of(maps, maps, problem.row.outputs * itemsize, operations, rates)
