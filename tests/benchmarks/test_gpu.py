"""The way to a record on a GPU, without one: a stand-in for CuPy whose launches take a fixed time by its own clock.

This shows that graphs, events, checks and arithmetic fit together, and that times are divided by the right counts. It cannot
show that CuPy does what the stand-in does.
"""

import json
import sys
import time
from types import ModuleType, SimpleNamespace

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import (
    backward_gpu,
    device,
    exercise,
    forward_gpu,
    goldens,
    gpu_backward_contestants,
    gpu_box_contestants,
    gpu_contestants,
    gpu_pooler_backward_contestants,
    gpu_pooler_contestants,
    gpu_record,
    gpu_rows,
    gpu_torch,
    machine,
    probes,
)
from benchmarks.document import Document
from benchmarks.floors import ASSUMED
from benchmarks.operations import Operation
from roikit import kernels
from roikit.kernels import roi_align
from roikit.kernels.nvrtc import ARCHITECTURES

LAUNCH_SECONDS = 100e-6
SCHEMA = json.loads((machine.ROOT / "benchmarks" / "record.schema.json").read_text(encoding="utf-8"))


class Gpu:
    """Counts launches; while capturing they take no time."""

    clock = 0.0
    captured = None

    def launch(self):
        if self.captured is None:
            self.clock += LAUNCH_SECONDS
        else:
            self.captured += 1


class Array(np.ndarray):
    @property
    def data(self):
        host = self.view(np.ndarray)

        def memset(value, size):
            assert size == host.nbytes
            host.view(np.uint8)[...] = value

        return SimpleNamespace(ptr=self.ctypes.data, memset=memset)

    def get(self):
        return self.view(np.ndarray)


def stand_in(gpu):  # noqa: C901 - a module's worth of names
    class Stream:
        ptr = 1

        def __init__(self, non_blocking):
            assert non_blocking, "the default stream cannot be captured"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def synchronize(self):
            assert gpu.captured is None, "waiting while capturing"

        def begin_capture(self):
            gpu.captured = 0

        def end_capture(self):
            count, gpu.captured = gpu.captured, None

            def launch(stream):
                gpu.clock += count * LAUNCH_SECONDS

            return SimpleNamespace(upload=lambda stream: None, launch=launch)

    class Event:
        def record(self, stream):
            self.at = gpu.clock

    class Device:
        id = 0
        compute_capability = "90"
        attributes = {"MultiProcessorCount": 4, "L2CacheSize": 2**20}

        def synchronize(self):
            return None

    class MemoryHook:
        def __enter__(self):
            gpu.hook = self
            return self

        def __exit__(self, *_):
            gpu.hook = None

    def raw_kernel(text, name, options):
        assert f"void {name}(" in text

        def launch(grid, block, values, **_):
            assert all(isinstance(value, np.generic | np.ndarray) for value in values), "CuPy guesses Python's numbers"
            gpu.launch()

        return launch

    def array(maker):
        return lambda *arguments, **keywords: maker(*arguments, **keywords).view(Array)

    cupy = ModuleType("cupy")
    cupy.cuda = ModuleType("cupy.cuda")
    cupy.cuda.memory_hook = ModuleType("cupy.cuda.memory_hook")
    cupy.cuda.memory_hook.MemoryHook = MemoryHook
    cupy.cuda.Stream, cupy.cuda.Event, cupy.cuda.Device = Stream, Event, Device
    cupy.cuda.get_elapsed_time = lambda start, end: (end.at - start.at) * 1e3
    cupy.cuda.runtime = SimpleNamespace(
        memcpyAsync=lambda *_: gpu.launch(),
        memcpyDeviceToDevice=3,
        getDeviceProperties=lambda number: {"name": b"Stand-in", "totalGlobalMem": 2**30},
        driverGetVersion=lambda: 13000,
        runtimeGetVersion=lambda: 13000,
    )
    cupy.RawKernel = raw_kernel
    cupy.asarray, cupy.empty, cupy.zeros, cupy.ones = map(array, (np.array, np.empty, np.zeros, np.ones))
    cupy.ascontiguousarray, cupy.argsort = array(np.ascontiguousarray), array(np.argsort)
    cupy.get_default_memory_pool = lambda: SimpleNamespace(free_all_blocks=lambda: None)
    return cupy


