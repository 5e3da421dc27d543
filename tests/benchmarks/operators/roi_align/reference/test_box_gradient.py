"""The check of timed gradients for boxes: it passes ours, and notices whatever is done to them."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import workloads
from benchmarks.operators.roi_align.operations import Operation
from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.operators.roi_align.reference import box_gradient as box_reference
from benchmarks.operators.roi_align.reference.box_gradient import make_box_reference, rises_of
from benchmarks.workloads import problem
from roikit.conformance.operators.roi_align.oracle import output as oracle
from roikit.kernels.dialects.roi_align import DIALECTS


@pytest.fixture
def work(small):
    return problem(small)


@pytest.fixture
def expected(work):
    return make_box_reference(work, 1, Operation.BOXES)


@pytest.mark.parametrize("ratio", [0, 2, 3])
@pytest.mark.parametrize(("layout", "dtype"), [("NCHW", "float32"), ("NHWC", "float16"), ("NHWC", "bfloat16")])
def test_ours_is_correct_in_every_number(small, ratio, layout, dtype):
    work = problem(replace(small, sampling_ratio=ratio))
    expected = make_box_reference(work, 1, Operation.BOXES)
    judgement = expected.judge(ROI_ALIGN.cpu.ours[Operation.BOXES](work, layout, dtype).checked_outputs(), dtype)
    assert judgement.correct
    assert 0 < judgement.error_over_bound <= 1
    assert judgement.checked == judgement.elements == 4 * work.row.rois
    assert expected.checked_exactly == 2 * 2 * 4


def test_bounds_are_small_beside_the_results(expected):
    for block in expected.blocks:
        assert np.median(block.bound / abs(block.value)) < 0.01


def spoil_value(gradient):
    gradient[2, 1] *= 1.01


def spoil_corners(gradient):
    gradient[:] = gradient[:, [2, 3, 0, 1]]


def spoil_axes(gradient):
    gradient[:] = gradient[:, [1, 0, 3, 2]]


def spoil_rois(gradient):
    gradient[[0, 1]] = gradient[[1, 0]]


def spoil_sign(gradient):
    gradient[3] *= -1


def spoil_not_written(gradient):
    gradient[3, 3] = np.nan


@pytest.mark.parametrize("spoil", [spoil_value, spoil_corners, spoil_axes, spoil_rois, spoil_sign, spoil_not_written])
def test_a_spoilt_gradient_is_wrong(work, expected, spoil):
    outputs = ROI_ALIGN.cpu.ours[Operation.BOXES](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = expected.judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


def test_a_gradient_that_lacks_one_number_is_wrong(work, expected, monkeypatch):
    honest = workloads.gradient_of_few

    def without_one(row):
        sent = honest(row)
        sent[tuple(np.argwhere(sent)[0])] = 0
        return sent

    monkeypatch.setattr(workloads, "gradient_of_few", without_one)
    outputs = ROI_ALIGN.cpu.ours[Operation.BOXES](work, "NCHW", "float32").checked_outputs()
    assert not expected.judge(outputs, "float32").correct


def test_what_arrives_is_little_and_not_the_same_for_all(small):
    sent = workloads.gradient_of_few(small)
    counts = np.count_nonzero(sent, axis=(1, 2, 3))
    assert (counts <= workloads.FEW).all()
    assert (counts > workloads.FEW / 2).all()
    assert len({where.tobytes() for where in sent != 0}) == small.rois
    assert np.array_equal(sent, workloads.gradient_of_few(small))


@pytest.mark.parametrize("what", ["rises", "weights"])
def test_a_reference_that_differs_from_the_oracle_is_refused(work, monkeypatch, what):
    honest = rises_of

    def spoilt(axis):
        made = honest(axis)
        if what == "rises":
            return replace(made, rises=(made.rises[0], made.rises[1] * 1.001))
        return replace(made, facts=replace(made.facts, weights=made.facts.weights * 1.001))

    monkeypatch.setattr(box_reference, "rises_of", spoilt)
    with pytest.raises(AssertionError, match="not what the oracle gives"):
        make_box_reference(work, 1, Operation.BOXES)


def axis(first, last, dialect="torchvision-aligned"):
    return oracle.stages([0, first, first, last, last], (12, 12), (2, 2), (1, 1), (2, 2), DIALECTS[dialect]).y


def test_a_sample_near_a_row_of_pixels_is_in_doubt():
    at = 4.5 + 2.0**-22  # samples at 4 + 2⁻²² and 2 apart, off by roundings of the corner
    near = rises_of(axis(np.float32(at - 1).item(), np.float32(at + 7).item()))
    far = rises_of(axis(3.9, 11.9))
    assert near.doubt.any()
    assert (near.doubt.sum(axis=0)[:2] > 0).all()
    assert not far.doubt.any()


def test_a_sample_exactly_on_a_row_that_float32_has_exactly_rises_to_the_right():
    rises = rises_of(axis(3.5, 11.5))
    assert not rises.doubt.any()
    first = rises.rises[0][0] + rises.rises[1][0]  # both corners together move a sample by the scale
    assert rises.facts.first == 4
    assert first[:4].tolist() == [-1, 1, -1, 1]
    assert not first[4:].any()
