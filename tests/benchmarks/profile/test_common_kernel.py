"""The kernel that most libraries have, of operators of turned boxes: level by level it gives what ours does."""

import numpy as np
import pytest

from benchmarks.measuring.problem import SampledRow
from benchmarks.operators import operator_called
from benchmarks.operators.roi_align_rotated.workloads import turned
from benchmarks.profile import rows
from benchmarks.workloads import gradients_of, problem
from roikit.kernels import roi_align_rotated, roi_align_rotated_backward
from roikit.kernels.emulation.stand_in import emulated
from tests.benchmarks.operators.checks import boxes_of_both_levels, put

pytest.importorskip("cuda.bindings.nvrtc", reason="NVRTC: pip install 'roikit[nvrtc]'")

OPERATORS = ("roi_align_rotated", "multiscale_roi_align_rotated")


@pytest.fixture(params=OPERATORS)
def operator(small, monkeypatch, request):
    """An operator with a row of two levels that is counted in no time."""
    found = operator_called(request.param)
    put(monkeypatch, found, SampledRow("a1", "small", 2, 6, 9, (8, 16), 3, boxes_of_both_levels, sampling_ratio=2))
    return found


def outputs(operator, operation, dtype="float32"):
    """A row, and what it gives of it on the emulated device, each launch run whole and watched."""
    work = problem(operator.gpu_rows["a1"])
    with emulated() as cupy:
        inputs = rows._Inputs(cupy, work, operator.gpu.inputs[operation](work), "NCHW", dtype)
        contestant = operator.common[operation](inputs, type("Timer", (), {"capture": None}))
        return work, [out.held for out in contestant()]


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 1e-5), ("float16", 2e-3)])
def test_it_pools_as_ours_does(operator, dtype, bound):
    work, got = outputs(operator, "forward", dtype)
    for level, out in zip(work.levels, got, strict=True):
        wanted = roi_align_rotated(level.feature.astype(dtype), turned(level), 3, level.scale, 2)
        np.testing.assert_allclose(out.astype(float), wanted.astype(float), rtol=bound, atol=8 * bound)


def test_it_sends_back_what_ours_gathers(operator):
    work, got = outputs(operator, "backward")
    for level, grad, out in zip(work.levels, gradients_of(work), got, strict=True):
        wanted = roi_align_rotated_backward(grad, turned(level), level.feature.shape, level.scale, 2)
        np.testing.assert_allclose(out, wanted, rtol=1e-4, atol=2e-5)


def test_its_instructions_are_counted(operator):
    found = rows.profile(operator, operator.itself, "a1", "common-kernel", "NCHW", "float32", "sm_90", blocks=4)
    assert found.figures["instructions"] > 100
    assert len(found.launches) == 2, "one for each level"
