import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks/ is not installed

from benchmarks import workloads  # noqa: E402


def small_and_large_boxes(rng, count):
    """Returns boxes of which half belong to stride 8 and half to stride 16, on an image of 320 × 500 pixels."""
    sides = np.where(np.arange(count)[:, None] % 2, rng.uniform(230, 300, (count, 2)), rng.uniform(20, 60, (count, 2)))
    first = rng.uniform(0, 1, (count, 2)) * ((500, 320) - sides)
    return np.hstack([first, first + sides])


@pytest.fixture
def small(monkeypatch):
    """A row of two levels that is measured in no time, under the name a1."""
    monkeypatch.setenv("ROIKIT_NUM_THREADS", "1")  # restored afterwards: what is measured sets it
    monkeypatch.setattr(workloads, "PADDED", (320, 512))
    row = workloads.Row("a1", "small", 2, 6, 9, (8, 16), 3, 2, small_and_large_boxes)
    monkeypatch.setitem(workloads.CPU_ROWS, "a1", row)
    monkeypatch.setitem(workloads.GPU_ROWS, "a1", row)
    return row
