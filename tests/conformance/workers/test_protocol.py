"""A worker in another language joins a run, and the document that it was written from says what there is to know."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest

from roikit.conformance.implementation import Description
from roikit.conformance.results import file as results
from roikit.conformance.verdict import ACCIDENTS
from roikit.conformance.workers import protocol
from roikit.conformance.workers.greeting import understand
from tests.command import roikit

SOURCE = Path(__file__).with_name("worker.cpp")
COMPILER = shlex.split(os.environ.get("CXX", "")) or [*filter(shutil.which, ("c++", "g++", "clang++"))][:1]
DOCUMENT = files("roikit.conformance").joinpath("PROTOCOL.md").read_text(encoding="utf-8")


def compiled(folder, *changes):
    """Returns the path of the worker, with some text of its source replaced."""
    text = SOURCE.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, "the fault no longer fits the source"
        text = text.replace(old, new)
    source, worker = folder / "worker.cpp", folder / "worker"
    source.write_text(text, encoding="utf-8")
    strict = [] if changes else ["-Wall", "-Wextra", "-Werror"]  # newer compilers see some of the faults themselves
    options = ["-std=c++17", "-O1", "-ffp-contract=off"]
    subprocess.run([*COMPILER, *options, *strict, "-o", worker, source], check=True)
    return worker


def conform(started, path, *arguments):
    """Runs the worker that a command, a list of words, starts."""
    given = "--worker", f"mine={shlex.join(map(str, started))}", "-o", path
    run = roikit("conform", *given, *arguments)
    return run.returncode, results.read(path)


needs_compiler = pytest.mark.skipif(not COMPILER, reason="no C++ compiler")


@pytest.mark.one_in(3)
@needs_compiler
@pytest.mark.parametrize("version", protocol.SUPPORTED)
def test_a_worker_in_cpp_conforms_in_every_version_of_the_protocol(tmp_path, version):
    worker = compiled(tmp_path, ('\\"protocol\\": 2', f'\\"protocol\\": {version}'))
    size = "real" if version == protocol.VERSION else "small"
    status, (_, subject, *judged, footer) = conform([worker], tmp_path / "run.ndjson", "--full", "--size", size)
    assert (status, subject["state"]) == (0, "ran")
    assert set(footer["verdicts"]) == {"conforms", "unsupported"}
    assert footer["verdicts"]["conforms"] > 4000
    refused = {"strides", "calls after a fork"} | ({"calls from several threads at once"} if size == "real" else set())
    assert {r["reason"] for r in judged if r["verdict"] == "unsupported"} == refused
    assert {r["layout"] for r in judged} == {"NCHW", "NHWC"}
    assert {r["dtype"] for r in judged} == {"float32", "float64"}


FAULTS = {
    "half a bin off": ("((T)i + (T)0.5)", "((T)i + (T)0.25)", "deviates"),
    "the low bound is outside": ("y >= (T)-1", "y > (T)-1", "deviates"),
    "memory that nobody wrote to": (
        "return is_max || first",
        "T *stray = new T[64]; if (ys.size() == 1) return stray[7]; return is_max || first",
        "uninitialised",
    ),
    "two answers to one question": ("T sum = 0", "static T calls = 0; T sum = calls++", "deviates"),
    "it dies of a bad box": ('throw std::invalid_argument("no such image")', "std::abort()", "crashed"),
    "no answer": ('throw std::invalid_argument("no such image")', "for (;;) pause();", "timed-out"),
}


@pytest.mark.one_in(3)
@needs_compiler
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_worker_in_cpp_is_found(tmp_path, fault):
    old, new, verdict = FAULTS[fault]
    worker = compiled(tmp_path, (old, new))
    few = "batch-index-negative" if verdict == "timed-out" else "batch-index-*"  # each call is waited for
    chosen = f"--select place-* --select border-* --select {few} --layout NCHW --dialect torchvision --dtype float32"
    status, records = conform([worker], tmp_path / "run.ndjson", *chosen.split(), "--timeout", "1", "--no-diagnose")
    assert status == 1
    assert verdict in records[-1]["verdicts"]


def examples():
    return [
        json.loads(line)
        for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
        for line in block.splitlines()
    ]


def test_the_examples_of_the_document_are_understood():
    for message in examples():
        match message["type"]:
            case "ready":
                assert understand("x", message).state == "ran"
                assert message["protocol"] == protocol.VERSION
            case "absent" | "broken" as state:
                assert understand("x", message).state == state
                assert understand("x", message).reason
            case "roi_align":
                assert [part["name"] for part in message["arrays"]] == ["input", "boxes"]
            case _:
                due = ["output", "1.output"] if "call" in message else ["output"]
                protocol.check_answer(message, {part["name"]: None for part in message["arrays"]}, due)


def test_the_document_names_every_field_and_every_version():
    for field in fields(Description):
        assert f"| `{field.name}` |" in DOCUMENT
    for name in protocol.FINDINGS:
        assert f"| `{name}` |" in DOCUMENT
    for name in (*ACCIDENTS, "ROIKIT_POISON", "GLIBC_TUNABLES"):
        assert name in DOCUMENT
    for version in protocol.SUPPORTED:
        assert re.search(rf"^\| {version} \|", DOCUMENT, re.MULTILINE)
    assert f"version {protocol.VERSION}\n" in DOCUMENT


def test_the_document_names_every_field_of_a_call(tmp_path):
    """As a worker sees it that writes down what it is sent."""
    heard = tmp_path / "heard"
    worker = tmp_path / "worker.py"
    greeting = next(message for message in examples() if message["type"] == "ready")
    greeting["description"]["operations"] = ["forward", "feature_gradient"]
    worker.write_text(
        f"import sys\nprint({json.dumps(greeting)!r}, flush=True)\n"
        f"open({str(heard)!r}, 'ab').write(sys.stdin.buffer.readline())\n"
    )
    chosen = ("--select", "g-inside-adaptive", "--once")
    conform([sys.executable, worker], tmp_path / "run.ndjson", *chosen)
    call = json.loads(heard.read_text().splitlines()[0])
    example = next(message for message in examples() if message["type"] == "roi_align")
    assert set(call) == set(example)
    for name in [*call, *(part["name"] for part in call["arrays"])]:
        assert name in ("type", "arrays") or f"| `{name}` |" in DOCUMENT
    assert [part["name"] for part in call["arrays"]] == ["input", "boxes", "grad"]
