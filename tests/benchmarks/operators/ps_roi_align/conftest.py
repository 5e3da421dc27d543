import numpy as np
import pytest

from benchmarks.operators.ps_roi_align.operator import PS_ROI_ALIGN
from benchmarks.operators.ps_roi_align.workloads import SampledRow


def boxes_of_both_levels(rng, count):
    """Boxes of stride 8 and of stride 16, on an image of 320 × 500 pixels; some over its edge."""
    sides = np.where(np.arange(count)[:, None] % 2, rng.uniform(230, 300, (count, 2)), rng.uniform(20, 60, (count, 2)))
    first = rng.uniform(-0.1, 1, (count, 2)) * ((500, 320) - sides)
    return np.hstack([first, first + sides])


@pytest.fixture
def small_pool(small, monkeypatch):
    """A row of two levels that is measured in no time, under the name a1."""
    row = SampledRow("a1", "small", 2, 6, 9, (8, 16), 3, boxes_of_both_levels, sampling_ratio=2)
    monkeypatch.setitem(PS_ROI_ALIGN.cpu_rows, "a1", row)
    monkeypatch.setitem(PS_ROI_ALIGN.gpu_rows, "a1", row)
    return row
