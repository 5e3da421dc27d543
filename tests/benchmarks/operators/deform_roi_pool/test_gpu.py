"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.contestant import shape_in
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.deform_roi_pool import calls as ours
from benchmarks.operators.deform_roi_pool import exercise
from benchmarks.operators.deform_roi_pool.operations import Operation
from benchmarks.operators.deform_roi_pool.operator import DEFORM_ROI_POOL
from benchmarks.record import gpu_rows
from tests.benchmarks.operators.checks import on_host

FORWARD = "deform_roi_pool"
NAMES = (FORWARD, f"{FORWARD}_backward", f"{FORWARD}_backward_offset", f"{FORWARD}_backward_boxes")


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
    if name == NAMES[3]:
        return (len(given[2]), 4), np.float32
    maps, boxes, bins, *_, offset = given[:6]
    assert offset.shape == (len(boxes), 2, bins, bins)
    channels = maps.shape[1 if keywords["layout"] == "NCHW" else 3]
    return shape_in(keywords["layout"], (len(boxes), channels, bins, bins)), maps.dtype


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_pool, calls, operation):
    row = gpu_rows.measure_on_gpu(DEFORM_ROI_POOL, operation, small_pool, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"], row["dialect"]) == ("deform_roi_pool", operation, "roikit")
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds), "two levels"


def test_a_row_runs_under_the_tools(small_pool, calls):
    outcome = CliRunner().invoke(app, [FORWARD, "--row", "a1", "--dtype", "float16"])
    assert outcome.output == "2 launches exercised\n"
    assert calls == [FORWARD] * 2


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, [FORWARD])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 2 * 4} launches exercised\n"
