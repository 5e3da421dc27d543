"""The suites for asv measure what they say; asv itself is not run."""

import time

import numpy as np
import pytest

from benchmarks.suites.multiscale_roi_align_rotated import forward_cpu, gradients_cpu

SHAPES = {
    "forward": [(128, 7, 7, 256)],
    "backward": [(1, 200 // n, 336 // n, 256) for n in (1, 2, 4, 8)],
    "boxes-backward": [(128, 5)],
}


@pytest.mark.parametrize("operation", SHAPES)
def test_a_suite_makes_the_call_of_its_operations(operation):
    suite = forward_cpu if operation in forward_cpu.OPERATIONS else gradients_cpu
    series = suite.Time()
    series.setup(operation, "d1", "NHWC", "float32")
    for out in series.calls.owned:
        out[...] = np.nan
    series.time_operation(operation, "d1", "NHWC", "float32")
    assert [out.shape for out in series.calls.owned] == SHAPES[operation]
    assert all(np.isfinite(out).all() for out in series.calls.owned)


@pytest.mark.parametrize("suite", [forward_cpu.Call(), gradients_cpu.Call()])
def test_the_smallest_call_is_timed_often(suite, monkeypatch):
    suite.setup()
    assert suite.call().size > 0
    monkeypatch.setattr(suite, "call", lambda: time.sleep(0.001))
    assert suite.track_smallest_call() >= 0.001
