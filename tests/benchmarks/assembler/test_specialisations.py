"""Every kernel that a GPU may run compiles for every supported GPU, and none spills registers or takes more of them than blocks
that are to run at once leave. Needs no GPU. What is unchanged is taken from ``compiled.json``, but for a sample."""

import itertools
import json
import re
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

import pytest

from benchmarks.assembler import ledger
from benchmarks.assembler.nvrtc import ARCHITECTURES
from benchmarks.assembler.specialisations import THOROUGH, everyone
from roikit.conformance import operators
from roikit.conformance.golden.ledger import Ledger
from roikit.kernels.calls.problem import LAYOUTS
from roikit.kernels.dtypes import C_NAMES

pytestmark = pytest.mark.every_run

needs_nvrtc = pytest.mark.skipif(find_spec("cuda") is None, reason="NVRTC: pip install 'roikit[nvrtc]'")

OF_ONE_KERNEL = ("prroi_pool", "crop_and_resize", "deform_roi_pool", "deform_ps_roi_pool")
"""Operators of which dialects pool alike, but for the gradient of a flat box or of an offset, or give numbers to one kernel."""

KERNELS = {operator: {one.name: one for one in kernels} for operator, kernels in everyone().items()}
RECORDED = {operator: ledger.recorded(operator) for operator in KERNELS}
UPDATE = "python -m benchmarks.assembler brings the ledger up to date"

every_operator = pytest.mark.parametrize("operator", KERNELS)


def excess(operator, name, value):
    """What a kernel takes more of than it may."""
    most_registers = import_module(f"benchmarks.operators.{operator}.specialisations").most_registers
    for architecture, entry, facts in ledger.facts_of(value):
        limit = most_registers(name, architecture)
        if facts.spill_bytes or facts.stack_bytes or facts.registers > limit:
            yield f"{name} · {entry} · {architecture}: {facts}, with {limit} registers at most"


@needs_nvrtc
@every_operator
def test_facts_are_what_the_compiler_says(operator, record_property):
    kernels, recorded = KERNELS[operator], RECORDED[operator]
    due = recorded.ledger.due(recorded.rows(kernels.values()), ledger.code(), ledger.SHARE)
    record_property("ledger", [f"kernels of {operator}", *due.sizes])
    computed = {row.name: ledger.compile_all(kernels[row.name]) for row in due.rows}
    assert [line for name, value in computed.items() for line in excess(operator, name, value)] == []
    if recorded.compiler in ("", ledger.compiler()):  # another one makes other code, within the same limits
        assert due.complaints(computed) == [], UPDATE


@every_operator
def test_no_kernel_spills_or_takes_too_many_registers(operator):
    written = RECORDED[operator].values.items()
    assert [line for name, value in written for line in excess(operator, name, value)] == []


@every_operator
def test_every_kernel_is_written_down_and_no_other(operator):
    kernels, values = KERNELS[operator], RECORDED[operator].values
    assert list(values) == list(kernels), UPDATE
    for name, value in values.items():
        assert tuple(value) == kernels[name].architectures
        assert all(tuple(entries) == kernels[name].source.entries for entries in value.values())


@every_operator
def test_every_function_that_dialects_compute_has_a_kernel(operator):
    """With both alignments where channels come last; in float32, and those of RoIAlign in the other data types, too.

    Of dialects that say how they pool, that is the function: which level a box is on comes as numbers with a launch.
    """
    dialects = list(import_module(f"roikit.kernels.dialects.{operator}").DIALECTS.values())
    for dtype, mode, layout in itertools.product(C_NAMES, operators.get(operator).modes, LAYOUTS):
        mine = [
            one for name, one in KERNELS[operator].items() if re.match(f"forward {dtype} ({mode} )?{layout} ", name)
        ]
        any_size = [one for one in mine if " size " not in one.name]
        rules = [dialect.for_mode(mode) for dialect in dialects]
        functions = {getattr(one, "pooling", one) for one in rules} if operator not in OF_ONE_KERNEL else {None}
        texts = {one.source.text for one in any_size}
        whole = operator == "roi_align" or dtype == "float32"
        assert len(texts) >= (len(functions) if whole else 1) * (2 if layout == "NHWC" else 1)
        assert all(set(THOROUGH) <= set(one.architectures) for one in mine)
        assert any(one.architectures == ARCHITECTURES for one in any_size)


