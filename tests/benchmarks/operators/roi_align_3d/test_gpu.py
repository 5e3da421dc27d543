"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.contestant import shape_in
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.roi_align_3d import calls as ours
from benchmarks.operators.roi_align_3d import exercise
from benchmarks.operators.roi_align_3d.operations import Operation
from benchmarks.operators.roi_align_3d.operator import ROI_ALIGN_3D
from benchmarks.record import gpu_rows
from tests.benchmarks.operators.checks import on_host

NAMES = ("roi_align_3d", "roi_align_3d_backward", "roi_align_3d_backward_boxes")


@pytest.fixture
def calls(gpu, monkeypatch):
    """Calls of our kernels go to the host; their names are returned."""
    return on_host(gpu, monkeypatch, NAMES, (ours, exercise), result)


def result(name, given, keywords):
    """Shape and data type of what a call returns."""
    if name == NAMES[1]:
        return given[2], given[0].dtype
    if name == NAMES[2]:
        return (len(given[2]), 6), np.float32
    volumes, boxes, bins = given[:3]
    assert volumes.ndim == 5
    assert boxes.shape[1] == 7
    channels = volumes.shape[1 if keywords["layout"] == "NCHW" else 4]
    return shape_in(keywords["layout"], (len(boxes), channels, bins, bins, bins)), volumes.dtype


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_volume, calls, operation):
    row = gpu_rows.measure_on_gpu(ROI_ALIGN_3D, operation, small_volume, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"], row["dialect"]) == ("roi_align_3d", operation, "roikit-aligned")
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(gpu.launch_seconds)


def test_a_row_runs_under_the_tools(small_volume, calls):
    outcome = CliRunner().invoke(app, ["roi_align_3d", "--row", "a1", "--dtype", "float16"])
    assert outcome.output == "1 launches exercised\n"
    assert calls == ["roi_align_3d"]


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, ["roi_align_3d"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 2 * 3} launches exercised\n"
