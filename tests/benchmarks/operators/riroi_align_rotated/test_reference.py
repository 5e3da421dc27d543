"""The check of timed results: it passes what is right, and notices whatever is done to it."""

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.riroi_align_rotated import mixing, sums
from benchmarks.operators.riroi_align_rotated.mixing import Mixture, mixture
from benchmarks.operators.riroi_align_rotated.operations import Operation
from benchmarks.operators.riroi_align_rotated.operator import RIROI_ALIGN_ROTATED
from benchmarks.operators.roi_align_rotated.workloads import turned
from benchmarks.workloads import problem
from roikit.kernels import riroi_align_rotated
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, wrong


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(RIROI_ALIGN_ROTATED, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * (5 if operation == Operation.BOXES else 8 * 9)


def test_bounds_are_narrow(work):
    narrow(RIROI_ALIGN_ROTATED, work, {Operation.FORWARD: 2e-3, Operation.BACKWARD: 1e-2, Operation.BOXES: 0.05})


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(RIROI_ALIGN_ROTATED, work, operation, spoil)


@pytest.mark.parametrize("how", [{}, {"clockwise": True}, {"num_orientations": 4}], ids=["ours", "clockwise", "four"])
def test_other_turns_and_orientations_are_wrong(work, how):
    outputs = [
        riroi_align_rotated(level.feature, turned(level), 3, level.scale, work.row.sampling_ratio, **how)
        for level in work.levels
    ]
    judgement = RIROI_ALIGN_ROTATED.reference(work, 1, Operation.FORWARD).judge(outputs, "float32")
    assert judgement.correct == (not how)


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(RIROI_ALIGN_ROTATED, work, operation)
    assert judgement.checked < judgement.elements
    outputs = RIROI_ALIGN_ROTATED.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    outputs[0][:, expected.blocks[0].index[1][0, 0]] += 0.1
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [("mean", Operation.FORWARD), ("spread", Operation.BACKWARD), ("slope", Operation.BOXES)],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(sums, name)
    monkeypatch.setattr(sums, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        RIROI_ALIGN_ROTATED.reference(work, 1, operation)


def test_what_arrives_is_sent_where_outputs_come_from():
    mixed, arriving = Mixture(3, 0.25, 0.75, 0.0), np.arange(1.0, 17).reshape(16, 1, 1)
    first, second = mixed.sources(np.arange(16))
    expected = np.zeros(16)
    np.add.at(expected, first, 0.25 * arriving.ravel())
    np.add.at(expected, second, 0.75 * arriving.ravel())
    np.testing.assert_array_equal(mixed.sent(arriving, 0.25, 0.75).ravel(), expected)
    assert (first[0], second[0]) == (5, 6)


@pytest.mark.parametrize(("angle", "whole"), [(0.1, 0), (-0.1, -1), (3.0, 3)])
def test_an_index_is_a_whole_number_and_a_part(work, monkeypatch, angle, whole):
    found = mixture_of(work, monkeypatch, angle)
    assert (found.whole, found.low + found.high) == (whole, 1)
    assert 1e-7 < found.off < 1e-5


def test_an_angle_that_may_be_of_either_orientation_has_no_bound(work, monkeypatch):
    assert np.isinf(mixture_of(work, monkeypatch, np.float32(np.pi / 4)).off)


def mixture_of(work, monkeypatch, angle):
    """That of a RoI that is turned so."""
    rows = turned(work.levels[0])
    rows[0, 5] = angle
    monkeypatch.setattr(mixing, "turned", lambda level: rows)
    return mixture(work.levels[0], 0)