@pytest.fixture
def gpu(monkeypatch):
    state = Gpu()
    cupy = stand_in(state)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setitem(sys.modules, "cupy.cuda", cupy.cuda)
    monkeypatch.setitem(sys.modules, "cupy.cuda.memory_hook", cupy.cuda.memory_hook)

    def on_host(feature, boxes, *arguments, out, **keywords):
        state.launch()
        roi_align(feature.get(), boxes.get(), *arguments, out=out.get(), **keywords)
        return out

    def gradient_on_host(grad, boxes, *arguments, out, **keywords):
        state.launch()
        outs = [one.get() for one in out] if isinstance(out, list) else out.get()
        function = "multiscale_roi_align_backward" if isinstance(out, list) else "roi_align_backward"
        getattr(kernels, function)(grad.get(), boxes.get(), *arguments, out=outs, **keywords)
        return out

    def pooler_on_host(maps, boxes, *arguments, out, **keywords):
        state.launch()
        kernels.multiscale_roi_align([one.get() for one in maps], boxes.get(), *arguments, out=out.get(), **keywords)
        return out

    def boxes_on_host(grad, maps, boxes, *arguments, out, **keywords):
        state.launch()
        kernels.roi_align_backward_boxes(grad.get(), maps.get(), boxes.get(), *arguments, out=out.get(), **keywords)
        return out

    monkeypatch.setattr(gpu_contestants, "roi_align", on_host)
    monkeypatch.setattr(gpu_box_contestants, "roi_align_backward_boxes", boxes_on_host)
    monkeypatch.setattr(gpu_backward_contestants, "roi_align_backward", gradient_on_host)
    monkeypatch.setattr(gpu_pooler_contestants, "multiscale_roi_align", pooler_on_host)
    monkeypatch.setattr(gpu_pooler_backward_contestants, "multiscale_roi_align_backward", gradient_on_host)
    monkeypatch.setattr(machine, "gpu_state", lambda: [{"name": "Stand-in", "clocks.sm": "1 MHz"}])
    return state


