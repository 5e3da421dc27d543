"""The check of timed results: it passes what is right, and notices whatever is done to it."""

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.measuring import points
from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.measuring.problem import Level
from benchmarks.operators.deform_ps_roi_pool import points as of_rois
from benchmarks.operators.deform_ps_roi_pool.operations import Operation
from benchmarks.operators.deform_ps_roi_pool.operator import DEFORM_PS_ROI_POOL
from benchmarks.operators.deform_ps_roi_pool.points import points_of
from benchmarks.operators.deform_ps_roi_pool.workloads import DeformedHead
from benchmarks.operators.deform_roi_pool.workloads import offsets
from benchmarks.workloads import problem
from roikit.kernels import deform_ps_roi_pool
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, wrong


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(DEFORM_PS_ROI_POOL, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * 9


def test_bounds_are_narrow(work):
    narrow(DEFORM_PS_ROI_POOL, work, {Operation.FORWARD: 2e-3, Operation.BACKWARD: 1e-2, Operation.OFFSETS: 1e-2})


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(DEFORM_PS_ROI_POOL, work, operation, spoil)


@pytest.mark.parametrize("how", [{}, {"gamma": 0.2}, {"offset": None}, {"sampling_ratio": 3}], ids=str)
def test_other_offsets_and_samples_are_wrong(work, how):
    def pooled(level):
        rules = {"sampling_ratio": work.row.sampling_ratio, "offset": offsets(level, work.row), **how}
        return deform_ps_roi_pool(level.feature, level.boxes, 3, level.scale, **rules)

    outputs = [pooled(level) for level in work.levels]
    judgement = DEFORM_PS_ROI_POOL.reference(work, 1, Operation.FORWARD).judge(outputs, "float32")
    assert judgement.correct == (not how)


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(DEFORM_PS_ROI_POOL, work, operation)
    assert judgement.checked < judgement.elements
    outputs = DEFORM_PS_ROI_POOL.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    outputs[0][:, expected.blocks[0].index[1][0, 0]] += 0.1
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [("mean", Operation.FORWARD), ("spread", Operation.BACKWARD), ("pull", Operation.OFFSETS)],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(points, name)
    monkeypatch.setattr(points, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        DEFORM_PS_ROI_POOL.reference(work, 1, operation)


def test_samples_that_are_outside_are_not_counted_and_one_at_a_border_is_in_doubt(monkeypatch):
    monkeypatch.setattr(of_rois, "offsets", lambda *_: np.zeros((1, 2, 1, 1), np.float32))
    row = DeformedHead("a1", "", 1, 1, 1, (1,), 1, None, 2)
    maps = np.full((1, 1, 8, 8), 3, np.float32)

    def mean(box):
        level = Level(maps, np.array([[0, *box]], np.float32), 1.0, np.arange(1))
        return points.mean(level, 0, points_of(level, 0, row), np.array([0]))

    value, bound = mean([-3, 0, 2, 3])  # of x: samples at -3.5 and at -0.5
    assert value[0, 0, 0] == pytest.approx(3)
    assert np.isinf(bound[0, 0, 0])
    value, bound = mean([-2, 1, 2, 3])  # at -2.5 and 0: half of them outside
    assert value[0, 0, 0] == pytest.approx(3)
    assert bound[0, 0, 0] < 1e-3


@pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed")
def test_openvino_is_correct(work):
    outputs = DEFORM_PS_ROI_POOL.cpu.peers["openvino"].operations[Operation.FORWARD](work, 1).checked_outputs()
    judgement = DEFORM_PS_ROI_POOL.reference(work, 1, Operation.FORWARD).judge(outputs, "float32")
    assert judgement.correct, judgement.reason
