"""What a call must at least cost: the bytes it touches, and the taps it adds.

A bin reads channels of its own: of each channel of the maps a RoI reads the pixels of one bin. A gradient for the maps reads what
arrives at the output and writes every pixel of the maps, touched or not, once; one for the boxes reads what pooling reads and
writes.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..roi_align.floors import axis_samples, taps

if TYPE_CHECKING:
    from ...measuring.problem import Level, Problem
    from .operations import Operation
    from .workloads import SampledRow


@dataclass(frozen=True)
class Geometry:
    """Counts of a row, summed over its RoIs; per channel of the output, but for ``rois``.

    Attributes:
        rois: RoIs.
        footprint: Pixels of all bins, each in its own channel.
        touched: The same, each pixel counted once, however many RoIs read it.
        multiply_adds: Of all taps.
    """

    rois: int
    footprint: int
    touched: int
    multiply_adds: int

    @property
    def operations(self) -> int:
        """Those in float32."""
        return 2 * self.multiply_adds


def _level_geometry(level: Level, row: SampledRow) -> Geometry:
    images, _, height, width = level.feature.shape
    boxes = level.boxes.astype(float)
    corners = boxes[:, 1:] * level.scale - 0.5
    extents = corners[:, 2:] - corners[:, :2]
    ys, xs = (axis_samples(corners[:, axis], extents[:, axis], row.bins, row.sampling_ratio) for axis in (1, 0))
    union = np.zeros((row.bins, row.bins, images, height, width), bool)
    footprint = 0
    for image, y, x in zip(boxes[:, 0].astype(int), ys, xs, strict=True):
        on_y, on_x = taps(y, height), taps(x, width)
        footprint += int(on_y.sum()) * int(on_x.sum())
        union[:, :, image] |= on_y[:, None, :, None] & on_x[None, :, None, :]
    return Geometry(len(boxes), footprint, int(union.sum()), footprint)


def geometry(problem: Problem, operation: Operation | None = None) -> Geometry:
    """The counts of a row; they are the same for all operations."""
    del operation
    row: SampledRow = problem.row  # type: ignore[assignment]
    levels = [_level_geometry(level, row) for level in problem.levels]
    return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))
