"""Geometry, by a count of pixels."""

import numpy as np

from benchmarks.measuring.floors import Rates
from benchmarks.measuring.footprints import floor, visited
from benchmarks.measuring.point_floors import Geometry
from benchmarks.measuring.problem import Level, Problem, SampledRow
from benchmarks.operators.roi_align_rotated.operations import Operation
from benchmarks.operators.roi_align_rotated.operator import ROI_ALIGN_ROTATED
from benchmarks.operators.roi_align_rotated.points import points_of


def work(boxes, bins=2, size=(9, 12), ratio=2):
    level = Level(np.ones((1, 3, *size), np.float32), np.array(boxes, np.float32), 1.0, np.arange(len(boxes)))
    return Problem(SampledRow("a1", "", 1, len(boxes), 3, (1,), bins, None, ratio), (level,))


def test_pixels_are_those_between_which_samples_are_interpolated():
    row = work([[0, 2, 2, 8, 6], [0, -4, 1, 5, 7], [0, 40, 40, 44, 44]])
    counts, union, footprint, adds = ROI_ALIGN_ROTATED.geometry(row), set(), 0, 0
    for k in range(3):
        points = points_of(row.levels[0], k, row.row)
        own = set()
        for y, x in zip(points.y.ravel(), points.x.ravel(), strict=True):
            if -1 <= y <= 9 and -1 <= x <= 12:
                adds += 4
                at_y, at_x = min(max(y, 0), 8), min(max(x, 0), 11)
                low_y, low_x = int(at_y), int(at_x)
                own |= {(min(low_y + i, 8), min(low_x + j, 11)) for i in (0, 1) for j in (0, 1)}
        union |= own
        footprint += len(own)
    assert (counts.rois, counts.footprint, counts.touched, counts.multiply_adds) == (3, footprint, len(union), adds)
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"


def test_the_floor_is_the_greatest_of_its_parts():
    counts = Geometry(rois=1, footprint=100, touched=50, multiply_adds=1000)
    row = work([[0, 1, 1, 5, 5]])  # 12 outputs, maps of 3 × 9 × 12
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.FORWARD)
    assert made.cold == 50 * 3 * 4 + 12 * 4
    assert made.hot == (100 * 3 * 4 + 12 * 4) / 10
    assert floor(row, counts, 4, Rates(1e9, 1e9, 2.0, ""), Operation.BOXES).hot == 3000
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.BACKWARD)
    assert made.cold == (3 * 108 + 12) * 4, "maps are written"
    assert [visited(row, counts, operation) for operation in Operation] == [150, 3 * 108 + 12, 150]
