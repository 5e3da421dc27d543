"""The check of timed results: it passes what is right, and notices whatever is done to it."""

import importlib.util

import numpy as np
import pytest

from benchmarks.measuring import points
from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.multiscale_roi_align_rotated.cpu import openvino as composed
from benchmarks.operators.multiscale_roi_align_rotated.operations import Operation
from benchmarks.operators.multiscale_roi_align_rotated.operator import MULTISCALE_ROI_ALIGN_ROTATED
from benchmarks.operators.multiscale_roi_align_rotated.reference import require_levels_of
from benchmarks.operators.multiscale_roi_align_rotated.workloads import all_turned
from benchmarks.operators.roi_align_rotated.workloads import turned
from benchmarks.pyramids import piled, some_of
from benchmarks.workloads import gradient_of_few, problem
from roikit.conformance.operators.multiscale_roi_align_rotated.oracle.levels import exactly
from roikit.kernels import multiscale_roi_align_rotated
from roikit.kernels.dialects.multiscale_roi_align_rotated import DIALECTS
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, with_first_box, wrong


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(MULTISCALE_ROI_ALIGN_ROTATED, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * (5 if operation == Operation.BOXES else 9)


def test_bounds_are_narrow(work):
    narrow(
        MULTISCALE_ROI_ALIGN_ROTATED,
        work,
        {Operation.FORWARD: 2e-3, Operation.BACKWARD: 1e-2, Operation.BOXES: 0.05},
    )


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(MULTISCALE_ROI_ALIGN_ROTATED, work, operation, spoil)


@pytest.mark.parametrize(
    ("how", "is_right"),
    [
        ({}, True),
        ({"level_rule": "mmdetection"}, True),
        ({"clockwise": True}, False),
        ({"canonical_size": 900.0}, False),
        ({"canonical_level": 9}, False),
    ],
    ids=["ours", "rule", "clockwise", "all on the finest", "all on the coarsest"],
)
def test_other_turns_and_levels_are_wrong(work, how, is_right):
    maps, scales = [level.feature for level in work.levels], [level.scale for level in work.levels]
    got = multiscale_roi_align_rotated(maps, all_turned(work), 3, scales, work.row.sampling_ratio, **how)
    expected = MULTISCALE_ROI_ALIGN_ROTATED.reference(work, 1, Operation.FORWARD)
    assert expected.judge([got], "float32").correct == is_right


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(MULTISCALE_ROI_ALIGN_ROTATED, work, operation)
    assert judgement.checked < judgement.elements
    outputs = MULTISCALE_ROI_ALIGN_ROTATED.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    block = expected.blocks[-1]
    outputs[block.output][block.index[0].ravel()[0]] += 10
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [("mean", Operation.FORWARD), ("spread", Operation.BACKWARD), ("slope", Operation.BOXES)],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(points, name)
    monkeypatch.setattr(points, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        MULTISCALE_ROI_ALIGN_ROTATED.reference(work, 1, operation)


@pytest.mark.parametrize("corners", [(0, 0, 400, 400), (0, 0, 223.99998, 223.99998)])
def test_a_box_that_may_be_on_another_level_is_refused(work, corners):
    """A size of 224 is of the coarse level by every rule; a little less is not by those that add to it. Boxes are not turned."""
    with pytest.raises(AssertionError, match="not certainly on its level by the rules of"):
        MULTISCALE_ROI_ALIGN_ROTATED.reference(with_first_box(work, corners), 1, Operation.FORWARD)


@pytest.mark.parametrize("name", MULTISCALE_ROI_ALIGN_ROTATED.gpu_rows)
def test_every_row_has_all_of_its_levels(name):
    """Scales would not follow each other if one were left out. Levels of the large rows are asked of the oracle here."""
    work = problem(MULTISCALE_ROI_ALIGN_ROTATED.gpu_rows[name])
    assert [level.scale for level in work.levels] == [1 / 4, 1 / 8, 1 / 16, 1 / 32]
    for each in (work, problem(MULTISCALE_ROI_ALIGN_ROTATED.cpu_rows[name])):
        require_levels_of(each)


def test_boxes_of_all_levels_are_those_of_each(work):
    rows = all_turned(work)
    for level in work.levels:
        np.testing.assert_array_equal(rows[level.rois], turned(level))
    assert (np.diff(rows[:, 0]) >= 0).all(), "image after image, as poolers want them"


def test_something_arrives_at_some_rois_of_each_level(work):
    few, sent = some_of(work, gradient_of_few(work.row), np.random.default_rng(1))
    assert len(few.levels) == len(work.levels)
    for level, of_level, arriving in zip(few.levels, work.levels, sent, strict=True):
        assert arriving.any()
        assert level.feature.shape[1] == arriving.shape[1] <= len(work.levels)
        np.testing.assert_array_equal(
            turned(level), turned(of_level)[np.searchsorted(of_level.rois, level.rois)], "angles stay with their boxes"
        )


def test_maps_lie_below_each_other():
    one, other = np.ones((1, 2, 2, 3)), 2 * np.ones((1, 2, 1, 2))
    np.testing.assert_array_equal(piled([one, other])[0, 1], [[1, 1, 1], [1, 1, 1], [2, 2, 0]])


def test_levels_that_numpy_chooses_are_those_of_the_rules():
    sides = [20, 111, 113, 223, 225, 447, 449, 2000]
    boxes = np.array([[0, 9, 9, side, side, 1] for side in sides], np.float32)
    assert composed.levels_of(boxes, 3, 3).tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    arguments = {
        "input": {"shape": [1, 1, 7, 4]},
        "level_sizes": [[4, 4], [2, 2], [1, 1]],
        "boxes": boxes.tolist(),
        "spatial_scale": [1 / 8, 1 / 8],
    }
    assert composed.levels_of(boxes, 3, 3).tolist() == list(exactly(arguments, DIALECTS["roikit"]))


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed")
def test_openvino_level_by_level_is_correct(work):
    peers, absent = MULTISCALE_ROI_ALIGN_ROTATED.cpu.present_peers(Operation.FORWARD, work, 1)
    assert not absent.keys() & {"openvino-by-level"}
    (peer,) = (one for one in peers if one.library == "openvino-by-level")
    judgement = MULTISCALE_ROI_ALIGN_ROTATED.reference(work, 1, Operation.FORWARD).judge(
        peer.checked_outputs(), "float32"
    )
    assert judgement.correct, judgement.reason
