"""The check of timed results: it passes what is right, and notices whatever is done to it."""

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.prroi_pool import reference as references
from benchmarks.operators.prroi_pool.operations import Operation
from benchmarks.operators.prroi_pool.operator import PRROI_POOL
from benchmarks.operators.prroi_pool.reference import reference_of
from benchmarks.operators.prroi_pool.weights import along
from benchmarks.workloads import problem


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


def test_weights_add_up_to_one_within_the_map_and_to_less_beyond():
    inside, over = along(1.3, 7.9, 1.0, 3, 12), along(-3.0, 3.0, 1.0, 2, 12)
    np.testing.assert_allclose(inside.weights.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(over.weights.sum(axis=1), [1 / 6, 1], rtol=1e-12)
    assert along(4.0, 2.0, 1.0, 2, 12).weights.shape == (2, 0)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected = reference_of(work, 1, operation)
    outputs = PRROI_POOL.cpu.ours[operation](work, layout, dtype).checked_outputs()
    judgement = expected.judge(outputs, dtype)
    assert judgement.correct, judgement.reason
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly > (7 if operation == Operation.BOXES else 30)


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
    outputs = PRROI_POOL.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = reference_of(work, 1, operation).judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    monkeypatch.setattr(references, "WHOLE", 10)
    monkeypatch.setattr(references, "SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_ROIS", 2)
    expected = reference_of(work, 1, operation)
    outputs = PRROI_POOL.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    judgement = expected.judge(outputs, "float32")
    assert judgement.correct, judgement.reason
    assert judgement.checked < judgement.elements
    channel = expected.blocks[0].index[1][0, 0]
    outputs[0][:, channel] += 0.01
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "what"), [("mean", "means"), ("spread", "gradients for the maps"), ("corners", "gradients for boxes")]
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, what, monkeypatch):
    operation = {"mean": Operation.FORWARD, "spread": Operation.BACKWARD, "corners": Operation.BOXES}[name]
    honest = getattr(references, name)
    monkeypatch.setattr(references, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=f"the reference of {what} is not what the oracle gives"):
        reference_of(work, 1, operation)
