import pytest

from benchmarks.measuring.problem import SampledRow
from benchmarks.operators.multiscale_weighted_roi_align.operator import MULTISCALE_WEIGHTED_ROI_ALIGN
from tests.benchmarks.operators.checks import boxes_of_both_levels, put


@pytest.fixture(params=[2, 0], ids=["two samples", "adaptive"])
def small_pool(small, monkeypatch, request):
    """A row of two levels that is measured in no time, under the name a1."""
    row = SampledRow("a1", "small", 2, 6, 9, (8, 16), 3, boxes_of_both_levels, sampling_ratio=request.param)
    put(monkeypatch, MULTISCALE_WEIGHTED_ROI_ALIGN, row)
    return row
