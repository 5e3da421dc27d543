"""The golden cases of rotated RoIAlign: they claim what they are, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import files, generator
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.roi_align_rotated.claims import MAIN_DIALECTS
from roikit.conformance.operators.roi_align_rotated.draws import systematic
from roikit.conformance.operators.roi_align_rotated.operator import OPERATOR
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output

FILES = case_files("roi_align_rotated")
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "roi_align_rotated"}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]


def test_every_rule_has_cases():
    rules = {rule for case in CASES.values() for rule in case.rules}
    assert rules == {f"RR-{n}" for n in range(1, 17)}
    for case in DATA.values():
        assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


def test_ids_name_the_operator():
    assert all(case.startswith("rr-") for case in CASES)


def test_main_dialects_are_answered_in_float32_and_float64():
    for case in VALUES:
        for name in MAIN_DIALECTS:
            assert case.expectation(name, "float32"), (case.id, name)
            assert case.expectation(name, "float64"), (case.id, name)


def test_quarter_turns_are_exact_where_they_are_to_be():
    for case in ("rr-each-quarter", "rr-gradient-each-quarter", "rr-box-gradient-each-quarter"):
        for dtype in ("float32", "float64"):
            assert CASES[case].expectation("roikit", dtype).answers[0].bound is None
            assert CASES[case].expectation("mmcv", dtype).answers[0].bound is not None


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in systematic.blueprints().values():
        for blueprint in planned[::41]:
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
