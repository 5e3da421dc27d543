"""The check of timed results: it passes what is right, and notices whatever is done to it."""

import numpy as np
import pytest

from benchmarks.measuring import axes
from benchmarks.measuring.axes import axis
from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.roi_align_3d.operations import Operation
from benchmarks.operators.roi_align_3d.operator import ROI_ALIGN_3D
from benchmarks.workloads import problem
from roikit.kernels import roi_align_3d
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, wrong


@pytest.fixture
def work(small_volume):
    return problem(small_volume)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(ROI_ALIGN_3D, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * (6 if operation == Operation.BOXES else 27)


def test_bounds_are_narrow(work):
    narrow(ROI_ALIGN_3D, work, {Operation.FORWARD: 2e-3, Operation.BACKWARD: 1e-2, Operation.BOXES: 0.1})


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(ROI_ALIGN_3D, work, operation, spoil)


@pytest.mark.parametrize(
    "columns", [[0, 1, 2, 3, 4, 5, 6], [0, 3, 2, 1, 6, 5, 4], [0, 2, 1, 3, 5, 4, 6]], ids=["ours", "z first", "y first"]
)
def test_coordinates_in_another_order_are_wrong(work, columns):
    outputs = [
        roi_align_3d(
            level.feature, level.boxes[:, columns].copy(), 3, level.scale, work.row.sampling_ratio, aligned=True
        )
        for level in work.levels
    ]
    judgement = ROI_ALIGN_3D.reference(work, 1, Operation.FORWARD).judge(outputs, "float32")
    assert judgement.correct == (columns == sorted(columns))


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(ROI_ALIGN_3D, work, operation)
    assert judgement.checked < judgement.elements
    outputs = ROI_ALIGN_3D.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    outputs[0][:, expected.blocks[0].index[1][0, 0]] += 0.1
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [("mean", Operation.FORWARD), ("spread", Operation.BACKWARD), ("slope", Operation.BOXES)],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(axes, name)
    monkeypatch.setattr(axes, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        ROI_ALIGN_3D.reference(work, 1, operation)


@pytest.mark.parametrize("ratio", [2, 0])
def test_an_axis_moves_with_its_corners(ratio):
    """Against differences of what bins weigh, between voxels."""
    step = 2.0**-12
    first, second = -1.3, 7.1
    one = axis(first, second, 10, 3, ratio)
    np.testing.assert_allclose(one.weights.sum(axis=1), 1)
    for corner, (low, high) in enumerate(((first + step, second), (first, second + step))):
        other = axis(low, high, 10, 3, ratio)
        assert other.window == one.window
        np.testing.assert_allclose((other.weights - one.weights) / step, one.moving[corner], atol=1e-9)


def test_samples_that_are_outside_weigh_nothing():
    found = axis(-4.0, 4.0, 10, 2, 2)  # samples at -3, -1, 1, 3
    np.testing.assert_array_equal(found.weights.sum(axis=1), [0.5, 1])
    assert found.doubt[0] >= 0.5, "one lies at the border"
    assert found.doubt[1] < 1e-4
