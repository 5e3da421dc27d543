"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.contestant import shape_in
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.riroi_align_rotated import calls as ours
from benchmarks.operators.riroi_align_rotated import exercise
from benchmarks.operators.riroi_align_rotated.operations import Operation
from benchmarks.operators.riroi_align_rotated.operator import RIROI_ALIGN_ROTATED
from benchmarks.record import gpu_rows
from tests.benchmarks.operators.checks import on_host

NAMES = ("riroi_align_rotated", "riroi_align_rotated_backward", "riroi_align_rotated_backward_boxes")


@pytest.fixture
def calls(gpu, monkeypatch):
    """Calls of our kernels go to the host; their names are returned."""
    return on_host(gpu, monkeypatch, NAMES, (ours, exercise), result)


def result(name, given, keywords):
    """Shape and data type of what a call returns."""
    if name == NAMES[1]:
        return given[2], given[0].dtype
    if name == NAMES[2]:
        return (len(given[2]), 5), np.float32
    maps, boxes, bins = given[:3]
    assert boxes.shape[1] == 6
    channels = maps.shape[1 if keywords["layout"] == "NCHW" else 3]
    assert channels % keywords.get("num_orientations", 8) == 0
    return shape_in(keywords["layout"], (len(boxes), channels, bins, bins)), maps.dtype


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_pool, calls, operation):
    row = gpu_rows.measure_on_gpu(RIROI_ALIGN_ROTATED, operation, small_pool, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"], row["dialect"]) == ("riroi_align_rotated", operation, "roikit")
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds), "two levels"


def test_a_row_runs_under_the_tools(small_pool, calls):
    outcome = CliRunner().invoke(app, ["riroi_align_rotated", "--row", "a1", "--dtype", "float16"])
    assert outcome.output == "2 launches exercised\n"
    assert calls == ["riroi_align_rotated"] * 2


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, ["riroi_align_rotated"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 2 * 3} launches exercised\n"