def test_kernels_of_one_source_are_told_apart():
    values = itertools.chain.from_iterable(recorded.values.values() for recorded in RECORDED.values())
    several = [by_entry for value in values for by_entry in value.values() if len(by_entry) > 1]
    assert several
    assert all(len({tuple(facts) for facts in by_entry.values()}) > 1 for by_entry in several)  # two may be of one size


@pytest.fixture
def first(monkeypatch):
    """A run that samples, and a kernel of RoIAlign with what is written down of it."""
    monkeypatch.delenv("ROIKIT_LEDGER", raising=False)
    monkeypatch.setenv("ROIKIT_LEDGER_SEED", "1")
    return next(iter(KERNELS["roi_align"].values()))


@needs_nvrtc
def test_facts_that_were_forged_are_seen(first, monkeypatch):
    """They are sealed as if they were right, and found when they are sampled."""
    recorded = RECORDED["roi_align"]
    values = json.loads(json.dumps(recorded.values))
    values[first.name]["sm_90"]["roi_align_forward"][0] -= 8
    forged = replace(recorded, values=values)
    (row,) = forged.rows([first])
    sealed = replace(forged.ledger, seals={**forged.ledger.seals, row.name: row.seal})
    assert not sealed.due([row], "other code", 0).complaints({row.name: row.value})
    due = sealed.due([row], sealed.code, ledger.SHARE)
    assert due.sizes == (1, 0)
    (complaint,) = due.complaints({row.name: ledger.compile_all(first)})
    assert complaint.startswith(f"{first.name}: its seal is right, but its value is not what comes of it")
    rows = forged.rows(KERNELS["roi_align"].values())
    assert row not in sealed.due(rows, sealed.code, ledger.SHARE).sampled
    monkeypatch.setenv("ROIKIT_LEDGER", "full")
    assert row in sealed.due(rows, sealed.code, ledger.SHARE).sampled


def test_a_kernel_that_has_changed_is_compiled_anew_and_so_are_all_by_another_compiler(first):
    rows = RECORDED["roi_align"].rows(KERNELS["roi_align"].values())
    sealed = Ledger.of("this compiler", rows)

    def unsealed(text):
        changed = replace(first, source=replace(first.source, text=text))
        (row,) = RECORDED["roi_align"].rows([changed])
        return [one.name for one in sealed.due([row, *rows[1:]], "this compiler", ledger.SHARE).unsealed]

    text = first.source.text
    assert unsealed(text) == unsealed("// A word.\n\n" + text.replace("\n", "  // \n  ")) == []
    assert unsealed(text + "\n#define A_WORD 1\n") == unsealed(text.replace("float", "double", 1)) == [first.name]
    assert sealed.due(rows, "another compiler", ledger.SHARE).sizes == (0, len(rows))


def test_comments_and_strings_are_told_apart():
    text = 'int a;  // "quoted"\nfoo("a // b");\n    // nothing else\n\nint c;  // c\n'
    assert ledger.what_computes(text) == 'int a;  // "quoted"\nfoo("a // b");\nint c;'


def test_what_only_a_cpu_s_compiler_sees_does_not_count():
    text = """
#ifndef __CUDA_ARCH__
int on_a_cpu;
#if defined(__AVX__)
int wide;
#elif defined(__SSE__)
int narrow;
#else
int none;
#endif
#else
int on_a_gpu;
#endif
#ifdef __CUDA_ARCH__
#if CHANNELS > 1
int several;
#else
int one;
#endif
#else
int of_a_cpu;
#endif
int both;
"""
    wanted = ["int on_a_gpu;", "#if CHANNELS > 1", "int several;", "#else", "int one;", "#endif", "int both;"]
    assert ledger.what_computes(text) == "\n".join(wanted)
    with pytest.raises(ValueError, match="two branches at most"):
        ledger.what_computes("#ifdef __CUDA_ARCH__\nint a;\n#elif B\nint b;\n#endif\n")


def test_what_is_written_is_what_is_read(tmp_path, monkeypatch):
    recorded, kernels = RECORDED["roi_align"], KERNELS["roi_align"].values()
    monkeypatch.setattr(ledger, "OPERATORS", tmp_path)
    monkeypatch.setattr(ledger, "compiler", lambda: recorded.compiler)
    monkeypatch.setattr(ledger, "code", lambda: recorded.ledger.code)
    (tmp_path / "roi_align").mkdir()
    ledger.path_of("roi_align").write_text(ledger.render(recorded.rows(kernels)), encoding="utf-8")
    assert ledger.recorded("roi_align") == recorded
