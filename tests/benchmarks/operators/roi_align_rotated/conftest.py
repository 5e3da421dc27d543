import numpy as np
import pytest

from benchmarks.measuring.problem import SampledRow
from benchmarks.operators.roi_align_rotated.operator import ROI_ALIGN_ROTATED


def boxes_of_both_levels(rng, count):
    """Boxes of stride 8 and of stride 16, on an image of 320 × 500 pixels; some over its edge."""
    sides = np.where(np.arange(count)[:, None] % 2, rng.uniform(230, 300, (count, 2)), rng.uniform(20, 60, (count, 2)))
    first = rng.uniform(-0.1, 1, (count, 2)) * ((500, 320) - sides)
    return np.hstack([first, first + sides])


@pytest.fixture(params=[2, 0], ids=["two samples", "adaptive"])
def small_pool(small, monkeypatch, request):
    """A row of two levels that is measured in no time, under the name a1."""
    row = SampledRow("a1", "small", 2, 6, 9, (8, 16), 3, boxes_of_both_levels, sampling_ratio=request.param)
    monkeypatch.setitem(ROI_ALIGN_ROTATED.cpu_rows, "a1", row)
    monkeypatch.setitem(ROI_ALIGN_ROTATED.gpu_rows, "a1", row)
    return row
