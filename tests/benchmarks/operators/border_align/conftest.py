import pytest

from benchmarks.operators.border_align.operator import BORDER_ALIGN
from benchmarks.operators.border_align.workloads import BorderRow
from tests.benchmarks.operators.checks import boxes_of_both_levels, put


@pytest.fixture
def small_row(small, monkeypatch):
    """A row of two levels that is measured in no time, under the name a1."""
    row = BorderRow("a1", "small", 2, 6, 5, (8, 16), 10, boxes_of_both_levels)
    put(monkeypatch, BORDER_ALIGN, row)
    return row
