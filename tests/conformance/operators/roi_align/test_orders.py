"""Right implementations are right, in whatever way they form positions, and in whatever type above float32 they compute."""

import re

import numpy as np
import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from tests.conformance.operators.roi_align.right import NORMALISED, POSITIONS, PROGRAMS, pooled

CASES = [
    case
    for case in up_to("real", golden_cases())
    if case.operator == "roi_align"
    and case.operation == "forward"
    and case.kind == "value"
    and case.memory == "contiguous"
    and len(case.arguments["boxes"]) > 0
    and case.group not in ("values", "fragile")
    and case.id not in ("border-huge", "border-long")
    and not case.id.endswith("adaptive-5x6501-1064")  # as a product of matrices, half a minute
]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("form", POSITIONS)
@pytest.mark.parametrize("dialect", ["torchvision", "torchvision-aligned"])
@pytest.mark.parametrize(
    ("dtype", "type_"),
    [("float32", np.float32), ("float64", np.float64), ("float16", np.float32), ("bfloat16", np.float64)],
    ids=["float32", "float64", "float16 in float32", "bfloat16 in float64"],
)
def test_positions_may_be_formed_in_any_way(form, dialect, dtype, type_):
    few = CASES[list(POSITIONS).index(form) :: len(POSITIONS) * (1 if dtype == "float32" else 3)]
    assert wrongly_judged(few, dialect, dtype, type_, form) == []


TYPES = {"torchvision": np.float32, "torchvision-aligned": np.float64}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("program", sorted(PROGRAMS.keys() - {NORMALISED}))
@pytest.mark.parametrize("dialect", TYPES)
def test_a_right_program_conforms(program, dialect):
    few = CASES[list(PROGRAMS).index(program) :: len(PROGRAMS)]
    assert wrongly_judged(few, dialect, "float32", TYPES[dialect], "bins, then samples", program) == []


def test_one_that_normalises_positions_is_told_where_a_sum_should_cancel_and_nowhere_else():
    """Dividing by the size of a map rounds positions; in float64 the result in float32 shows that of a sum of 0 alone."""
    few = [*CASES[::5], *(case for case in CASES if case.id == "place-many-bins")]
    told = wrongly_judged(few, "torchvision-aligned", "float32", np.float64, "bins, then samples", NORMALISED)
    assert told
    assert all(re.search(r"expected 0, got -?\d\.\d+e-1[3-9]$", reason) for _, reason in told), told


def wrongly_judged(cases, dialect, dtype, type_, *how):
    """The cases of some that a right program is said not to conform to, and why."""
    wrong = []
    for case in cases:
        if expectation := case.expectation(dialect, dtype):
            output = pooled(case.call(dialect, dtype, "NCHW"), type_, *how)
            judgement = judge_output(case, expectation, output, dtype, "NCHW")
            wrong += [(case.id, judgement.reason)] if judgement.verdict != Verdict.CONFORMS else []
    return wrong


@pytest.mark.parametrize("dialect", ["torchvision", "torchvision-aligned"])
def test_one_that_computes_16_bit_maps_in_16_bits_does_not(dialect):
    """What torchvision does on a CPU, and conformed with as long as cases were exact in 16 bits only."""
    for case in (
        case for case in CASES if case.id in ("coordinates-beyond-16-bits", "image-coordinates-beyond-16-bits")
    ):
        output = pooled(case.call(dialect, "float16", "NCHW"), np.float16, "bins, then samples")
        expectation = case.expectation(dialect, "float16")
        assert judge_output(case, expectation, output, "float16", "NCHW").verdict == Verdict.DEVIATES, case.id
