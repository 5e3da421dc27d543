import numpy as np
import pytest

from benchmarks.operators.ps_roi_pool.operator import PS_ROI_POOL
from benchmarks.operators.ps_roi_pool.workloads import SelectedRow


def boxes_of_both_levels(rng, count):
    """Boxes of stride 8 and of stride 16, on an image of 320 × 500 pixels; some over its edge."""
    sides = np.where(np.arange(count)[:, None] % 2, rng.uniform(230, 300, (count, 2)), rng.uniform(20, 60, (count, 2)))
    first = rng.uniform(-0.1, 1, (count, 2)) * ((500, 320) - sides)
    return np.hstack([first, first + sides])


@pytest.fixture
def small_pool(small, monkeypatch):
    """A row of two levels that is measured in no time, under the name a1."""
    row = SelectedRow("a1", "small", 2, 6, 9, (8, 16), 3, boxes_of_both_levels)
    monkeypatch.setitem(PS_ROI_POOL.cpu_rows, "a1", row)
    monkeypatch.setitem(PS_ROI_POOL.gpu_rows, "a1", row)
    return row