def test_a_row(gpu, small):
    row = gpu_rows.measure_on_gpu(small, ASSUMED, 0.0, 1)
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    assert list(row["absent"]) == ["torchvision"]
    for entry in row["entries"]:
        assert entry["times"]["hot"]["median"] == pytest.approx(2 * LAUNCH_SECONDS), "two levels"
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * LAUNCH_SECONDS)
        assert entry["times"]["hot"]["samples"] == 10
        assert entry["floor_fraction"]["cold"] == pytest.approx(entry["floor"]["cold"] / (2 * LAUNCH_SECONDS))
        assert entry["workspace_bytes"] == 0
        assert entry["graph"]
    single, half = (row["entries"][i] for i in (0, 2))
    assert single["floor"]["output_bytes"] == 2 * half["floor"]["output_bytes"] == 4 * small.outputs
    assert half["cold_copies"] > single["cold_copies"], "half the bytes need more copies to exceed the cache"
    assert row["control"]["spread"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("operation", [one for one in Operation if one != Operation.FORWARD])
def test_rows_of_other_operations(gpu, small, operation):
    row = gpu_rows.measure_on_gpu(small, ASSUMED, 0.0, 1, operation=operation)
    assert row["operation"] == operation
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    assert set(row["absent"]) == set(gpu_rows.WHO[operation].PEERS)
    launches = 1 if operation.all_levels else 2
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(launches * LAUNCH_SECONDS)
        assert entry["graph"]
    maps = 2 * 9 * (40 * 64 + 20 * 32)
    if operation.gradient:
        floor = row["entries"][0]["floor"]
        assert (floor["touched_bytes"], floor["output_bytes"]) == (4 * maps, 4 * small.outputs)
        assert row["entries"][0]["cold_copies"] == 2 + -(-2 * 2**20 // (4 * (maps + small.outputs)))


def test_cold_gradients_are_written_to_arrays_of_their_own(gpu, small):
    timer = device.Timer()
    problem = gpu_rows.problem(small)
    who, _ = gpu_contestants.everybody(gpu_backward_contestants, problem, timer, lambda itemsize: 3)
    first = who[0]
    written = [first.call(one) for one in first.inputs.sets]
    assert len({out.ctypes.data for outs in written for out in outs}) == 3 * 2 == len(first.owned)


@pytest.mark.parametrize("operation", [Operation.BACKWARD, Operation.POOLER_BACKWARD])
def test_a_wrong_gradient_is_wrong_however_fast(gpu, small, monkeypatch, operation):
    part = gpu_rows.WHO[operation]
    name = "roi_align_backward" if operation == Operation.BACKWARD else "multiscale_roi_align_backward"
    honest = getattr(part, name)

    def doubled(*arguments, out, **keywords):
        honest(*arguments, out=out, **keywords)
        for one in out if isinstance(out, list) else [out]:
            one[0] *= 2
        return out

    monkeypatch.setattr(part, name, doubled)
    row = gpu_rows.measure_on_gpu(small, ASSUMED, 0.0, 1, ("NHWC float32",), operation)
    assert row["entries"][0]["verdict"] == "wrong"
    assert "times the bound" in row["entries"][0]["reason"]


def test_poolers_of_pytorch_are_not_captured():
    with pytest.raises(NotImplementedError, match="wait for the device"):
        gpu_torch.not_captured(lambda: None)


def test_what_cannot_be_captured_is_timed_without_a_graph(gpu, small, monkeypatch):
    def refuse(timer, work):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(device.Timer, "capture", refuse)
    row = gpu_rows.measure_on_gpu(small, ASSUMED, 0.0, 1, ("NCHW float32",))
    (entry,) = row["entries"]
    assert not entry["graph"]
    assert entry["times"]["cold"]["median"] == pytest.approx(2 * LAUNCH_SECONDS)


def test_a_wrong_kernel_is_wrong_however_fast(gpu, small, monkeypatch):
    monkeypatch.setattr(gpu_contestants, "roi_align", lambda *_, out, **__: gpu.launch() or out)  # writes nothing
    row = gpu_rows.measure_on_gpu(small, ASSUMED, 0.0, 1, ("NCHW float32",))
    (entry,) = row["entries"]
    assert (entry["verdict"], entry["reason"]) == ("wrong", "not finite, or not written")
    assert forward_gpu.figures(row)["NCHW float32"]["verdict"] == "wrong"


def test_series_of_asv_take_their_figures_from_the_row(gpu, small):
    suite = forward_gpu.Forward()
    cache = {"a1": forward_gpu.figures(gpu_rows.measure_on_gpu(small, ASSUMED, 0.0, 1, forward_gpu.VARIANTS))}
    assert list(cache["a1"]) == list(forward_gpu.VARIANTS)
    arguments = (cache, "a1", "NHWC float32")
    suite.setup(*arguments)
    assert suite.track_kernel_cold(*arguments) == pytest.approx(200)
    assert suite.track_kernel_hot(*arguments) == pytest.approx(200)
    assert 0 < suite.track_gap_to_floor(*arguments) < 1
    assert suite.track_python_call(*arguments) > 0
    assert suite.track_workspace(*arguments) == 0
    assert np.isnan(suite.track_ratio_torchvision(*arguments)), "torchvision is not here"
    with pytest.raises(NotImplementedError):
        suite.setup({}, "a1", "NHWC float32")


@pytest.mark.parametrize(
    ("suite", "operation"),
    [
        (forward_gpu.Forward, Operation.FORWARD),
        (backward_gpu.Backward, Operation.BACKWARD),
        (backward_gpu.Pooler, Operation.POOLER),
        (backward_gpu.PoolerBackward, Operation.POOLER_BACKWARD),
        (backward_gpu.BoxesBackward, Operation.BOXES),
    ],
)
def test_each_suite_of_asv_measures_its_operation(gpu, small, monkeypatch, suite, operation):
    measured = []
    honest = gpu_rows.measure_on_gpu

    def measure(*arguments):
        measured.append(arguments[-1])
        return honest(*arguments)

    monkeypatch.setattr(gpu_rows, "measure_on_gpu", measure)
    monkeypatch.setattr(forward_gpu, "ROWS", ("a1",))
    monkeypatch.setattr(forward_gpu.gpu, "present", lambda: True)
    monkeypatch.setattr(probes, "bandwidths", lambda timer: [])
    cache = suite().setup_cache()
    assert measured == [operation]
    suite().setup(cache, "a1", "NHWC float16")
    assert suite().track_kernel_cold(cache, "a1", "NHWC float16") > 0


def test_memory_that_a_call_asks_for_is_counted(gpu):
    def work():
        for size in (512, 1024):
            gpu.hook.malloc_postprocess(device_id=0, size=size - 1, mem_size=size, mem_ptr=1, pmem_id=1)

    assert device.allocated_bytes(work) == 1536


def test_copies_and_launches():
    assert gpu_rows.copies_for(100, 50) == 3
    assert gpu_rows.copies_for(10, 50) == 12
    assert gpu_rows.launches_for(1.0) == 2
    assert gpu_rows.launches_for(100e-6) == 3
    assert gpu_rows.launches_for(1e-6) == 20


def test_all_steps(gpu, small, monkeypatch, tmp_path):
    verdicts = {"complete": True, "status": 0, "dialects": [], "verdicts": {"conforms": 3}, "first_failures": []}
    monkeypatch.setattr(goldens, "judge", lambda *_: verdicts)
    monkeypatch.setattr(exercise, "small_calls", lambda: 1)
    monkeypatch.setattr(machine, "cores", lambda: 1)
    monkeypatch.setattr(probes, "_STREAM_BYTES", 2**20)
    monkeypatch.setattr(probes, "_COPY_BYTES", 2**20)
    facts = {"source": machine.source(), "command": [], "machine": machine.describe(), "versions": machine.versions()}
    document = Document.begin(tmp_path / "record.json", 5, facts, resume=False)
    gpu_record.measure(document, ["a1"], [Operation.FORWARD, Operation.POOLER_BACKWARD], 0.0)
    content = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA)
    states = {stage["name"]: stage["state"] for stage in content["stages"]}
    for name in (
        "bandwidths",
        "golden cases on the device",
        "gpu a1 forward",
        "gpu a1 pooler-backward",
        "launches",
        "atomics",
        "sorts",
    ):
        assert states[name] == "done", content["stages"]
    assert {states[f"compute-sanitizer {tool}"] for tool in ("memcheck", "racecheck", "initcheck", "synccheck")} == {
        "skipped"
    }
    assert states["torchvision a1 kernel"] == "failed"
    row, gradient = content["rows"]
    assert [row["operation"], gradient["operation"]] == ["forward", "pooler-backward"]
    assert row["rates"]["source"].startswith("measured")
    found = {probe["name"]: probe["value"] for probe in content["probes"]}
    assert found["L2 read"] == pytest.approx(16 * 24 * 2**20 / LAUNCH_SECONDS)
    assert found["copy, read and written"] == pytest.approx(2 * 2**20 / LAUNCH_SECONDS)
    assert found["add scalar, spread"] == pytest.approx(4 * 4 * 256 * 64 / LAUNCH_SECONDS)
    assert {probe["number"] for probe in content["probes"]} == {0, 1, 4, 5, 6, 7}


def test_steps_that_come_too_late_are_skipped(gpu, small, tmp_path):
    facts = {"source": machine.source(), "command": [], "machine": machine.describe(), "versions": machine.versions()}
    document = Document.begin(tmp_path / "record.json", 5, facts, resume=False)
    document.deadline = time.monotonic()
    gpu_record.measure(document, ["a1"], list(Operation), 0.0)
    assert {stage["state"] for stage in document.content["stages"]} == {"skipped"}


@pytest.fixture
def exercised(gpu, monkeypatch):
    """The calls of `exercise` go to the host; what they were, by name, is returned."""
    calls = []

    def on_host(name):
        def call(first, *positional, **keywords):
            made = [sound(array) for array in (first, *positional)]
            given = {key: sound(array) for key, array in keywords.items()}
            maps, boxes = (first[0] if isinstance(first, list) else first), positional[0]
            calls.append((name, maps.dtype.name, maps.shape, keywords["layout"], keywords.get("mode"), np.shape(boxes)))
            result = getattr(kernels, name)(*made, **given)
            return result.view(Array) if isinstance(result, np.ndarray) else result

        return call

    for name in ("roi_align", *GRADIENTS_AND_POOLERS):
        monkeypatch.setattr(exercise, name, on_host(name))
    monkeypatch.setattr(sys.modules["cupy"].cuda, "set_allocator", lambda allocator: None, raising=False)
    return calls


GRADIENTS_AND_POOLERS = (
    "roi_align_backward",
    "roi_align_backward_boxes",
    "multiscale_roi_align",
    "multiscale_roi_align_backward",
    "multiscale_roi_align_backward_boxes",
)


def sound(array):
    """Returns an argument for the host; without the last two boxes of the small calls, which are to be refused."""
    if isinstance(array, list) and isinstance(array[0], Array):
        return [one.get() for one in array]
    if not isinstance(array, Array):
        return array
    return array.get()[:5] if len(array) == 7 else array.get()


def test_a_row_runs_under_the_tools(small, exercised):
    result = CliRunner().invoke(exercise.app, ["--row", "a1", "--dtype", "float16"])
    assert result.output == "2 launches exercised\n"
    assert [name for name, *_ in exercised] == ["roi_align"] * 2


def test_small_calls_of_all_operations_run_under_the_tools(exercised):
    result = CliRunner().invoke(exercise.app, [])
    assert result.exit_code == 0, result.output
    kinds = 2 * 2 * 2  # layouts, modes, grids
    forward, others = 2 * kinds * 4 * 4, 2 * kinds * 2 * 3  # with and without RoIs; data types, numbers of channels
    assert result.output == f"{forward + 5 * others} launches exercised\n"
    names = [name for name, *_ in exercised]
    assert names.count("roi_align") == forward
    assert [names.count(name) for name in GRADIENTS_AND_POOLERS] == [others] * 5
    assert len({call for call in exercised if call[0] == "roi_align"}) == forward / 2, (
        "all but the grids are told apart"
    )


def test_without_measured_rates_the_floors_say_that_theirs_are_assumed():
    assert probes.rates([]) is ASSUMED
    assert "assumed" in ASSUMED.source


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_probes_compile(architecture):
    core = pytest.importorskip("cuda.core", reason="NVRTC: pip install 'roikit[nvrtc]'")
    options = core.ProgramOptions(arch=architecture, std="c++17")
    code = core.Program(device.SOURCE.read_text(encoding="utf-8"), "c++", options).compile("cubin").code
    assert (b"add_bulk" in code) == (int(architecture.removeprefix("sm_")) >= 90)
    assert b"read_l2" in code
