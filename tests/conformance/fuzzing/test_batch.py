"""The fuzzer finds faults, shrinks them, alarms nobody for nothing, and says the same for the same seed, wherever it is run."""

import dataclasses
import json
import os
import pickle
import shlex
import subprocess
import sys
from importlib.resources import files
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from rich.console import Console

from roikit.conformance import operators
from roikit.conformance.arrays import leaves
from roikit.conformance.cases.case import cases_of
from roikit.conformance.fuzzing import batch as fuzz
from roikit.conformance.fuzzing import run as fuzz_run
from roikit.conformance.fuzzing import strategies
from roikit.conformance.fuzzing.batch import Batch, run_batch
from roikit.conformance.fuzzing.cases import whole
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align.draws import chance
from roikit.conformance.operators.roi_align.oracle.certificate import exact_dtypes
from roikit.conformance.workers.process import Target
from roikit.kernels.dialects.roi_align import DIALECTS
from tests.command import roikit
from tests.conformance.fuzzing.tasks import task


def records(folder):
    return [json.loads(line) for line in (folder / "fuzz.ndjson").read_text().splitlines()]


def without_time(batch):
    return {
        key: value for key, value in (batch if isinstance(batch, dict) else vars_of(batch)).items() if key != "seconds"
    }


def vars_of(batch):
    return {name: getattr(batch, name) for name in Batch.__slots__}


def only_case(folder):
    """The one case file of a folder, which must meet the schema, and its case."""
    (path,) = folder.glob("fuzz-*.json")
    document = json.loads(path.read_text())
    schema = json.loads(files("roikit.conformance").joinpath("schema/case.schema.json").read_text())
    jsonschema.validate(document, schema)
    (case,) = cases_of(document)
    return path, case


