"""The check of timed results: it passes what is right, and notices whatever is done to it."""

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.ps_roi_align import reference as references
from benchmarks.operators.ps_roi_align.operations import Operation
from benchmarks.operators.ps_roi_align.operator import PS_ROI_ALIGN
from benchmarks.operators.ps_roi_align.reference import at_readers, reference_of
from benchmarks.workloads import problem


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected = reference_of(work, 1, operation)
    judgement = expected.judge(PS_ROI_ALIGN.cpu.ours[operation](work, layout, dtype).checked_outputs(), dtype)
    assert judgement.correct, judgement.reason
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 16


def spoil_value(output):
    at = np.unravel_index(abs(output).argmax(), output.shape)
    output[at] *= 1 + 1e-3


def spoil_order(output):
    output[:] = np.roll(output, 1, axis=1)


def spoil_first(output):
    output[:] = output[::-1]


def spoil_not_written(output):
    output[1, 3] = np.nan


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", [spoil_value, spoil_order, spoil_first, spoil_not_written])
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    outputs = PS_ROI_ALIGN.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = reference_of(work, 1, operation).judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    monkeypatch.setattr(references, "WHOLE", 10)
    monkeypatch.setattr(references, "SAMPLED_CHANNELS", 2)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_CHANNELS", 2)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_ROIS", 2)
    judgement = reference_of(work, 1, operation).judge(
        PS_ROI_ALIGN.cpu.ours[operation](work, "NHWC", "float32").checked_outputs(), "float32"
    )
    assert judgement.correct, judgement.reason
    assert 0 < judgement.checked < judgement.elements


@pytest.mark.parametrize(
    ("operation", "name"),
    [(Operation.FORWARD, "pool_window"), (Operation.BOXES, "corner_gradients")],
)
def test_a_reference_that_differs_from_the_oracle_is_refused(work, operation, name, monkeypatch):
    honest = getattr(references, name)
    monkeypatch.setattr(references, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match="not what the oracle gives"):
        reference_of(work, 1, operation)


def test_what_arrives_goes_to_the_bin_that_reads_a_channel():
    arriving = np.arange(1, 25, dtype=np.float32).reshape(2, 3, 2, 2)
    sent = at_readers(arriving, np.array([0, 7, 10]))
    assert sent.shape == (2, 3, 2, 2)
    assert (sent[:, 0, 0, 0], sent[:, 1, 1, 1], sent[:, 2, 1, 0])[1].tolist() == arriving[:, 1, 1, 1].tolist()
    assert sent[:, 0, 0, 0].tolist() == arriving[:, 0, 0, 0].tolist()
    assert sent[:, 2, 1, 0].tolist() == arriving[:, 2, 1, 0].tolist()
    assert np.count_nonzero(sent) == 6


@pytest.mark.skipif(find_spec("torchvision") is None, reason="torchvision is not installed")
@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_torchvision_is_correct(work, operation):
    prepare = PS_ROI_ALIGN.cpu.peers["torchvision"].operations[operation]
    judgement = reference_of(work, 1, operation).judge(prepare(work, 1).checked_outputs(), "float32")
    assert judgement.correct, judgement.reason
