"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.contestant import shape_in
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.weighted_roi_align import calls as ours
from benchmarks.operators.weighted_roi_align import exercise
from benchmarks.operators.weighted_roi_align.operations import Operation
from benchmarks.operators.weighted_roi_align.operator import WEIGHTED_ROI_ALIGN
from benchmarks.record import gpu_rows
from tests.benchmarks.operators.checks import on_host

FORWARD = "weighted_roi_align"
NAMES = (FORWARD, f"{FORWARD}_backward", f"{FORWARD}_backward_weights", f"{FORWARD}_backward_boxes")


@pytest.fixture
def calls(gpu, monkeypatch):
    """Calls of our kernels go to the host; their names are returned."""
    return on_host(gpu, monkeypatch, NAMES, (ours, exercise), result)


def result(name, given, keywords):
    """Shape and data type of what a call returns."""
    if name == NAMES[1]:
        return given[3], given[0].dtype
    if name == NAMES[2]:
        return given[3].shape, given[3].dtype
    if name == NAMES[3]:
        return (len(given[2]), 4), np.float32
    maps, boxes, weights, bins = given[:4]
    axis = 1 if keywords["layout"] == "NCHW" else 3
    assert weights.shape[axis] in (1, maps.shape[axis])
    return shape_in(keywords["layout"], (len(boxes), maps.shape[axis], bins, bins)), maps.dtype


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_pool, calls, operation):
    row = gpu_rows.measure_on_gpu(WEIGHTED_ROI_ALIGN, operation, small_pool, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"]) == (FORWARD, operation)
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    assert set(row["absent"]) == ({"torchvision"} if operation == Operation.FORWARD else set())
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds), "two levels"


def test_a_row_runs_under_the_tools(small_pool, calls):
    outcome = CliRunner().invoke(app, [FORWARD, "--row", "a1", "--dtype", "float16"])
    assert outcome.output == "2 launches exercised\n"
    assert calls == [FORWARD] * 2


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, [FORWARD])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 7 * 4} launches exercised\n"
