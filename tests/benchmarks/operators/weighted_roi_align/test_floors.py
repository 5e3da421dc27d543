"""What a row must cost: pixels of RoIAlign's samples, and their weights."""

import numpy as np

from benchmarks.measuring.axis_floors import Geometry, geometry
from benchmarks.measuring.floors import Rates
from benchmarks.measuring.problem import Level, Problem, SampledRow
from benchmarks.operators.roi_align import floors as roi_align
from benchmarks.operators.roi_align.workloads import RoiAlignRow
from benchmarks.operators.weighted_roi_align.floors import floor, visited
from benchmarks.operators.weighted_roi_align.operations import Operation


def work(boxes, kind=SampledRow):
    level = Level(np.ones((1, 3, 9, 12), np.float32), np.array(boxes, np.float32), 1.0, np.arange(len(boxes)))
    return Problem(kind("a1", "", 1, len(boxes), 3, (1,), 2, None, 2), (level,))


def test_pixels_are_those_of_roi_align():
    boxes = [[0, 2.1, 2.2, 8.3, 6.4], [0, -4.1, 1.2, 5.3, 7.4], [0, 40, 40, 44, 44]]
    counts, plain = geometry(work(boxes)), roi_align.geometry(work(boxes, RoiAlignRow))
    assert (counts.rois, counts.footprint, counts.touched) == (plain.rois, plain.footprint, plain.touched)
    assert (counts.weights, counts.multiply_adds) == (plain.merged_taps, plain.multiply_adds)
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"


def test_weights_are_read_and_their_gradient_is_written():
    counts = Geometry(rois=1, footprint=100, touched=50, weights=1, multiply_adds=1000)
    row, rates, outputs = work([[0, 1, 1, 5, 5]]), Rates(1.0, 10.0, 1e9, ""), 12
    assert floor(row, counts, 4, rates, Operation.FORWARD).cold == (50 * 4 + outputs) * 4
    assert floor(row, counts, 4, rates, Operation.BOXES).hot == (100 * 4 + outputs) * 4 / 10
    assert floor(row, counts, 4, rates, Operation.WEIGHTS).cold == (50 * 4 + 108 + outputs) * 4
    assert floor(row, counts, 4, rates, Operation.BACKWARD).cold == (3 * 108 + 50 + outputs) * 4
    assert floor(row, counts, 4, rates, Operation.SOFTMAX_BACKWARD).cold == (3 * 108 + 50 * 4 + outputs) * 4
    assert floor(row, counts, 4, Rates(1e9, 1e9, 2.0, ""), Operation.FORWARD).hot == 2 * 1000 * 4 / 2
    maps = 3 * 108
    assert {one: visited(row, counts, one) for one in Operation} == {
        Operation.FORWARD: 200,
        Operation.MAXIMUM: 200,
        Operation.POWER_MEAN: 200,
        Operation.SOFTMAX: 200,
        Operation.BACKWARD: 50 + outputs + maps,
        Operation.WEIGHTS: 200 + outputs,
        Operation.BOXES: 200 + outputs,
        Operation.POWER_MEAN_BACKWARD: 200 + outputs + maps,
        Operation.SOFTMAX_BACKWARD: 200 + outputs + maps,
    }
