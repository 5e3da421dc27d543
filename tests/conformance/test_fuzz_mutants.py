"""The fuzzer finds faults in our own kernel, each within a minute."""

import importlib.util
import json
import os
import time
from pathlib import Path

import pytest

from roikit.conformance import fuzz
from roikit.conformance.fuzz import Task, run_batch
from roikit.conformance.process import Target

HERE = Path(__file__).parent
_specification = importlib.util.spec_from_file_location("roikit_mutants", HERE / "test_kernels.py")
_module = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(_module)
MUTANTS = _module.MUTANTS

# Two in every run of the tests, since each is compiled; the others are for ROIKIT_FUZZ_MUTANTS=all.
ALWAYS = ("low bound excluded", "merged taps lose a weight")
FAULTS = (
    *ALWAYS,
    "half pixel",
    "adaptive ceil",
    "corner of the cell instead of its centre",
    "high bound",
    "edge clamp",
    "first image only",
    "x and y exchanged",
    "maximum without outside samples",
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_within_a_minute(fault, monkeypatch):
    if fault not in ALWAYS and os.environ.get("ROIKIT_FUZZ_MUTANTS") != "all":
        pytest.skip("ROIKIT_FUZZ_MUTANTS=all runs all ten")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("ROIKIT_FAULT", json.dumps(MUTANTS[fault]))
    target = Target("mutant", "adapter:players:Mutant")
    modes = ("max",) if "maximum" in fault else ("avg",)
    task = Task(target, 1, 0, ("torchvision-aligned",), ("float32",), ("NCHW",), modes, False, 60.0, True)
    started = time.monotonic()
    try:
        batch = run_batch(task)
    finally:
        fuzz.close_sessions()
    assert batch.found is not None
    assert batch.found.verdict in ("deviates", "crashed")
    print(
        f"{fault}: after {batch.calls} calls, {time.monotonic() - started:.1f} s: {json.dumps(batch.found.arguments)}"
    )
    assert time.monotonic() - started < 60
