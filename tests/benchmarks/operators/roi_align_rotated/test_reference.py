"""The check of timed results: it passes what is right, and notices whatever is done to it."""

import numpy as np
import pytest

from benchmarks.measuring import points, references
from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.roi_align_rotated.operations import Operation
from benchmarks.operators.roi_align_rotated.operator import ROI_ALIGN_ROTATED
from benchmarks.operators.roi_align_rotated.points import points_of
from benchmarks.operators.roi_align_rotated.reference import reference_of
from benchmarks.operators.roi_align_rotated.workloads import turned
from benchmarks.workloads import problem
from roikit.kernels import roi_align_rotated


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected = reference_of(work, 1, operation)
    outputs = ROI_ALIGN_ROTATED.cpu.ours[operation](work, layout, dtype).checked_outputs()
    judgement = expected.judge(outputs, dtype)
    assert judgement.correct, judgement.reason
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * (5 if operation == Operation.BOXES else 9)


def test_bounds_are_narrow(work):
    """They would let anything pass if they were as large as what they bound."""
    for operation, share in ((Operation.FORWARD, 2e-3), (Operation.BACKWARD, 1e-2), (Operation.BOXES, 0.05)):
        for block in reference_of(work, 1, operation).blocks:
            assert np.median(block.bound) < share * np.abs(block.value).max()


def spoil_value(output):
    at = np.unravel_index(abs(output).argmax(), output.shape)
    output[at] *= 1.5


def spoil_first(output):
    output[:] = output[::-1]


def spoil_not_written(output):
    output[1, 3] = np.nan


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", [spoil_value, spoil_first, spoil_not_written])
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    outputs = ROI_ALIGN_ROTATED.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = reference_of(work, 1, operation).judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


def test_boxes_that_turn_the_other_way_are_wrong(work):
    outputs = [
        roi_align_rotated(level.feature, turned(level), 3, level.scale, work.row.sampling_ratio, clockwise=True)
        for level in work.levels
    ]
    assert not reference_of(work, 1, Operation.FORWARD).judge(outputs, "float32").correct


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    monkeypatch.setattr(references, "WHOLE", 10)
    monkeypatch.setattr(references, "SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_ROIS", 2)
    expected = reference_of(work, 1, operation)
    outputs = ROI_ALIGN_ROTATED.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    judgement = expected.judge(outputs, "float32")
    assert judgement.correct, judgement.reason
    assert judgement.checked < judgement.elements
    channel = expected.blocks[0].index[1][0, 0]
    outputs[0][:, channel] += 0.1
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [("mean", Operation.FORWARD), ("spread", Operation.BACKWARD), ("slope", Operation.BOXES)],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(points, name)
    monkeypatch.setattr(points, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        reference_of(work, 1, operation)


def test_motions_are_those_of_samples(work):
    """Against differences of boxes that are moved a little."""
    level, step = work.levels[0], 1e-5
    points_before = points_of(level, 0, work.row)
    rows = turned(level)
    for number in range(5):
        moved = rows.astype(np.float64)
        moved[0, 1 + number] += step
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("benchmarks.operators.roi_align_rotated.points.turned", lambda _: moved)  # noqa: B023 - used at once
            after = points_of(level, 0, work.row)
        for axis, (one, other) in enumerate(((points_before.y, after.y), (points_before.x, after.x))):
            np.testing.assert_allclose((other - one) / step, points_before.motions[number, axis], atol=1e-4)
