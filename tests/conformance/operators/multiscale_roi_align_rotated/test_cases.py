"""The golden cases of poolers of rotated boxes: they claim what they are, use their levels, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import files, generator
from roikit.conformance.operation import Operation
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.multiscale_roi_align_rotated.claims import MAIN_DIALECTS, claims
from roikit.conformance.operators.multiscale_roi_align_rotated.draws import sizes, systematic
from roikit.conformance.operators.multiscale_roi_align_rotated.operator import OPERATOR
from roikit.conformance.operators.multiscale_roi_align_rotated.oracle.levels import exactly, levels_of
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels.dialects.multiscale_roi_align_rotated import DIALECTS

NAME = "multiscale_roi_align_rotated"
FILES = case_files(NAME)
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == NAME}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]
LEVELS = [case for case in VALUES if case.group in ("levels", "level-gradient")]


def test_every_rule_has_cases():
    rules = {rule for case in CASES.values() for rule in case.rules}
    assert rules == {f"MR-{n}" for n in range(1, 10)}
    for case in DATA.values():
        assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


def test_ids_name_the_operator():
    assert all(case.startswith("mr-") for case in CASES)


def test_main_dialects_are_answered_in_float64():
    for case in VALUES:
        for name in MAIN_DIALECTS:
            assert case.expectation(name, "float64"), (case.id, name)


@pytest.mark.one_in(30)  # a false claim cannot be sealed
@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_a_case_claims_what_it_is(case):
    assert claims(case.arguments, case.operation) == DATA[case.id]["claims"]


def test_no_rounding_decides_a_level_in_float64():
    for case in LEVELS:
        for rules in DIALECTS.values():
            assert all(len(levels) == 1 for levels in levels_of(case.arguments, rules, "float64")), case.id


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
        for blueprint in planned[::23]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


@pytest.mark.parametrize("group", ["systematic", "gradient"])
def test_no_constant_passes(group):
    for case in (case for case in VALUES if case.group == group):
        for expectation in (each for each in case.expected if set(each.dialects) & set(MAIN_DIALECTS)):
            for constant in {*map(float, leaves(expectation.answers[0].output)), 0.0, 1.0}:
                output = np.full(case.shape, constant, numpy_dtype(expectation.dtypes[-1]))
                verdict = judge_output(case, expectation, output, expectation.dtypes[-1], "NCHW").verdict
                assert verdict != Verdict.CONFORMS or output.size == 1, case.id


def test_rules_cite_their_cases():
    documents = [json.loads(file.read_text()) for file in FILES]
    text = FILES[0].parent.parent.joinpath("RULES.md").read_text()
    assert files.cite(text, documents) == text
