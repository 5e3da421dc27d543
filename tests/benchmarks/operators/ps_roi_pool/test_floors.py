"""Geometry, by a count of pixels; and the floors, by hand."""

import numpy as np
import pytest

from benchmarks.measuring.floors import Rates
from benchmarks.measuring.footprints import floor, visited
from benchmarks.measuring.problem import Level, Problem
from benchmarks.operators.ps_roi_pool.floors import Geometry, geometry
from benchmarks.operators.ps_roi_pool.operations import Operation
from benchmarks.operators.ps_roi_pool.reference import exactly
from benchmarks.operators.ps_roi_pool.workloads import SelectedRow


def work(boxes, bins=2, size=(9, 12)):
    row = SelectedRow("a1", "", 1, len(boxes), 3, (1,), bins, None)
    maps = np.ones((1, row.map_channels, *size), np.float32)
    level = Level(maps, np.array(boxes, np.float32), 1.0, np.arange(len(boxes)))
    return Problem(row, (level,))


@pytest.mark.parametrize("bins", [1, 2, 3])
def test_pixels_are_those_of_the_rules(bins):
    rng = np.random.default_rng(5)
    first = rng.uniform(-6, 12, (40, 2))
    row = work(np.insert(np.hstack([first, first + rng.uniform(-1, 9, (40, 2))]), 0, 0, axis=1), bins)
    counts, footprint, union = geometry(row), 0, set()
    for k in range(40):
        for p, line in enumerate(exactly(row.levels[0], k, bins, 0)):
            for q, bin_ in enumerate(line):
                footprint += len(bin_)
                union |= {(p, q, y, x) for _, y, x in bin_}
    assert counts == Geometry(40, footprint, len(union), footprint)
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"


def test_the_floor_is_the_greatest_of_its_parts():
    counts = Geometry(rois=1, footprint=100, touched=50, operations=1000)
    row = work([[0, 1, 1, 5, 5]])  # 12 outputs, maps of 12 × 9 × 12
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.FORWARD)
    assert made.cold == 50 * 3 * 4 + 12 * 4
    assert made.hot == (100 * 3 * 4 + 12 * 4) / 10
    assert floor(row, counts, 4, Rates(1e9, 1e9, 2.0, ""), Operation.FORWARD).hot == 1500
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.BACKWARD)
    assert made.cold == (12 * 108 + 12) * 4, "maps are written"


def test_what_copies_are_made_for():
    counts = Geometry(rois=1, footprint=100, touched=50, operations=1000)
    row = work([[0, 1, 1, 5, 5]])
    assert [visited(row, counts, operation) for operation in Operation] == [150, 12 * 108 + 12]
