"""The check of timed results: it passes what is right, and notices whatever is done to it."""

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.weighted_roi_align import reference as references
from benchmarks.operators.weighted_roi_align.operations import Operation
from benchmarks.operators.weighted_roi_align.operator import WEIGHTED_ROI_ALIGN
from benchmarks.operators.weighted_roi_align.workloads import weights
from benchmarks.workloads import problem
from roikit.kernels import roi_align, weighted_roi_align
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, wrong


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(WEIGHTED_ROI_ALIGN, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * (4 if operation == Operation.BOXES else 9)


def test_bounds_are_narrow(work):
    shares = {
        Operation.FORWARD: 2e-3,
        Operation.MAXIMUM: 2e-3,
        Operation.POWER_MEAN: 2e-3,
        Operation.SOFTMAX: 2e-3,
        Operation.POWER_MEAN_BACKWARD: 1e-2,
        Operation.SOFTMAX_BACKWARD: 1e-2,
        Operation.BACKWARD: 1e-2,
        Operation.WEIGHTS: 1e-2,
        Operation.BOXES: 0.2,
    }
    narrow(WEIGHTED_ROI_ALIGN, work, shares)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS[:2])
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(WEIGHTED_ROI_ALIGN, work, operation, spoil)


def test_what_was_not_written_is_seen(work):
    for operation in Operation:
        outputs = WEIGHTED_ROI_ALIGN.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
        outputs[0].reshape(-1)[-1] = np.nan
        judgement = WEIGHTED_ROI_ALIGN.reference(work, 1, operation).judge(outputs, "float32")
        assert judgement.reason == "not finite, or not written"


def test_other_weights_and_sums_that_are_not_divided_are_wrong(work):
    def pooled(level, of_pixels, **how):
        where = (3, level.scale, work.row.sampling_ratio)
        return weighted_roi_align(level.feature, level.boxes, of_pixels, *where, aligned=True, **how)

    def judged(function):
        return WEIGHTED_ROI_ALIGN.reference(work, 1, Operation.FORWARD).judge(
            list(map(function, work.levels)), "float32"
        )

    assert judged(lambda level: pooled(level, weights(level), normalise=True)).correct
    assert not judged(lambda level: pooled(level, weights(level))).correct
    assert not judged(lambda level: pooled(level, np.ones_like(weights(level)), normalise=True)).correct
    plain = judged(lambda level: roi_align(level.feature, level.boxes, 3, level.scale, work.row.sampling_ratio, True))
    assert not plain.correct


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(WEIGHTED_ROI_ALIGN, work, operation)
    assert judgement.checked < judgement.elements
    outputs = WEIGHTED_ROI_ALIGN.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    outputs[0][:, expected.blocks[0].index[1][0, 0]] += 0.1
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("means", Operation.FORWARD),
        ("spread", Operation.BACKWARD),
        ("shares", Operation.WEIGHTS),
        ("slope", Operation.BOXES),
    ],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(references, name)

    def spoilt(*given):
        found = honest(*given)
        return found._replace(value=found.value * 1.001) if name == "means" else (found[0] * 1.001, found[1])

    monkeypatch.setattr(references, name, spoilt)
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        WEIGHTED_ROI_ALIGN.reference(work, 1, operation)


@pytest.mark.skipif(find_spec("torchvision") is None, reason="torchvision is not installed")
def test_torchvision_is_correct(work):
    prepare = WEIGHTED_ROI_ALIGN.cpu.peers["torchvision"].operations[Operation.FORWARD]
    outputs = prepare(work, 1).checked_outputs()
    judgement = WEIGHTED_ROI_ALIGN.reference(work, 1, Operation.FORWARD).judge(outputs, "float32")
    assert judgement.correct, judgement.reason
