"""The check of timed results: it passes what is right, and notices whatever is done to it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.measuring import points
from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.deform_roi_pool import points as of_rois
from benchmarks.operators.deform_roi_pool.operations import Operation
from benchmarks.operators.deform_roi_pool.operator import DEFORM_ROI_POOL
from benchmarks.operators.deform_roi_pool.points import points_of
from benchmarks.operators.deform_roi_pool.workloads import offsets
from benchmarks.workloads import problem
from roikit.kernels import deform_roi_pool
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, wrong


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(DEFORM_ROI_POOL, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * (4 if operation == Operation.BOXES else 9)


def test_bounds_are_narrow(work):
    shares = {
        Operation.FORWARD: 2e-3,
        Operation.BACKWARD: 1e-2,
        Operation.OFFSETS: 1e-2,
        Operation.BOXES: 0.2,  # a sample beside a row of pixels has either slope, and of many some are
    }
    narrow(DEFORM_ROI_POOL, work, shares)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(DEFORM_ROI_POOL, work, operation, spoil)


def test_bins_that_are_not_moved_or_along_the_other_axis_are_wrong(work):
    def pooled(offsets_of):
        ratio = work.row.sampling_ratio
        return [
            deform_roi_pool(level.feature, level.boxes, 3, level.scale, ratio, offsets_of(level))
            for level in work.levels
        ]

    expected = DEFORM_ROI_POOL.reference(work, 1, Operation.FORWARD)
    assert expected.judge(pooled(lambda level: offsets(level, work.row)), "float32").correct
    assert not expected.judge(pooled(lambda level: None), "float32").correct
    assert not expected.judge(pooled(lambda level: offsets(level, work.row)[:, ::-1].copy()), "float32").correct


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(DEFORM_ROI_POOL, work, operation)
    assert judgement.checked < judgement.elements
    outputs = DEFORM_ROI_POOL.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    outputs[0][:, expected.blocks[0].index[1][0, 0]] += 0.1
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("mean", Operation.FORWARD),
        ("spread", Operation.BACKWARD),
        ("pull", Operation.OFFSETS),
        ("slope", Operation.BOXES),
    ],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(points, name)
    monkeypatch.setattr(points, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        DEFORM_ROI_POOL.reference(work, 1, operation)


def test_motions_are_those_of_samples(work):
    """Against differences of boxes, and of offsets, that are moved a little."""
    level, row, step = work.levels[0], work.row, 2.0**-9
    before = points_of(level, 0, row)

    def differences(after):
        return np.array([after.y - before.y, after.x - before.x]) / step

    for number in range(4):
        boxes = level.boxes.astype(np.float64)
        boxes[0, 1 + number] += step
        after = points_of(replace(level, boxes=boxes), 0, row)
        if after.y.shape == before.y.shape:
            np.testing.assert_allclose(differences(after), before.motions[number], atol=1e-9)
    for number in range(2):
        with pytest.MonkeyPatch.context() as patch:
            moved = offsets(level, row).astype(np.float64)
            moved[0, number] += step
            patch.setattr(of_rois, "offsets", lambda *_: moved)  # noqa: B023 - used at once
            along_y, along_x = differences(points_of(level, 0, row))
        np.testing.assert_allclose(along_x, before.shift[0] if number == 0 else 0, atol=1e-9)
        np.testing.assert_allclose(along_y, before.shift[1] if number == 1 else 0, atol=1e-9)
