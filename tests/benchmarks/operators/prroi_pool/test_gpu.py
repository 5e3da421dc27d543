"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.prroi_pool import calls as ours
from benchmarks.operators.prroi_pool import exercise
from benchmarks.operators.prroi_pool.operations import Operation
from benchmarks.operators.prroi_pool.operator import PRROI_POOL
from benchmarks.record import gpu_rows
from roikit import kernels


@pytest.fixture
def calls(gpu, monkeypatch):
    """Calls of our kernels go to the host; their names are returned."""
    made = []

    def on_host(name, function):
        def call(*arguments, out=None, **keywords):
            gpu.launch()
            made.append(name)
            given = [one.get() if hasattr(one, "get") else one for one in arguments]
            if out is None:
                return sys.modules["cupy"].empty(*result(name, given, keywords["layout"]))
            function(*given, out=out.get(), **keywords)
            return out

        return call

    for name in ("prroi_pool", "prroi_pool_backward", "prroi_pool_backward_boxes"):
        for place in (ours, exercise):
            monkeypatch.setattr(place, name, on_host(name, getattr(kernels, name)))
    monkeypatch.setattr(sys.modules["cupy"].cuda, "set_allocator", lambda allocator: None, raising=False)
    return made


def result(name, given, layout):
    """Shape and data type of what a call returns."""
    if name == "prroi_pool_backward":
        return given[2], given[0].dtype
    if name == "prroi_pool_backward_boxes":
        return (len(given[2]), 4), np.float32
    maps, boxes, bins = given[:3]
    channels = maps.shape[1 if layout == "NCHW" else 3]
    return ((len(boxes), channels, bins, bins) if layout == "NCHW" else (len(boxes), bins, bins, channels)), maps.dtype


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_pool, calls, operation):
    row = gpu_rows.measure_on_gpu(PRROI_POOL, operation, small_pool, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"], row["dialect"]) == ("prroi_pool", operation, "mmcv")
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds), "two levels"


def test_a_row_runs_under_the_tools(small_pool, calls):
    outcome = CliRunner().invoke(app, ["prroi_pool", "--row", "a", "--dtype", "float16"])
    assert outcome.output == "2 launches exercised\n"
    assert calls == ["prroi_pool"] * 2


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, ["prroi_pool"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 3} launches exercised\n"
