import numpy as np
import pytest

from benchmarks.measuring.problem import Row
from benchmarks.operators.prroi_pool.operator import PRROI_POOL


def boxes_of_both_levels(rng, count):
    """Boxes of stride 8 and of stride 16, on an image of 320 × 500 pixels; some over its edge."""
    sides = np.where(np.arange(count)[:, None] % 2, rng.uniform(230, 300, (count, 2)), rng.uniform(20, 60, (count, 2)))
    first = rng.uniform(-0.1, 1, (count, 2)) * ((500, 320) - sides)
    return np.hstack([first, first + sides])


@pytest.fixture
def small_pool(small, monkeypatch):
    """A row of two levels that is measured in no time, under the name a."""
    row = Row("a", "small", 2, 6, 9, (8, 16), 3, boxes_of_both_levels)
    monkeypatch.setitem(PRROI_POOL.cpu_rows, "a", row)
    monkeypatch.setitem(PRROI_POOL.gpu_rows, "a", row)
    return row
