"""The suites for asv measure what they say; asv itself is not run."""

import pytest

from benchmarks.suites.crop_and_resize import forward_cpu, gradients_cpu


@pytest.mark.parametrize("suite", [forward_cpu.Call(), gradients_cpu.Call()])
def test_the_smallest_call_is_made(suite):
    suite.setup()
    assert suite.call().size > 0
