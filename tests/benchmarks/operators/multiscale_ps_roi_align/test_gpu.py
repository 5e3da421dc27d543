"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.contestant import shape_in
from benchmarks.measuring.device_contestant import Inputs
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.multiscale_ps_roi_align import calls as ours
from benchmarks.operators.multiscale_ps_roi_align import exercise
from benchmarks.operators.multiscale_ps_roi_align.operations import Operation
from benchmarks.operators.multiscale_ps_roi_align.operator import MULTISCALE_PS_ROI_ALIGN
from benchmarks.record import gpu_rows
from benchmarks.workloads import problem
from tests.benchmarks.operators.checks import on_host

FORWARD = "multiscale_ps_roi_align"
NAMES = (FORWARD, f"{FORWARD}_backward", f"{FORWARD}_backward_boxes")


@pytest.fixture
def calls(gpu, monkeypatch):
    """Calls of our kernels go to the host; their names are returned."""
    return on_host(gpu, monkeypatch, NAMES, (ours, exercise), result)


def result(name, given, keywords):
    """Shape and data type of what a call returns; of what the exercise makes no further use of, one of many arrays is enough."""
    if name == NAMES[1]:
        return given[2][0], given[0].dtype
    if name == NAMES[2]:
        return (len(given[2]), 4), np.float32
    maps, boxes, bins = given[:3]
    channels = maps[0].shape[1 if keywords["layout"] == "NCHW" else 3] // bins**2
    return shape_in(keywords["layout"], (len(boxes), channels, bins, bins)), maps[0].dtype


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_pool, calls, operation):
    row = gpu_rows.measure_on_gpu(MULTISCALE_PS_ROI_ALIGN, operation, small_pool, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"], row["dialect"]) == (FORWARD, operation, "roikit")
    assert row["calls"] == "all levels in one"
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(gpu.launch_seconds), "one for both levels"


def test_a_row_runs_under_the_tools(small_pool, calls):
    outcome = CliRunner().invoke(app, [FORWARD, "--row", "a1", "--dtype", "float16"])
    assert outcome.output == "1 launches exercised\n"
    assert calls == [FORWARD]


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, [FORWARD])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 3 * 3} launches exercised\n"


def test_gradients_that_are_written_take_turns(gpu, small_pool, calls):
    """They might fit into the cache; what is not as large as the maps is written to the same place."""
    work = problem(small_pool)
    for operation, sets in ((Operation.BACKWARD, 3), (Operation.FORWARD, 1), (Operation.BOXES, 1)):
        inputs = Inputs(work, MULTISCALE_PS_ROI_ALIGN.gpu.inputs[operation](work), "NHWC", "float32", 3)
        timer = type("Timer", (), {"capture": None})
        who = MULTISCALE_PS_ROI_ALIGN.gpu.ours[operation](inputs, timer)
        outs = [who.call(one) for one in inputs.sets]
        assert len({out.ctypes.data for each in outs for out in each}) == len(who.owned) == sets * len(outs[0])
