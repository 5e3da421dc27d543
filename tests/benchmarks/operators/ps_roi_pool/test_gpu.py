"""The way to a record on a GPU, without one: on the stand-in for CuPy."""

import sys

import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.ps_roi_pool import calls as ours
from benchmarks.operators.ps_roi_pool import exercise
from benchmarks.operators.ps_roi_pool.operations import Operation
from benchmarks.operators.ps_roi_pool.operator import PS_ROI_POOL
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
                return sys.modules["cupy"].empty(result_shape(name, given, keywords["layout"]), given[0].dtype)
            function(*given, out=out.get(), **keywords)
            return out

        return call

    for name in ("ps_roi_pool", "ps_roi_pool_backward"):
        for place in (ours, exercise):
            monkeypatch.setattr(place, name, on_host(name, getattr(kernels, name)))
    monkeypatch.setattr(sys.modules["cupy"].cuda, "set_allocator", lambda allocator: None, raising=False)
    return made


def result_shape(name, given, layout):
    if name == "ps_roi_pool_backward":
        return given[2]
    maps, boxes, bins = given[:3]
    channels = maps.shape[1 if layout == "NCHW" else 3] // bins**2
    return (len(boxes), channels, bins, bins) if layout == "NCHW" else (len(boxes), bins, bins, channels)


@pytest.mark.parametrize("operation", Operation)
def test_a_row(gpu, small_pool, calls, operation):
    row = gpu_rows.measure_on_gpu(PS_ROI_POOL, operation, small_pool, ASSUMED, 0.0, 1)
    assert (row["operator"], row["operation"], row["dialect"]) == ("ps_roi_pool", operation, "roikit")
    assert row["map_channels"] == 81
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    assert set(row["absent"]) == (set() if operation.gradient else {"torchvision"})
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds), "two levels"
        assert entry["floor_fraction"]["cold"] == pytest.approx(entry["floor"]["cold"] / (2 * gpu.launch_seconds))


def test_a_wrong_gradient_is_wrong_however_fast(gpu, small_pool, calls, monkeypatch):
    honest = ours.ps_roi_pool_backward

    def doubled(*arguments, out, **keywords):
        honest(*arguments, out=out, **keywords)
        out[0] *= 2
        return out

    monkeypatch.setattr(ours, "ps_roi_pool_backward", doubled)
    row = gpu_rows.measure_on_gpu(PS_ROI_POOL, Operation.BACKWARD, small_pool, ASSUMED, 0.0, 1, ("NHWC float32",))
    assert row["entries"][0]["verdict"] == "wrong"


def test_a_row_runs_under_the_tools(small_pool, calls):
    result = CliRunner().invoke(app, ["ps_roi_pool", "--row", "a1", "--dtype", "float16"])
    assert result.output == "2 launches exercised\n"
    assert calls == ["ps_roi_pool"] * 2


def test_small_calls_run_under_the_tools(calls):
    result = CliRunner().invoke(app, ["ps_roi_pool"])
    assert result.exit_code == 0, result.output
    assert result.output == f"{4 * 2 * 4 * 2 * 2 * 2} launches exercised\n"
