"""The check of timed results: it passes what is right, and notices what is done to it; one map has tests of its own."""

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.multiscale_weighted_roi_align.operations import Operation
from benchmarks.operators.multiscale_weighted_roi_align.operator import MULTISCALE_WEIGHTED_ROI_ALIGN
from benchmarks.operators.multiscale_weighted_roi_align.reference import require_levels_of
from benchmarks.operators.weighted_roi_align import reference as of_one_map
from benchmarks.operators.weighted_roi_align.workloads import weights_of
from benchmarks.workloads import problem
from roikit.kernels import multiscale_weighted_roi_align
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, with_first_box, wrong


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(MULTISCALE_WEIGHTED_ROI_ALIGN, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * (4 if operation == Operation.BOXES else 9)


def test_bounds_are_narrow(work):
    shares = {Operation.FORWARD: 2e-3, Operation.MAXIMUM: 2e-3, Operation.BACKWARD: 1e-2, Operation.WEIGHTS: 1e-2}
    narrow(MULTISCALE_WEIGHTED_ROI_ALIGN, work, shares | {Operation.BOXES: 0.2})


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS[:2])
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(MULTISCALE_WEIGHTED_ROI_ALIGN, work, operation, spoil)


@pytest.mark.parametrize(
    ("how", "is_right"),
    [
        ({"aligned": True}, True),
        ({"dialect": "detectron2"}, True),
        ({}, False),
        ({"aligned": True, "canonical_size": 900.0}, False),
        ({"aligned": True, "canonical_level": 9}, False),
    ],
    ids=["ours", "rule", "samples", "all on the finest", "all on the coarsest"],
)
@pytest.mark.parametrize("reverses", [False, True])
def test_other_samples_levels_and_weights_are_wrong(work, how, is_right, reverses):
    maps, scales = [level.feature for level in work.levels], [level.scale for level in work.levels]
    weights = [array[:, :, ::-1] for array in weights_of(work)] if reverses else weights_of(work)
    where = (3, scales, work.row.sampling_ratio)
    got = multiscale_weighted_roi_align(maps, work.boxes, weights, *where, normalise=True, **how)
    expected = MULTISCALE_WEIGHTED_ROI_ALIGN.reference(work, 1, Operation.FORWARD)
    assert expected.judge([got], "float32").correct == (is_right and not reverses)


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(MULTISCALE_WEIGHTED_ROI_ALIGN, work, operation)
    assert judgement.checked < judgement.elements
    outputs = MULTISCALE_WEIGHTED_ROI_ALIGN.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    block = expected.blocks[-1]
    outputs[block.output][block.index[0].ravel()[0]] += 10
    assert not expected.judge(outputs, "float32").correct


def test_a_reference_that_differs_from_the_rules_is_refused(work, monkeypatch):
    honest = of_one_map.means
    monkeypatch.setattr(of_one_map, "means", lambda *given: honest(*given)._replace(value=honest(*given).value * 1.001))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        MULTISCALE_WEIGHTED_ROI_ALIGN.reference(work, 1, Operation.FORWARD)


@pytest.mark.parametrize("corners", [(0, 0, 400, 400), (0, 0, 223.99998, 223.99998)])
def test_a_box_that_may_be_on_another_level_is_refused(work, corners):
    with pytest.raises(AssertionError, match="not certainly on its level by the rules of"):
        MULTISCALE_WEIGHTED_ROI_ALIGN.reference(with_first_box(work, corners), 1, Operation.FORWARD)


def test_results_are_of_all_boxes_in_their_order(work):
    """Rows of boxes of both levels take turns."""
    assert np.unique(np.diff(work.levels[0].rois)).tolist() != [1]
    assert len(MULTISCALE_WEIGHTED_ROI_ALIGN.reference(work, 1, Operation.FORWARD).shapes) == 1


@pytest.mark.parametrize("name", MULTISCALE_WEIGHTED_ROI_ALIGN.gpu_rows)
def test_every_row_has_all_of_its_levels(name):
    """Scales would not follow each other if one were left out. Levels of the large rows are asked of the oracle here."""
    work = problem(MULTISCALE_WEIGHTED_ROI_ALIGN.gpu_rows[name])
    assert [level.scale for level in work.levels] == [1 / stride for stride in work.row.strides]
    for each in (work, problem(MULTISCALE_WEIGHTED_ROI_ALIGN.cpu_rows[name])):
        require_levels_of(each)
