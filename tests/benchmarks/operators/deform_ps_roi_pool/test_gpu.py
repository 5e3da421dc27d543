"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.contestant import shape_in
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.deform_ps_roi_pool import calls as ours
from benchmarks.operators.deform_ps_roi_pool import exercise
from benchmarks.operators.deform_ps_roi_pool.operations import Operation
from benchmarks.operators.deform_ps_roi_pool.operator import DEFORM_PS_ROI_POOL
from benchmarks.record import gpu_rows
from tests.benchmarks.operators.checks import on_host

NAMES = ("deform_ps_roi_pool", "deform_ps_roi_pool_backward", "deform_ps_roi_pool_backward_offset")


@pytest.fixture
def calls(gpu, monkeypatch):
    """Calls of our kernels go to the host; their names are returned."""
    return on_host(gpu, monkeypatch, NAMES, (ours, exercise), result)


def result(name, given, keywords):
    """Shape and data type of what a call returns."""
    if name == NAMES[1]:
        return given[2], given[0].dtype
    if name == NAMES[2]:
        return given[3].shape, given[3].dtype
    maps, boxes, bins, *_, offset = given[:6]
    assert offset.shape == (len(boxes), 2, bins, bins)
    channels, rest = divmod(maps.shape[1 if keywords["layout"] == "NCHW" else 3], bins**2)
    assert rest == 0
    return shape_in(keywords["layout"], (len(boxes), channels, bins, bins)), maps.dtype


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_pool, calls, operation):
    row = gpu_rows.measure_on_gpu(DEFORM_PS_ROI_POOL, operation, small_pool, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"], row["dialect"]) == ("deform_ps_roi_pool", operation, "roikit")
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds), "two levels"


def test_a_row_runs_under_the_tools(small_pool, calls):
    outcome = CliRunner().invoke(app, ["deform_ps_roi_pool", "--row", "a1", "--dtype", "float16"])
    assert outcome.output == "2 launches exercised\n"
    assert calls == ["deform_ps_roi_pool"] * 2


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, ["deform_ps_roi_pool"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 2 * 3} launches exercised\n"
