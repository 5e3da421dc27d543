"""Geometry, by a count of pixels."""

import numpy as np

from benchmarks.measuring.problem import Level, Problem, SampledRow
from benchmarks.operators.deform_roi_pool.operator import DEFORM_ROI_POOL
from benchmarks.operators.deform_roi_pool.points import points_of


def test_pixels_are_those_between_which_moved_samples_are_interpolated():
    boxes = np.array([[0, 2, 2, 8, 6], [0, -4, 1, 5, 7], [0, 40, 40, 44, 44]], np.float32)
    level = Level(np.ones((1, 3, 9, 12), np.float32), boxes, 1.0, np.arange(3))
    row = Problem(SampledRow("a1", "", 1, 3, 3, (1,), 2, None, 2), (level,))
    counts, union, footprint, adds = DEFORM_ROI_POOL.geometry(row, None), set(), 0, 0
    for k in range(3):
        points, own = points_of(level, k, row.row), set()
        for y, x in zip(points.y.ravel(), points.x.ravel(), strict=True):
            if -1 <= y <= 9 and -1 <= x <= 12:
                adds += 4
                low_y, low_x = int(min(max(y, 0), 8)), int(min(max(x, 0), 11))
                own |= {(min(low_y + i, 8), min(low_x + j, 11)) for i in (0, 1) for j in (0, 1)}
        union |= own
        footprint += len(own)
    assert (counts.rois, counts.footprint, counts.touched, counts.multiply_adds) == (3, footprint, len(union), adds)
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"
