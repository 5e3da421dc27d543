"""Geometry, by a count of taps; and the floors, by hand."""

import numpy as np

from benchmarks.measuring.floors import Rates
from benchmarks.measuring.footprints import floor, visited
from benchmarks.measuring.problem import Level, Problem
from benchmarks.operators.ps_roi_align.floors import Geometry, geometry
from benchmarks.operators.ps_roi_align.operations import Operation
from benchmarks.operators.ps_roi_align.workloads import SampledRow
from roikit.conformance.operators.roi_align.oracle.output import stages
from roikit.kernels.dialects.roi_align import DIALECTS


def work(boxes, bins=2, size=(9, 12), ratio=2):
    row = SampledRow("a1", "", 1, len(boxes), 3, (1,), bins, None, sampling_ratio=ratio)
    maps = np.ones((1, row.map_channels, *size), np.float32)
    level = Level(maps, np.array(boxes, np.float32), 1.0, np.arange(len(boxes)))
    return Problem(row, (level,))


def test_taps_are_those_of_the_rules():
    rng = np.random.default_rng(5)
    first = rng.uniform(-6, 12, (20, 2))
    boxes = np.insert(np.hstack([first, first + rng.uniform(1, 9, (20, 2))]), 0, 0, axis=1)
    row, footprint, union = work(boxes), 0, set()
    for box in row.levels[0].boxes.astype(float).tolist():
        roi = stages(box, (9, 12), (2, 2), (1, 1), (2, 2), DIALECTS["torchvision-aligned"])
        for p, q in np.ndindex(2, 2):
            ys, xs = (
                {pixel for s in axis.samples(n) for pixel, _ in (s.low, s.high)} for axis, n in ((roi.y, p), (roi.x, q))
            )
            footprint += len(ys) * len(xs)
            union |= {(p, q, y, x) for y in ys for x in xs}
    counts = geometry(row)
    assert counts == Geometry(20, footprint, len(union), footprint)
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"


def test_the_floor_is_the_greatest_of_its_parts():
    counts = Geometry(rois=1, footprint=100, touched=50, multiply_adds=500)
    row = work([[0, 1, 1, 5, 5]])  # 12 outputs, maps of 12 × 9 × 12
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.FORWARD)
    assert made.cold == 50 * 3 * 4 + 12 * 4
    assert made.hot == (100 * 3 * 4 + 12 * 4) / 10
    assert floor(row, counts, 4, Rates(1e9, 1e9, 2.0, ""), Operation.FORWARD).hot == 1500
    made = floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""), Operation.BACKWARD)
    assert made.cold == (12 * 108 + 12) * 4, "maps are written"


def test_what_copies_are_made_for():
    counts = Geometry(rois=1, footprint=100, touched=50, multiply_adds=500)
    row = work([[0, 1, 1, 5, 5]])
    assert [visited(row, counts, operation) for operation in Operation] == [150, 12 * 108 + 12, 150]
