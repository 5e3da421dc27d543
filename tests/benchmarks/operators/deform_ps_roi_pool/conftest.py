import pytest

from benchmarks.operators.deform_ps_roi_pool.operator import DEFORM_PS_ROI_POOL
from benchmarks.operators.deform_ps_roi_pool.workloads import DeformedHead
from tests.benchmarks.operators.checks import boxes_of_both_levels, put


@pytest.fixture
def small_pool(small, monkeypatch):
    """A row of two levels that is measured in no time, under the name a1."""
    row = DeformedHead("a1", "small", 2, 6, 5, (8, 16), 3, boxes_of_both_levels, sampling_ratio=2)
    put(monkeypatch, DEFORM_PS_ROI_POOL, row)
    return row
