"""The suites for asv measure what they say; asv itself is not run."""

import time

import numpy as np
import pytest

from benchmarks.suites.ps_roi_align import forward_cpu, gradients_cpu


@pytest.mark.parametrize("suite", [forward_cpu, gradients_cpu])
def test_a_suite_makes_the_calls_of_its_operations(suite):
    operation = suite.OPERATIONS[0]
    series = suite.Time()
    series.setup(operation, "c1", "NHWC", "float32")
    for out in series.calls.owned:
        out[...] = np.nan
    series.time_operation(operation, "c1", "NHWC", "float32")
    (out,) = series.calls.owned
    assert out.shape == ((32, 7, 7, 21) if suite is forward_cpu else (2, 50, 84, 1029))
    assert np.isfinite(out).all()


@pytest.mark.parametrize("suite", [forward_cpu.Call(), gradients_cpu.Call()])
def test_the_smallest_call_is_timed_often(suite, monkeypatch):
    suite.setup()
    assert suite.call().size > 0
    assert 0 < suite.track_smallest_call() < 1
    monkeypatch.setattr(suite, "call", lambda: time.sleep(0.001))
    assert suite.track_smallest_call() >= 0.001
