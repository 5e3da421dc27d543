"""Geometry counted in float64, against the exact oracle; and the floors, by hand."""

import numpy as np
import pytest

from benchmarks.measuring.floors import Rates
from benchmarks.measuring.problem import Level, Problem
from benchmarks.operators.roi_align.floors import Geometry, axis_samples, backward_floor, forward_floor, geometry, taps
from benchmarks.operators.roi_align.workloads import RoiAlignRow
from roikit.conformance.sampling.axis import stages
from roikit.kernels.dialects.roi_align import DIALECTS


def work(boxes, bins=2, ratio=2, size=(9, 12)):
    row = RoiAlignRow("a1", "", 1, len(boxes), 3, (1,), bins, None, ratio)
    level = Level(np.ones((1, 3, *size), np.float32), np.array(boxes, np.float32), 1.0, np.arange(len(boxes)))
    return Problem(row, (level,))


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [0, 1, 3])
def test_taps_are_those_of_the_oracle(ratio, aligned):
    rng = np.random.default_rng(5)
    first = rng.uniform(-6, 10, (40, 2))
    boxes = np.insert(np.hstack([first, first + rng.uniform(0.1, 9, (40, 2))]), 0, 0, axis=1).astype(np.float32)
    dialect = DIALECTS["torchvision-aligned" if aligned else "torchvision"]
    merged = footprint = samples = 0
    for box in boxes.astype(float):
        axes = stages(box, (9, 12), (2, 2), (1, 1), (ratio, ratio), dialect)[1:]
        pixels = [
            [{pixel for sample in axis.samples(p) for pixel, _ in (sample.low, sample.high)} for p in range(2)]
            for axis in axes
        ]
        merged += np.prod([sum(len(bin_) for bin_ in axis) for axis in pixels])
        footprint += np.prod([len(set().union(*axis)) for axis in pixels])
        samples += np.prod([axis.taken * 2 for axis in axes])
    counts = geometry(work(boxes, ratio=ratio), aligned=aligned)
    assert (counts.merged_taps, counts.footprint, counts.samples) == (merged, footprint, samples)


def test_pixels_that_two_rois_share_are_touched_once():
    counts = geometry(work([[0, 1, 1, 5, 5], [0, 1, 1, 5, 5]]))
    assert counts.footprint == 2 * counts.touched


def test_positions_and_taps_by_hand():
    (positions,) = axis_samples(np.array([0.5]), np.array([4.0]), 2, 2)
    assert positions.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert taps(positions, 4).tolist() == [[False, True, True, True], [False, False, False, True]]


def test_the_floor_is_the_greatest_of_its_parts():
    counts = Geometry(rois=1, footprint=100, touched=50, samples=0, merged_taps=0, multiply_adds=1000)
    row = work([[0, 1, 1, 5, 5]])  # 12 outputs
    floor = forward_floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""))
    assert floor.cold == 50 * 3 * 4 + 12 * 4
    assert floor.hot == (100 * 3 * 4 + 12 * 4) / 10
    assert forward_floor(row, counts, 4, Rates(1e9, 1e9, 2.0, "")).hot == 3000


def test_a_gradient_must_read_what_arrives_and_write_all_pixels():
    counts = Geometry(rois=1, footprint=100, touched=50, samples=0, merged_taps=0, multiply_adds=1000)
    row = work([[0, 1, 1, 5, 5]])  # 12 outputs, maps of 3 × 9 × 12
    floor = backward_floor(row, counts, 4, Rates(1.0, 10.0, 1e9, ""))
    assert floor.cold == (12 + 324) * 4
    assert floor.hot == (12 + 324) * 4 / 10
    assert backward_floor(row, counts, 4, Rates(1e9, 1e9, 2.0, "")).hot == 3000
