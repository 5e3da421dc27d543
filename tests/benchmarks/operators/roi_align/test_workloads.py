"""The rows are always the same, and like those that performance was predicted for."""

import hashlib

import ml_dtypes
import numpy as np
import pytest

from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.roi_align.floors import backward_floor, forward_floor, geometry
from benchmarks.operators.roi_align.workloads import CPU_ROWS, GPU_ROWS
from benchmarks.workloads import PYRAMID, feature_map, gradient, level_of, problem
from roikit.kernels.calls.levels import LevelRule, level_of_size

# Per RoI: footprint, samples, merged taps; floors of float32 in µs, forward and backward. From the design's own boxes, of the
# same distribution.
PREDICTED = {
    "a1": (336, 196, 513, 73.4, 54.5),
    "b2": (383, 646, 1297, 27.6, 54.5),
    "c1": (161, 784, 1056, 272, 199),
    "e": (18.6, 196, 232, 58.5, 63.8),
    "f": (34418, 35380, 36789, 411, 16.7),
}

DIGEST = "81c6384a0faf8d36"


def test_rows_are_the_same_on_every_machine():
    boxes = problem(CPU_ROWS["a1"]).levels[0].boxes
    again = problem(CPU_ROWS["a1"]).levels[0].boxes
    assert np.array_equal(boxes, again)
    digest = hashlib.sha256(np.rint(boxes.astype(float) * 100).astype(np.int64).tobytes()).hexdigest()
    assert digest[:16] == DIGEST, "the boxes have changed: older records cannot be compared with newer ones"


@pytest.mark.parametrize("name", PREDICTED)
def test_rows_are_like_those_of_the_predictions(name):
    footprint, samples, merged, forward, backward = PREDICTED[name]
    work = problem(GPU_ROWS[name])
    counts = geometry(work)
    rois = GPU_ROWS[name].rois
    assert counts.rois == rois
    assert counts.footprint / rois == pytest.approx(footprint, rel=0.15)
    assert counts.samples / rois == pytest.approx(samples, rel=0.15)
    assert counts.merged_taps / rois == pytest.approx(merged, rel=0.15)
    assert forward_floor(work, counts, 4, ASSUMED).cold * 1e6 == pytest.approx(forward, rel=0.15)
    assert backward_floor(work, counts, 4, ASSUMED).cold * 1e6 == pytest.approx(backward, rel=0.02)


def test_shares_of_the_levels():
    levels = problem(GPU_ROWS["a1"]).levels
    shares = [len(level.boxes) / 1024 for level in levels]
    assert shares == pytest.approx([0.58, 0.27, 0.12, 0.03], abs=0.08)
    assert [level.feature.shape[2:] for level in levels] == [(200, 336), (100, 168), (50, 84), (25, 42)]


@pytest.mark.parametrize(
    ("side", "level"), [(16, 0), (111, 0), (112, 1), (223, 1), (224, 2), (447, 2), (448, 3), (800, 3)]
)
def test_level_of_a_box(side, level):
    assert level_of(np.array([[10.0, 20.0, 10 + side, 20 + side]]), PYRAMID) == [level]


@pytest.mark.parametrize("rows", [CPU_ROWS, GPU_ROWS], ids=["cpu", "gpu"])
@pytest.mark.parametrize("name", ["a1", "b1", "d1"])
def test_all_poolers_choose_the_level_that_boxes_are_on(rows, name):
    work = problem(rows[name])
    assert len(work.levels) == len(PYRAMID)
    for index, level in enumerate(work.levels):
        sides = level.boxes[:, 3:] - level.boxes[:, 1:3]
        for size in np.sqrt(np.prod(sides, axis=1)) / np.float32(224):
            chosen = {level_of_size(rule, size, 4) for rule in (LevelRule.TORCHVISION, LevelRule.DETECTRON2)}
            assert {min(max(level, 2), 5) - 2 for level in chosen} == {index}


def test_all_boxes_of_a_row_are_those_of_its_levels():
    work = problem(CPU_ROWS["a1"])
    assert np.array_equal(np.sort(np.concatenate([level.rois for level in work.levels])), np.arange(work.row.rois))
    assert (np.diff(work.boxes[:, 0]) >= 0).all(), "image after image, as poolers take them"
    assert all(np.array_equal(work.boxes[level.rois], level.boxes) for level in work.levels)


def test_gradients_are_the_same_and_not_the_maps():
    row = CPU_ROWS["e"]
    sent = gradient(row)
    assert sent.shape == (512, 256, 7, 7)
    assert np.array_equal(sent[:3], gradient(row)[:3])
    assert not np.array_equal(sent, feature_map(sent.shape))
    assert (sent != 0).all()


def test_maps_are_exact_in_all_data_types_and_nowhere_zero():
    maps = feature_map((1, 3, 40, 50))
    assert (maps != 0).all()
    assert len(np.unique(maps)) > 100
    for dtype in (np.float16, ml_dtypes.bfloat16):
        assert np.array_equal(maps.astype(dtype).astype(np.float32), maps)
    with pytest.raises(ValueError, match="read-only"):
        maps[0] = 0


@pytest.mark.parametrize("name", GPU_ROWS)
def test_boxes_lie_on_the_image(name):
    for level in problem(CPU_ROWS[name]).levels:
        assert (level.boxes[:, 1:3] >= 0).all()
        assert (level.boxes[:, 3] <= 1333).all()
        assert (level.boxes[:, 4] <= 800).all()
        assert (level.boxes[:, 3:] > level.boxes[:, 1:3]).all()
