"""Geometry, by a count of pixels: each bin reads a channel of its own, and only samples that are inside."""

import numpy as np

from benchmarks.measuring.problem import Level, Problem
from benchmarks.operators.deform_ps_roi_pool.operator import DEFORM_PS_ROI_POOL
from benchmarks.operators.deform_ps_roi_pool.points import points_of
from benchmarks.operators.deform_ps_roi_pool.workloads import DeformedHead


def test_pixels_are_those_between_which_samples_of_bins_are_interpolated():
    boxes = np.array([[0, 2, 2, 8, 6], [0, -4, 1, 5, 7], [0, 40, 40, 44, 44]], np.float32)
    level = Level(np.ones((1, 12, 9, 12), np.float32), boxes, 1.0, np.arange(3))
    row = Problem(DeformedHead("a1", "", 1, 3, 3, (1,), 2, None, 2), (level,))
    counts, union, footprint, adds = DEFORM_PS_ROI_POOL.geometry(row, None), set(), 0, 0
    for k in range(3):
        points, own = points_of(level, k, row.row), set()
        for at in np.ndindex(points.y.shape):
            y, x = points.y[at], points.x[at]
            if -0.5 <= y <= 8.5 and -0.5 <= x <= 11.5:
                adds += 4
                low_y, low_x = int(min(max(y, 0), 8)), int(min(max(x, 0), 11))
                own |= {(at[:2], min(low_y + i, 8), min(low_x + j, 11)) for i in (0, 1) for j in (0, 1)}
        union |= own
        footprint += len(own)
    assert (counts.rois, counts.footprint, counts.touched, counts.multiply_adds) == (3, footprint, len(union), adds)
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"
