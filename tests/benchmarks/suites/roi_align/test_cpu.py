"""The suites for asv measure what they say; asv itself is not run."""

import sys
import time

import numpy as np
import pytest

from benchmarks.operators.roi_align.operations import Operation
from benchmarks.suites.roi_align import forward_cpu, gradients_cpu


@pytest.mark.parametrize("operation", gradients_cpu.OPERATIONS)
def test_a_suite_makes_the_calls_of_its_operation(small, operation):
    suite = gradients_cpu.Time()
    suite.setup(operation, "a1", "NHWC", "float32")
    for out in suite.calls.owned:
        out[...] = np.nan
    suite.time_operation(operation, "a1", "NHWC", "float32")
    shapes = [out.shape for out in suite.calls.owned]
    maps, pooled = [(2, 40, 64, 9), (2, 20, 32, 9)], [(12, 3, 3, 9)]
    assert shapes == (pooled if operation == Operation.POOLER else maps)
    assert all(np.isfinite(out).all() for out in suite.calls.owned)


def test_time_per_output(small):
    suite = gradients_cpu.PerOutput()
    suite.setup("backward", "a1", "NCHW")
    assert suite.track_ns_per_output("backward", "a1", "NCHW") > 0


def test_nothing_is_made_twice_when_asv_sets_up_before_every_sample(small):
    for suite, about in ((forward_cpu.Time(), ("forward", "a1")), (gradients_cpu.Time(), ("pooler", "a1"))):
        suite.setup(*about, "NHWC", "float32")
        calls = suite.calls
        suite.setup(*about, "NHWC", "float32")
        assert suite.calls is calls


@pytest.mark.parametrize("suite", [forward_cpu.Call(), gradients_cpu.Call()])
def test_the_smallest_call_is_timed_often(suite, monkeypatch):
    suite.setup()
    assert suite.call().size > 0
    assert 0 < suite.track_smallest_call() < 1
    monkeypatch.setattr(suite, "call", lambda: time.sleep(0.001))
    assert suite.track_smallest_call() >= 0.001


def test_the_smallest_call_is_held_against_torchvisions_in_the_same_run(monkeypatch):
    suite = forward_cpu.CallRatio()
    slow, fast = (lambda: sum(range(20_000))), (lambda: None)
    suite.functions = {"ours": fast, "torchvision": slow}
    assert suite.track_smallest_call() < 0.5
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(NotImplementedError, match="torchvision is not installed"):
        suite.setup()


def test_torchvisions_call_is_made():
    pytest.importorskip("torchvision", reason="torchvision is not installed")
    suite = forward_cpu.CallRatio()
    suite.setup()
    ours, theirs = (np.asarray(suite.functions[name]()) for name in ("ours", "torchvision"))
    assert np.array_equal(ours, theirs)
