import pytest

from benchmarks.operators.multiscale_ps_roi_align.operator import MULTISCALE_PS_ROI_ALIGN
from benchmarks.operators.ps_roi_align.workloads import SampledRow
from tests.benchmarks.operators.checks import boxes_of_both_levels, put


@pytest.fixture(params=[2, 0], ids=["two samples", "adaptive"])
def small_pool(small, monkeypatch, request):
    """A row of two levels that is measured in no time, under the name a1."""
    row = SampledRow("a1", "small", 2, 6, 9, (8, 16), 3, boxes_of_both_levels, sampling_ratio=request.param)
    put(monkeypatch, MULTISCALE_PS_ROI_ALIGN, row)
    return row
