"""What a row must cost: pixels of the channel of each side, and for a gradient maps that are read and written."""

import numpy as np

from benchmarks.measuring.floors import Rates
from benchmarks.measuring.point_floors import Geometry
from benchmarks.measuring.problem import Level, Problem
from benchmarks.operators.border_align.floors import floor, geometry, visited
from benchmarks.operators.border_align.operations import Operation
from benchmarks.operators.border_align.workloads import BorderRow


def work(boxes):
    level = Level(np.ones((1, 12, 9, 12), np.float32), np.array(boxes, np.float32), 1.0, np.arange(len(boxes)))
    return Problem(BorderRow("a1", "", 1, len(boxes), 3, (1,), 2, None), (level,))


def test_sides_that_meet_read_channels_of_their_own():
    counts = geometry(work([[0, 2.5, 1.5, 6.5, 5.5], [0, 2.5, 1.5, 6.5, 5.5]]))
    each = 4 * 3 * 4  # three points of each side, between four pixels
    assert (counts.rois, counts.footprint, counts.touched) == (2, 2 * each, each)
    assert counts.multiply_adds == 2 * each
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"


def test_a_gradient_reads_maps_and_writes_them():
    counts, row = Geometry(rois=1, footprint=100, touched=50, multiply_adds=1000), work([[0, 1, 1, 5, 5]])
    outputs, maps = 3 * 4, 12 * 108
    rates = Rates(1.0, 10.0, 1e9, "")
    assert floor(row, counts, 4, rates, Operation.FORWARD).cold == (50 * 3 + outputs) * 4
    assert floor(row, counts, 4, rates, Operation.BOXES).hot == (100 * 3 + outputs) * 4 / 10
    assert floor(row, counts, 4, rates, Operation.BACKWARD).cold == (maps + 50 * 3 + outputs) * 4
    assert [visited(row, counts, one) for one in Operation] == [150, maps + outputs + 150, 150]