def test_what_is_found_is_small_and_can_be_replayed_by_anyone(tmp_path):
    run = roikit("fuzz", "players:half_a_pixel_off", "--seed", 1, "--once", "--size", "small", "-o", tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    path, case = only_case(tmp_path)
    assert len(case.arguments["boxes"]) == 1
    assert np.prod(case.arguments["input"]["shape"]) <= 4
    again = next(line for line in run.stdout.splitlines() if line.startswith("again: roikit "))
    assert roikit(*shlex.split(again.removeprefix("again: roikit "))).returncode == 1
    assert roikit("conform", "-i", "players:transcribed", "--cases", path).returncode == 0


def test_a_gradient_that_is_found_can_be_replayed_by_anyone(tmp_path):
    """Under a dialect whose RoIs the forward does not enlarge."""
    how = ("--dialect", "torchvision-aligned", "--dtype", "float32", "--once")
    small = ("--operation", "feature_gradient", "--size", "small")
    workers = {name: f"{name}={shlex.quote(sys.executable)} -m roikit.conformance.workers.worker adapter:players:{name}"
               for name in ("PaddleGradients", "Gradients")}  # fmt: skip
    run = roikit("fuzz", workers["PaddleGradients"], *how, *small, "-o", tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    path, case = only_case(tmp_path)
    assert (case.operation, len(case.arguments["boxes"])) == ("feature_gradient", 1)
    assert np.prod(case.arguments["input"]["shape"]) <= 4
    for name, status in (("PaddleGradients", 1), ("Gradients", 0)):
        run = roikit("conform", "--worker", workers[name], "--cases", path, *how)
        assert run.returncode == status, run.stdout + run.stderr


def test_where_there_is_no_derivative_a_gradient_for_a_box_is_left_open_unless_asked_for(monkeypatch):
    """Under a dialect whose samples are all inside: a hair would put others out, and change all gradients of the box."""
    monkeypatch.setattr(fuzz, "_SHRINKING_SECONDS", 0)
    asked = {"dialects": ("torchvision-python-aligned",), "operations": ("box_gradient",)}
    left = dataclasses.replace(task(**asked), target=Target("left", "adapter:players:SlopesFromTheLeft"))
    assert run_batch(left).found is None
    found = run_batch(dataclasses.replace(left, kinks=True)).found
    assert found is not None
    assert found.operation == "box_gradient"
    (case,) = cases_of(whole(found.arguments, found.dialect, found.dtype, found.operation, kinks=True))
    (open_,) = cases_of(whole(found.arguments, found.dialect, found.dtype, found.operation))
    strict, left_open = (c.expectation(found.dialect, found.dtype).bound for c in (case, open_))
    assert strict is None
    assert None in leaves(left_open)


@pytest.mark.one_in(3)
def test_a_library_gets_a_script_of_its_own(tmp_path):
    """Our own kernels are a library, too; this worker stands in for them and has no maxima."""
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import runpy, sys\nimport roikit.conformance.adapters.roikit as a\nright = a.RoikitHost.roi_align\n"
        "def wrong(self, call, out=None):\n    result = right(self, call, out)\n"
        "    return result * 0 if call.mode == 'max' else result\n"
        "a.RoikitHost.roi_align = wrong\nsys.argv.pop(0)\n"
        "runpy.run_module('roikit.conformance.workers.worker', run_name='__main__')\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nshift 2\nexec {shlex.join([sys.executable, str(broken)])} worker "$@"\n')
    python.chmod(0o755)
    chosen = ("--dialect", "torchvision", "--dtype", "float32", "--layout", "NCHW", "--once", "--mode", "max")
    chosen += ("--operation", "forward", "--size", "small")
    run = roikit("fuzz", "roikit", "--python", python, *chosen, "-o", tmp_path / "out")
    assert run.returncode == 1, run.stdout + run.stderr
    (script,) = (tmp_path / "out").glob("fuzz-*.py")
    assert "Written by `roikit fuzz roikit --seed 0`" in script.read_text()
    assert subprocess.run([sys.executable, script], check=False).returncode == 0  # here nothing is broken
    assert 'mode="max"' in script.read_text() or "'max'" in script.read_text()


def test_a_call_that_scripts_of_a_library_cannot_make_gets_none(tmp_path, capsys):
    arguments = {
        "input": {"shape": [1, 1, 2, 2], "rows": [[1, 2], [3, 4]]}, "boxes": [[0, 0, 0, 1, 1]],
        "grad": {"shape": [1, 1, 1, 1], "rows": [[1]]}, "output_size": [1, 1], "spatial_scale": [1, 1],
        "sampling_ratio": [2, 2], "mode": "avg",
    }  # fmt: skip
    how = Operation.BOX_GRADIENT, "torchvision-aligned", "float32", "NCHW", "deviates", "wrong", None, {}
    request = SimpleNamespace(output=tmp_path, operator="roi_align", kinks=False, implementation="mmcv", seed=0)
    fuzz_run._show(Console(), request, Target("mmcv", "adapter:x:X"), fuzz.Found(arguments, *how))
    assert "no script: " in capsys.readouterr().out


def test_a_batch_follows_from_seed_and_number_alone(monkeypatch):
    monkeypatch.setattr(fuzz, "CALLS", 25)
    first, other, again = (without_time(run_batch(task(seed=1, number=number))) for number in (0, 1, 0))
    assert first == again != other
    found = [run_batch(task("players:half_a_pixel_off")).found for _ in range(2)]
    assert found[0] == found[1] is not None


def test_a_batch_is_the_same_in_a_process_that_has_loaded_other_modules(tmp_path):
    """Hypothesis draws constants from the modules that it finds."""
    constants = ", ".join(str(n) for n in range(-12, 40))
    (tmp_path / "full_of_constants.py").write_text(f"NUMBERS = [{constants}, 0.3125, 0.8125, 5.0625, b'abc', b'd']\n")
    code = (
        "import sys, pickle, full_of_constants\nfrom roikit.conformance.fuzzing.batch import run_batch\n"
        "sys.stdout.buffer.write(pickle.dumps(run_batch(pickle.load(sys.stdin.buffer))))"
    )
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    asked = pickle.dumps(task(seed=7, number=2))
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=asked,
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert without_time(pickle.loads(run.stdout)) == without_time(run_batch(task(seed=7, number=2)))


@pytest.mark.one_in(3)
def test_jobs_change_nothing_but_the_time(tmp_path):
    for jobs, folder in ((1, tmp_path / "one"), (2, tmp_path / "two")):
        how = ("--batches", 2, "--seed", 4, "--once", "--size", "small")
        run = roikit("fuzz", "players:transcribed", *how, "-j", jobs, "-o", folder)
        assert run.returncode == 0, run.stdout + run.stderr
    one, two = (records(tmp_path / name)[1:] for name in ("one", "two"))
    assert [without_time(r) for r in one] == [without_time(r) for r in two]
    assert [r["number"] for r in one[:-1]] == [0, 1]
    assert one[-1]["calls"] == sum(r["calls"] for r in one[:-1]) > 120


@pytest.mark.one_in(3)
def test_memory_that_nobody_wrote_to_is_found_in_two_processes():
    found = run_batch(task("players:leaves_holes", once=False)).found
    assert found is not None
    assert found.verdict == "uninitialised"
    assert len(found.arguments["boxes"]) <= 4  # of fewer numbers, memory that Python itself used a moment ago


@pytest.mark.one_in(3)
def test_a_crash_is_found_and_shrunk():
    found = run_batch(task("players:dies_of_wide_maps")).found
    assert found is not None
    assert found.verdict == "crashed"
    assert found.arguments["input"]["shape"][3] == 9


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(chance.arguments())
def test_what_is_drawn_is_a_call(drawn):
    case = strategies.expect(drawn, "torchvision", "float32")
    call = case.call("torchvision", "float32", "NHWC")
    assert call.boxes.shape[1:] == (5,)
    assert np.isfinite(call.boxes).all()
    (expectation,) = case.expected
    dialect = DIALECTS["torchvision"].for_mode(case.mode)
    assert (expectation.bound is not None) or "float32" in exact_dtypes(case.arguments, dialect)


@pytest.mark.parametrize("box_class", operators.get("roi_align").draws.invalid_classes)
def test_boxes_that_cannot_be_pooled_are_of_one_class_and_noted(box_class):
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategies.cases(dialects=["torchvision"], dtypes=["float32"], classes=[box_class]))
    def check(case):
        boxes, images = case.call("torchvision", "float32", "NCHW").boxes, case.arguments["input"]["shape"][0]
        bad = [k for k, box in enumerate(boxes) if not (np.isfinite(box).all() and 0 <= box[0] < images)]
        assert tuple(bad) == case.invalid_rois
        assert (case.kind == "invalid") == bool(bad)

    check()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["roikti"], 2, "no implementation is called 'roikti'"),
        (["detectron2"], 3, "detectron2: absent"),
        (["players:nothing"], 1, "players:nothing: broken: AttributeError"),
        (["roikit", "--dialect", "onnx-17"], 2, "no dialect is called 'onnx-17'"),
        (["onnx-reference", "--layout", "CHWN"], 2, "no layout is called 'CHWN'"),
        (["roikit", "--operation", "backward"], 2, "no operation is called 'backward'"),
        (["players:transcribed", "--boxes", "round"], 2, "no class of boxes is called 'round'"),
        (["players:transcribed", "--operation", "box_gradient"], 2, "has none of the"),
        (["players:transcribed", "--layout", "NHWC"], 2, "has none of the dialects, data types, layouts, modes or operations"),
    ],
)  # fmt: skip
def test_a_users_mistake_is_answered_in_a_line(arguments, status, message, monkeypatch, tmp_path):
    monkeypatch.setenv("ROIKIT_CACHE_DIR", str(tmp_path))  # which has no environments
    run = roikit("fuzz", *arguments)
    assert (run.returncode, "Traceback" in run.stderr) == (status, False)
    assert message in run.stdout + run.stderr


class Hands:
    """Returns batches in any order; and one twice, if told to."""

    wanted = 3

    def __init__(self, twice=False):
        self.tasks, self.twice = [], twice

    def hand_over(self, task):
        self.tasks.append(task)

    def take(self):
        last = self.tasks[-1] if self.twice else self.tasks.pop()
        return [Batch(last.number, 1, 1, 1, 0, None, 0.0)]

    def close(self):
        pass


def test_batches_come_in_their_order_and_none_twice():
    assert [b.number for b in fuzz_run.batches(Hands(), task(), 10, lambda: False)] == list(range(10))
    with pytest.raises(RuntimeError, match="came back twice"):
        list(fuzz_run.batches(Hands(twice=True), task(), 10, lambda: False))
