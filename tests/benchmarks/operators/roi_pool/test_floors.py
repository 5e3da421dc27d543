"""Geometry, by a count of pixels; and the floors, by hand."""

import numpy as np
import pytest

from benchmarks.measuring.floors import Rates
from benchmarks.measuring.problem import Level, Problem, Row
from benchmarks.operators.roi_pool.floors import Geometry, floor, geometry, visited
from benchmarks.operators.roi_pool.operations import Operation
from benchmarks.operators.roi_pool.reference import exactly


def work(boxes, bins=2, size=(9, 12)):
    row = Row("a1", "", 1, len(boxes), 3, (1,), bins, None)
    level = Level(np.ones((1, 3, *size), np.float32), np.array(boxes, np.float32), 1.0, np.arange(len(boxes)))
    return Problem(row, (level,))


@pytest.mark.parametrize("bins", [1, 2, 3, 7])
def test_pixels_are_those_of_the_rules(bins):
    rng = np.random.default_rng(5)
    first = rng.uniform(-6, 12, (40, 2))
    row = work(np.insert(np.hstack([first, first + rng.uniform(-1, 9, (40, 2))]), 0, 0, axis=1), bins)
    counts = geometry(row)
    footprint = pixels = 0
    union = set()
    for k in range(40):
        binned = exactly(row.levels[0], k, bins, 0)
        places = [[{(y, x) for _, y, x in bin_} for bin_ in line] for line in binned]
        covered = set().union(*(bin_ for line in places for bin_ in line))
        rows, columns = ({place[axis] for place in covered} for axis in (0, 1))
        pixels += sum(len(bin_) for line in places for bin_ in line)
        footprint += len(covered)
        assert len(covered) == len(rows) * len(columns)
        union |= covered
    assert (counts.rois, counts.footprint, counts.touched, counts.pixels) == (40, footprint, len(union), pixels)
    assert counts.operations <= counts.pixels
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"


def test_operations_by_hand():
    """5 × 5 pixels in 2 × 2 bins of 3 × 3: 36 at once, or 6 for each of 5 rows and then 6 for each of 2 columns."""
    counts = geometry(work([[0, 1, 1, 5, 5]]))
    assert counts == Geometry(rois=1, footprint=25, touched=25, pixels=36, operations=36)
    counts = geometry(work([[0, 0, 0, 8, 8]], bins=7, size=(9, 9)))
    taps = 7 * 2 + 1  # ceil((p + 1)·9/7) − floor(p·9/7): all bins have two pixels but the middle one, which has three
    assert counts.pixels == taps**2
    assert counts.operations == min(taps**2, 9 * taps + 7 * taps)


def test_the_floor_is_the_greatest_of_its_parts():
    counts = Geometry(rois=1, footprint=100, touched=50, pixels=0, operations=1000)
    row = work([[0, 1, 1, 5, 5]])  # 12 outputs, maps of 3 × 9 × 12
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.FORWARD)
    assert made.cold == 50 * 3 * 4 + 12 * 4
    assert made.hot == (100 * 3 * 4 + 12 * 4) / 10
    assert floor(row, counts, 4, Rates(1e9, 1e9, 2.0, ""), Operation.AVERAGE).hot == 1500
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.BACKWARD)
    assert made.cold == (324 + 150 + 12) * 4, "maps are written and read"
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.AVERAGE_BACKWARD)
    assert made.cold == (324 + 12) * 4


def test_what_copies_are_made_for():
    counts = Geometry(rois=1, footprint=100, touched=50, pixels=0, operations=1000)
    row = work([[0, 1, 1, 5, 5]])
    found = [visited(row, counts, operation) for operation in Operation]
    assert found == [150, 324 + 12 + 150, 150, 324 + 12]
