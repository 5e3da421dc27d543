"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.contestant import shape_in
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.border_align import calls as ours
from benchmarks.operators.border_align import exercise
from benchmarks.operators.border_align.operations import Operation
from benchmarks.operators.border_align.operator import BORDER_ALIGN
from benchmarks.record import gpu_rows
from tests.benchmarks.operators.checks import on_host

NAMES = ("border_align", "border_align_backward", "border_align_backward_boxes")


@pytest.fixture
def calls(gpu, monkeypatch):
    """Calls of our kernels go to the host; their names are returned."""
    return on_host(gpu, monkeypatch, NAMES, (ours, exercise), result)


def result(name, given, keywords):
    """Shape and data type of what a call returns."""
    if name == NAMES[1]:
        return given[1].shape, given[1].dtype
    if name == NAMES[2]:
        return (len(given[2]), 4), np.float32
    maps, boxes, _ = given
    channels, rest = divmod(maps.shape[1 if keywords["layout"] == "NCHW" else 3], 4)
    assert rest == 0
    return shape_in(keywords["layout"], (len(boxes), channels, 4)), maps.dtype


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_row, calls, operation):
    row = gpu_rows.measure_on_gpu(BORDER_ALIGN, operation, small_row, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"], row["dialect"]) == ("border_align", operation, "roikit")
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds), "two levels"


def test_a_row_runs_under_the_tools(small_row, calls):
    outcome = CliRunner().invoke(app, ["border_align", "--row", "a1", "--dtype", "float16"])
    assert outcome.output == "2 launches exercised\n"
    assert calls == ["border_align"] * 2


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, ["border_align"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 2 * 3} launches exercised\n"
