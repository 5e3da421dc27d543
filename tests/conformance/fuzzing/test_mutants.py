"""The fuzzer finds faults in our own kernels, each within a minute."""

import importlib.util
import json
import os
import time
from pathlib import Path

import pytest

from roikit.conformance.fuzzing.batch import Task, run_batch
from roikit.conformance.fuzzing.sessions import close_sessions
from roikit.conformance.workers.process import Target

HERE = Path(__file__).parents[1]


def mutants_of(name):
    specification = importlib.util.spec_from_file_location(f"roikit_{Path(name).name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.MUTANTS


OUTPUT = {
    fault: ("roi_align/forward.cu", *change)
    for fault, change in mutants_of("operators/roi_align/faults/test_mutant_kernels").items()
}
GRADIENT = mutants_of("operators/roi_align/faults/test_mutant_gradient_kernels")

# Some in every run of the tests, since each is compiled; the others are for ROIKIT_FUZZ_MUTANTS=all. By what is asked for.
ALWAYS = ("low bound excluded", "merged taps lose a weight", "weight lost", "held extent moves")
FAULTS = {
    "forward": (
        *ALWAYS[:2],
        "half pixel",
        "adaptive ceil",
        "corner of the cell instead of its centre",
        "high bound",
        "edge clamp",
        "first image only",
        "x and y exchanged",
        "maximum without outside samples",
    ),
    "feature_gradient": (
        "weight lost",
        "not divided",
        "first RoI only",
        "image",
        "winner is the least",
        "one tap of a maximum",
        "tile begins one row late",
    ),
    "box_gradient": ("held extent moves", "corners exchanged", "slope in the clamped band"),
}
OF_A_MAXIMUM = ("maximum without outside samples", "winner is the least", "one tap of a maximum")
UNALIGNED = ("held extent moves",)  # no other extent is held


@pytest.mark.one_in(10)
@pytest.mark.parametrize(("operation", "fault"), [(o, fault) for o, faults in FAULTS.items() for fault in faults])
def test_a_fault_is_found_within_a_minute(operation, fault, monkeypatch):
    if fault not in ALWAYS and os.environ.get("ROIKIT_FUZZ_MUTANTS") != "all":
        pytest.skip("ROIKIT_FUZZ_MUTANTS=all runs all twenty")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("ROIKIT_FAULT", json.dumps((OUTPUT if operation == "forward" else GRADIENT)[fault]))
    dialect = "torchvision" if fault in UNALIGNED else "torchvision-aligned"
    modes = ("max",) if fault in OF_A_MAXIMUM else ("avg",)
    task = Task(
        Target("mutant", "adapter:players:Mutant"), 1, 0, "roi_align", (dialect,), ("float32",), ("NCHW",), modes,
        (operation,), (),
        kinks=False, invalid=False, seconds=60.0, once=True,
    )  # fmt: skip
    started = time.monotonic()
    try:
        batch = run_batch(task)
    finally:
        close_sessions()
    assert batch.found is not None
    assert batch.found.verdict in ("deviates", "crashed")
    print(
        f"{fault}: after {batch.calls} calls, {time.monotonic() - started:.1f} s: {json.dumps(batch.found.arguments)}"
    )
    assert time.monotonic() - started < 60
