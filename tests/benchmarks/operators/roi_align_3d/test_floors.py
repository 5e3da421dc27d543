"""Geometry, by a count of voxels."""

import numpy as np

from benchmarks.measuring.axis_floors import geometry
from benchmarks.measuring.problem import Level, Problem
from benchmarks.operators.roi_align_3d.workloads import VolumeRow


def test_voxels_are_those_between_which_samples_are_interpolated():
    boxes = [[0, 2.5, 1.5, 0.5, 6.5, 3.5, 2.5], [0, 3.5, 1.5, 0.5, 7.5, 3.5, 2.5], [0, 90, 90, 90, 95, 95, 95]]
    level = Level(np.ones((1, 3, 6, 9, 12), np.float32), np.array(boxes, np.float32), 1.0, np.arange(3))
    counts = geometry(Problem(VolumeRow("a1", "", 1, 3, 3, (1,), 2, None, 1), (level,)))
    # one sample in the middle of each bin: at 3, 5 of x; 1.5, 2.5 of y; 0.5, 1.5 of z
    columns, rows, slices = ({3, 5}, {4, 6}), {1, 2, 3}, {0, 1, 2}
    union = len(columns[0] | columns[1]) * len(rows) * len(slices)
    assert (counts.rois, counts.footprint, counts.touched) == (3, 2 * 2 * 9, union)
    n_x, n_y, n_z = 2, 4, 4
    assert counts.weights == 2 * n_x * n_y * n_z
    assert counts.multiply_adds == 2 * min(n_x * n_y * n_z, 9 * n_x + 3 * 2 * n_y + 4 * n_z)
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"
