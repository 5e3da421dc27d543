"""Every kernel that a GPU may run compiles for every supported GPU, and none spills registers or takes more of them than blocks
that are to run at once leave. Needs no GPU. What is unchanged is taken from ``compiled.json``, but for a sample."""

import itertools
from importlib.util import find_spec

import pytest

from benchmarks.assembler import ledger
from benchmarks.assembler.nvrtc import ARCHITECTURES
from benchmarks.operators.roi_align.specialisations import DTYPES, MAIN, THOROUGH, specialisations
from roikit.kernels.calls.problem import LAYOUTS, MODES
from roikit.kernels.dialects.roi_align import DIALECTS

needs_nvrtc = pytest.mark.skipif(find_spec("cuda") is None, reason="NVRTC: pip install 'roikit[nvrtc]'")

OPERATOR = "roi_align"
PARTS = 16  # so that processes share what there is to compile
RECORDED = ledger.recorded(OPERATOR)
ALL = {one.name: one for one in specialisations()}
ROWS = RECORDED.rows(ALL.values())


def excess(name, value):
    """What a kernel takes more of than it may."""
    operation, dtype, mode, *_ = name.split()
    for architecture, entry, facts in ledger.facts_of(value):
        few = operation == "forward" and mode == "avg" and dtype != "float64" and architecture == "sm_90"
        limit = 255 if operation == "gradient" else 80 if few else 128
        if facts.spill_bytes or facts.stack_bytes or facts.registers > limit:
            yield f"{name} · {entry} · {architecture}: {facts}, with {limit} registers at most"


@needs_nvrtc
@pytest.mark.parametrize("part", range(PARTS))
def test_facts_are_what_the_compiler_says(part, record_property):
    due = RECORDED.ledger.due(ROWS, ledger.code(), ledger.SHARE)
    mine = due.part(part, PARTS)
    record_property("ledger", [f"kernels of {OPERATOR}", part, *mine.sizes])
    computed = {row.name: ledger.compile_all(ALL[row.name]) for row in mine.rows}
    assert [line for name, value in computed.items() for line in excess(name, value)] == []
    if RECORDED.compiler == ledger.compiler():  # another one makes other code, within the same limits
        assert mine.complaints(computed) == [], "python -m benchmarks.assembler brings the ledger up to date"


def test_no_kernel_spills_or_takes_too_many_registers():
    assert [line for name, value in RECORDED.values.items() for line in excess(name, value)] == []


def test_every_kernel_is_written_down_and_no_other():
    assert list(RECORDED.values) == list(ALL), "python -m benchmarks.assembler brings the ledger up to date"
    for name, value in RECORDED.values.items():
        assert tuple(value) == ALL[name].architectures
        assert all(tuple(entries) == ALL[name].source.entries for entries in value.values())


def test_every_function_that_dialects_compute_has_a_kernel():
    """With both alignments where channels come last; the main dialects for every architecture."""
    for dtype, mode, layout in itertools.product(DTYPES, MODES, LAYOUTS):
        mine = [one for name, one in ALL.items() if name.startswith(f"forward {dtype} {mode} {layout} ")]
        any_size = [one for one in mine if " size " not in one.name]
        functions = {dialect.for_mode(mode) for dialect in DIALECTS.values()}
        assert len(any_size) == len(functions) * (2 if layout == "NHWC" else 1)
        assert all(set(THOROUGH) <= set(one.architectures) for one in mine)
        everywhere = [one for one in any_size if one.architectures == ARCHITECTURES]
        assert len(everywhere) == len({DIALECTS[name].for_mode(mode) for name in MAIN}) * (2 if layout == "NHWC" else 1)


def test_kernels_of_one_source_are_told_apart():
    several = [by_entry for value in RECORDED.values.values() for by_entry in value.values() if len(by_entry) > 1]
    assert several
    assert all(len({facts[-1] for facts in by_entry.values()}) == len(by_entry) for by_entry in several)
