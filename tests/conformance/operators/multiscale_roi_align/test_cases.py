"""The pooler's golden cases: they claim what they are, use their levels, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import generator
from roikit.conformance.operation import Operation
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.multiscale_roi_align.claims import MAIN_DIALECTS, claims
from roikit.conformance.operators.multiscale_roi_align.draws import sizes, systematic
from roikit.conformance.operators.multiscale_roi_align.operator import OPERATOR
from roikit.conformance.operators.multiscale_roi_align.oracle.answers import exactly
from roikit.conformance.operators.multiscale_roi_align.oracle.assembling import places
from roikit.conformance.operators.multiscale_roi_align.oracle.levels import levels_of
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels.dialects.multiscale_roi_align import DIALECTS

FILES = case_files("multiscale_roi_align")
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "multiscale_roi_align"}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]
LEVELS = [case for case in VALUES if case.group in ("levels", "level-gradient")]


def test_every_rule_has_cases():
    rules = {rule for case in CASES.values() for rule in case.rules}
    assert rules == {f"MS-{n}" for n in range(1, 11)}
    for case in DATA.values():
        assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


def test_ids_name_the_operator():
    assert all(case.startswith("ms-") for case in CASES)


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_main_dialects_are_answered_in_float64(case):
    for name in MAIN_DIALECTS:
        assert case.expectation(name, "float64"), name


@pytest.mark.one_in(30)  # a false claim cannot be sealed
@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_a_case_claims_what_it_is(case):
    """Of what is exact in some data types only, a case may claim that."""
    data, wide = DATA[case.id], "float64" in case.dtypes
    claimed = claims(case.arguments, case.operation) if case.arguments["boxes"] else "exact"
    assert claimed == data["claims"] or (claimed == "bounded" and data["claims"] == "exact" and wide)


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.kind != "error"], ids=lambda case: case.id)
def test_maps_lie_one_below_the_other(case):
    *_, height, width = case.arguments["input"]["shape"]
    where = places(case.arguments)
    assert where[-1][0].stop == height
    assert max(columns.stop for _, columns in where) == width


@pytest.mark.parametrize("case", LEVELS, ids=lambda case: case.id)
def test_no_rounding_decides_a_level_in_float64(case):
    for rules in DIALECTS.values():
        assert all(len(levels) == 1 for levels in levels_of(case.arguments, rules, "float64"))


def test_cases_reach_every_level():
    """Under each rule there are boxes of every level."""
    for name in MAIN_DIALECTS:
        seen = set()
        for case in LEVELS:
            if case.operation == Operation.FORWARD and len(case.arguments.get("level_sizes", ())) == 4:
                seen |= set(exactly(case.arguments, DIALECTS[name]))
        assert {0, 1, 2, 3} <= seen, name


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in (*systematic.blueprints().values(), sizes.blueprints()["sizes"]):
        for blueprint in planned[::41]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


@pytest.mark.parametrize("case", [case for case in VALUES if case.group == "systematic"], ids=lambda case: case.id)
def test_no_constant_passes(case):
    for expectation in case.expected:
        for constant in {*map(float, leaves(expectation.answers[0].output)), 0.0, 1.0}:
            for dtype in expectation.dtypes[-1:]:
                output = np.full(case.shape, constant, numpy_dtype(dtype))
                verdict = judge_output(case, expectation, output, dtype, "NCHW").verdict
                assert verdict != Verdict.CONFORMS or output.size == 1
