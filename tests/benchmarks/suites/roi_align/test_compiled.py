"""Static facts: trips of loops counted by hand, and what is shown where there is no disassembler."""

from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from benchmarks.assembler import nvrtc, sass
from benchmarks.assembler.facts import facts
from benchmarks.operator import Assembled
from benchmarks.operators.roi_align import compiled as about
from benchmarks.operators.roi_align import instructions
from benchmarks.record.table import print_tables
from benchmarks.suites.roi_align import compiled
from roikit.kernels.operators.roi_align import forward_plan as plan

needs_nvrtc = pytest.mark.skipif(find_spec("cuda") is None, reason="NVRTC: pip install 'roikit[nvrtc]'")


def test_bodies_of_channels_last_are_what_the_formulas_of_the_model_say():
    """Every tap of every bin once for each two vectors of channels, shared among the threads that take bins."""
    row = instructions.ROWS["a1"]
    launch = instructions.launch_of(row, "NHWC", "float32", 4)
    counted = instructions.bodies(row, "NHWC", "float32", 4)
    merged = np.mean([taps.y.sum() * taps.x.sum() for taps in instructions.taps_of(row)])
    rows = 7 * np.mean([taps.y.sum() for taps in instructions.taps_of(row)])
    assert counted["outer taps"] == pytest.approx(rows / launch.block[1])
    assert counted["taps"] == pytest.approx(
        (merged - rows) / launch.block[1]
    )  # the first of a row is no turn of the loop
    assert counted["bins"] == 49 / launch.block[1]
    assert instructions.bodies(row, "NCHW", "float32", 1)["bins"] == 49 * 256 / 4 / 256
    assert counted["lists"] == 1 / 8  # 14 lists: one warp of eight


def test_a_loop_that_is_not_known_is_an_error():
    with pytest.raises(ValueError, match=r"not known how often it runs: for \(;;\)"):
        instructions._name([["for (int64 k"], ["for (;;)"]])


@pytest.mark.parametrize("specialisation", about.SPECIALISATIONS)
@needs_nvrtc
def test_facts(specialisation):
    found = about.facts_of(specialisation, "sm_90")
    assert set(found) == set(about.FACTS)
    assert found["spill_bytes"] == 0
    assert found["resident_warps_a1"] >= 24
    if sass.disassembler() is None:
        pytest.skip("no nvdisasm: pip install nvidia-cuda-nvdisasm")
    assert 0 < found["instructions_per_output_c1"] < found["instructions"]


@needs_nvrtc
def test_without_a_disassembler_facts_are_missing_and_shown_to_be(monkeypatch):
    monkeypatch.setattr(sass, "disassembler", lambda: None)
    found = about.facts_of("NHWC float32", "sm_90")
    assert found["instructions"] is found["instructions_per_output_a1"] is None
    with pytest.raises(NotImplementedError, match="nvdisasm"):
        compiled.Compiled().setup({("NHWC float32", "sm_90"): found}, "instructions", "NHWC float32", "sm_90")
    item = {"specialisation": "NHWC float32", "architecture": "sm_90", **found}
    console = Console(width=200, record=True, file=SimpleNamespace(write=lambda _: None, flush=lambda: None))
    print_tables({"compiled": [item], "stages": [], "rows": []}, console)
    assert "a1 missing, b1 missing, c1 missing" in console.export_text()


def test_the_plan_of_a_counted_row_is_that_of_a_call():
    row = instructions.ROWS["c1"]
    launch = instructions.launch_of(row, "NHWC", "float16", 8)
    assert isinstance(launch, plan.Plan)
    assert launch.grid[0] == row.rois


def test_facts_are_worked_out_for_all_in_order_until_the_deadline():
    assembled = Assembled(specialisations=("x", "y"), facts=(), of=lambda *pair: {"of": pair}, summary=str)
    every = [(s, a) for s in "xy" for a in nvrtc.ARCHITECTURES]
    assert [(f["specialisation"], f["architecture"]) for f in facts(assembled)] == every
    assert [f["of"] for f in facts(assembled)] == every
    assert facts(assembled, deadline=0) == []


def test_asv_follows_every_fact_in_few_processes():
    followed = {*compiled.Compiled.params[0], *compiled.CompiledForHopper.params[0]}
    assert followed == set(about.FACTS)
    numbers = (np.prod([len(values) for values in c.params]) for c in (compiled.Compiled, compiled.CompiledForHopper))
    assert sum(numbers) < 200
