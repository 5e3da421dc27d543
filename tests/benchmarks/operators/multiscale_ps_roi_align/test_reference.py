"""The check of timed results: it passes what is right, and notices whatever is done to it."""

import numpy as np
import pytest

from benchmarks.measuring import axes, selected
from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.multiscale_ps_roi_align.operations import Operation
from benchmarks.operators.multiscale_ps_roi_align.operator import MULTISCALE_PS_ROI_ALIGN
from benchmarks.operators.multiscale_ps_roi_align.reference import require_levels_of
from benchmarks.operators.ps_roi_align.reference import at_readers
from benchmarks.workloads import problem
from roikit.kernels import multiscale_ps_roi_align
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, with_first_box, wrong


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(MULTISCALE_PS_ROI_ALIGN, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * (4 if operation == Operation.BOXES else 9)


def test_bounds_are_narrow(work):
    narrow(
        MULTISCALE_PS_ROI_ALIGN,
        work,
        {Operation.FORWARD: 2e-3, Operation.BACKWARD: 1e-2, Operation.BOXES: 0.05},
    )


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(MULTISCALE_PS_ROI_ALIGN, work, operation, spoil)


@pytest.mark.parametrize(
    ("how", "is_right"),
    [
        ({}, True),
        ({"dialect": "torchvision"}, True),
        ({"dialect": "roikit-bin-major"}, False),
        ({"dialect": "gluoncv"}, False),
        ({"canonical_size": 900.0}, False),
        ({"canonical_level": 9}, False),
    ],
    ids=["ours", "rule", "channels", "samples", "all on the finest", "all on the coarsest"],
)
def test_other_channels_samples_and_levels_are_wrong(work, how, is_right):
    maps, scales = [level.feature for level in work.levels], [level.scale for level in work.levels]
    got = multiscale_ps_roi_align(maps, work.boxes, 3, scales, work.row.sampling_ratio, **how)
    expected = MULTISCALE_PS_ROI_ALIGN.reference(work, 1, Operation.FORWARD)
    assert expected.judge([got], "float32").correct == is_right


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(MULTISCALE_PS_ROI_ALIGN, work, operation)
    assert judgement.checked < judgement.elements
    outputs = MULTISCALE_PS_ROI_ALIGN.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    block = expected.blocks[-1]
    outputs[block.output][block.index[0].ravel()[0]] += 10
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [("mean", Operation.FORWARD), ("spread", Operation.BACKWARD), ("slope", Operation.BOXES)],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(axes, name)
    monkeypatch.setattr(axes, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        MULTISCALE_PS_ROI_ALIGN.reference(work, 1, operation)


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_a_reference_of_other_channels_is_refused(work, operation, monkeypatch):
    monkeypatch.setattr(selected, "own", lambda values: values[:: values.shape[-1] ** 2])
    monkeypatch.setattr(selected, "at_readers", lambda arriving: np.repeat(arriving, arriving.shape[-1] ** 2, axis=1))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        MULTISCALE_PS_ROI_ALIGN.reference(work, 1, operation)


def test_what_arrives_is_at_the_channels_that_bins_read():
    """As PSRoIAlign's own reference has it, channel by channel."""
    arriving = np.random.default_rng(3).standard_normal((2, 3, 4, 4))
    np.testing.assert_array_equal(selected.at_readers(arriving), at_readers(arriving, np.arange(48)))
    np.testing.assert_array_equal(selected.own(selected.at_readers(arriving[0])), arriving[0])


@pytest.mark.parametrize("corners", [(0, 0, 400, 400), (0, 0, 223.99998, 223.99998)])
def test_a_box_that_may_be_on_another_level_is_refused(work, corners):
    """A size of 224 is of the coarse level by every rule; a little less is not by those that add to it."""
    with pytest.raises(AssertionError, match="not certainly on its level by the rules of"):
        MULTISCALE_PS_ROI_ALIGN.reference(with_first_box(work, corners), 1, Operation.FORWARD)


@pytest.mark.parametrize("name", MULTISCALE_PS_ROI_ALIGN.gpu_rows)
def test_every_row_has_all_of_its_levels(name):
    """Scales would not follow each other if one were left out. Levels of the large rows are asked of the oracle here."""
    work = problem(MULTISCALE_PS_ROI_ALIGN.gpu_rows[name])
    assert [level.scale for level in work.levels] == [1 / stride for stride in work.row.strides]
    for each in (work, problem(MULTISCALE_PS_ROI_ALIGN.cpu_rows[name])):
        require_levels_of(each)
