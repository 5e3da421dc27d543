"""The way to a record on a GPU, without one: a stand-in for CuPy whose launches take a fixed time by its own clock.

This shows that graphs, events, checks and arithmetic fit together, and that times are divided by the right counts. It cannot
show that CuPy does what the stand-in does.
"""

import json
import time

import jsonschema
import pytest

from benchmarks.assembler.nvrtc import ARCHITECTURES
from benchmarks.measuring import device, gpu_torch, machine, probes
from benchmarks.measuring.exercise import Exercise
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.roi_align import calls
from benchmarks.operators.roi_align.operations import Operation
from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.record import goldens, gpu_record, gpu_rows
from benchmarks.record.document import Document
from benchmarks.record.work import Work
from benchmarks.suites import gpu as series
from benchmarks.workloads import problem

SCHEMA = json.loads((machine.ROOT / "reports" / "schema" / "record.schema.json").read_text(encoding="utf-8"))


def measured(row, variants=(), operation=Operation.FORWARD):
    return gpu_rows.measure_on_gpu(ROI_ALIGN, operation, row, ASSUMED, 0.0, 1, variants)


def test_a_row(gpu, small):
    row = measured(small)
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    assert list(row["absent"]) == ["torchvision"]
    for entry in row["entries"]:
        assert entry["times"]["hot"]["median"] == pytest.approx(2 * gpu.launch_seconds), "two levels"
        assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds)
        assert entry["times"]["hot"]["samples"] == 10
        assert entry["floor_fraction"]["cold"] == pytest.approx(entry["floor"]["cold"] / (2 * gpu.launch_seconds))
        assert entry["workspace_bytes"] == 0
        assert entry["graph"]
    single, half = (row["entries"][i] for i in (0, 2))
    assert single["floor"]["output_bytes"] == 2 * half["floor"]["output_bytes"] == 4 * small.outputs
    assert half["cold_copies"] > single["cold_copies"], "half the bytes need more copies to exceed the cache"
    assert row["control"]["spread"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("operation", [one for one in Operation if one != Operation.FORWARD])
def test_rows_of_other_operations(gpu, small, operation):
    row = measured(small, operation=operation)
    assert row["operation"] == operation
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 6
    assert set(row["absent"]) == {name for name, operations in ROI_ALIGN.gpu.peers.items() if operation in operations}
    launches = 1 if operation.all_levels else 2
    for entry in row["entries"]:
        assert entry["times"]["cold"]["median"] == pytest.approx(launches * gpu.launch_seconds)
        assert entry["graph"]
    maps = 2 * 9 * (40 * 64 + 20 * 32)
    if operation.gradient:
        floor = row["entries"][0]["floor"]
        assert (floor["touched_bytes"], floor["output_bytes"]) == (4 * maps, 4 * small.outputs)
        assert row["entries"][0]["cold_copies"] == 2 + -(-2 * 2**20 // (4 * (maps + small.outputs)))


def test_cold_gradients_are_written_to_arrays_of_their_own(gpu, small):
    timer = device.Timer()
    who, _ = ROI_ALIGN.gpu.everybody(Operation.BACKWARD, problem(small), timer, lambda itemsize: 3)
    first = who[0]
    written = [first.call(one) for one in first.inputs.sets]
    assert len({out.ctypes.data for outs in written for out in outs}) == 3 * 2 == len(first.owned)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (Operation.BACKWARD, "roi_align_backward"),
        (Operation.POOLER_BACKWARD, "multiscale_roi_align_backward"),
    ],
)
def test_a_wrong_gradient_is_wrong_however_fast(gpu, small, monkeypatch, operation, name):
    honest = getattr(calls, name)

    def doubled(*arguments, out, **keywords):
        honest(*arguments, out=out, **keywords)
        for one in out if isinstance(out, list) else [out]:
            one[0] *= 2
        return out

    monkeypatch.setattr(calls, name, doubled)
    row = measured(small, ("NHWC float32",), operation)
    assert row["entries"][0]["verdict"] == "wrong"
    assert "times the bound" in row["entries"][0]["reason"]


def test_poolers_of_pytorch_are_not_captured():
    with pytest.raises(NotImplementedError, match="wait for the device"):
        gpu_torch.not_captured(lambda: None)


def test_what_cannot_be_captured_is_timed_without_a_graph(gpu, small, monkeypatch):
    def refuse(timer, work):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(device.Timer, "capture", refuse)
    row = measured(small, ("NCHW float32",))
    (entry,) = row["entries"]
    assert not entry["graph"]
    assert entry["times"]["cold"]["median"] == pytest.approx(2 * gpu.launch_seconds)


def test_a_wrong_kernel_is_wrong_however_fast(gpu, small, monkeypatch):
    monkeypatch.setattr(calls, "roi_align", lambda *_, out, **__: gpu.launch() or out)  # writes nothing
    row = measured(small, ("NCHW float32",))
    (entry,) = row["entries"]
    assert (entry["verdict"], entry["reason"]) == ("wrong", "not finite, or not written")
    assert series.figures(row)["NCHW float32"]["verdict"] == "wrong"


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
    monkeypatch.setattr(Exercise, "small_calls", lambda self: 1)
    monkeypatch.setattr(machine, "cores", lambda: 1)
    monkeypatch.setattr(probes, "_STREAM_BYTES", 2**20)
    monkeypatch.setattr(probes, "_COPY_BYTES", 2**20)
    facts = {"source": machine.source(), "command": [], "machine": machine.describe(), "versions": machine.versions()}
    document = Document.begin(tmp_path / "record.json", 5, facts, resume=False)
    gpu_record.measure(document, [Work(ROI_ALIGN, [Operation.FORWARD, Operation.POOLER_BACKWARD], ["a1"])], 0.0)
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
    assert found["L2 read"] == pytest.approx(16 * 24 * 2**20 / gpu.launch_seconds)
    assert found["copy, read and written"] == pytest.approx(2 * 2**20 / gpu.launch_seconds)
    assert found["add scalar, spread"] == pytest.approx(4 * 4 * 256 * 64 / gpu.launch_seconds)
    assert {probe["number"] for probe in content["probes"]} == {0, 1, 4, 5, 6, 7}


def test_gradients_leave_time_for_the_tools(gpu, small, monkeypatch, tmp_path):
    facts = {"source": machine.source(), "command": [], "machine": machine.describe(), "versions": machine.versions()}
    document = Document.begin(tmp_path / "record.json", 2, facts, resume=False)
    taken = []
    monkeypatch.setattr(document, "stage", lambda name, step, least=5: taken.append(name) if least < 120 else None)
    gpu_record.measure(document, [Work(ROI_ALIGN, [Operation.FORWARD, Operation.BACKWARD], ["a1"])], 0.0)
    assert "gpu a1 forward" in taken
    assert "compute-sanitizer memcheck" in taken
    assert "gpu a1 backward" not in taken


def test_steps_that_come_too_late_are_skipped(gpu, small, tmp_path):
    facts = {"source": machine.source(), "command": [], "machine": machine.describe(), "versions": machine.versions()}
    document = Document.begin(tmp_path / "record.json", 5, facts, resume=False)
    document.deadline = time.monotonic()
    gpu_record.measure(document, [Work(ROI_ALIGN, list(Operation), ["a1"])], 0.0)
    assert {stage["state"] for stage in document.content["stages"]} == {"skipped"}


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
