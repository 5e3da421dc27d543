"""Geometry, by a count of pixels; and the floors, by hand."""

import numpy as np
import pytest

from benchmarks.measuring.floors import Rates
from benchmarks.measuring.footprints import floor, visited
from benchmarks.measuring.problem import Level, Problem, Row
from benchmarks.operators.prroi_pool.floors import Geometry, geometry
from benchmarks.operators.prroi_pool.operations import Operation
from roikit.conformance.operators.prroi_pool.oracle.geometry import Rules, stages
from roikit.kernels.dialects.prroi_pool import DIALECTS


def work(boxes, bins=2, size=(9, 12)):
    level = Level(np.ones((1, 3, *size), np.float32), np.array(boxes, np.float32), 1.0, np.arange(len(boxes)))
    return Problem(Row("a", "", 1, len(boxes), 3, (1,), bins, None), (level,))


@pytest.mark.parametrize("bins", [1, 2, 3])
def test_weights_are_those_of_the_rules(bins):
    rng = np.random.default_rng(5)
    first = rng.uniform(-6, 12, (40, 2))
    row = work(np.insert(np.hstack([first, first + rng.uniform(-1, 9, (40, 2))]), 0, 0, axis=1), bins)
    counts, footprint, weights, union = geometry(row), 0, 0, set()
    for box in row.levels[0].boxes.astype(float).tolist():
        roi = stages(box, (1, 3, 9, 12), (bins, bins), (1, 1), Rules(DIALECTS["mmcv"]))
        rows, columns = ({pixel for each in axis.weights for pixel in each} for axis in (roi.y, roi.x))
        footprint += len(rows) * len(columns)
        union |= {(y, x) for y in rows for x in columns}
        weights += sum(map(len, roi.y.weights)) * sum(map(len, roi.x.weights))
    assert (counts.rois, counts.footprint, counts.touched, counts.weights) == (40, footprint, len(union), weights)
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"


def test_the_floor_is_the_greatest_of_its_parts():
    counts = Geometry(rois=1, footprint=100, touched=50, weights=400, multiply_adds=1000)
    row = work([[0, 1, 1, 5, 5]])  # 12 outputs, maps of 3 × 9 × 12
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.FORWARD)
    assert made.cold == 50 * 3 * 4 + 12 * 4
    assert made.hot == (100 * 3 * 4 + 12 * 4) / 10
    assert floor(row, counts, 4, Rates(1e9, 1e9, 2.0, ""), Operation.BOXES).hot == 3000
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.BACKWARD)
    assert made.cold == (3 * 108 + 12) * 4, "maps are written"


def test_what_copies_are_made_for():
    counts = Geometry(rois=1, footprint=100, touched=50, weights=400, multiply_adds=1000)
    row = work([[0, 1, 1, 5, 5]])
    assert [visited(row, counts, operation) for operation in Operation] == [150, 3 * 108 + 12, 150]
