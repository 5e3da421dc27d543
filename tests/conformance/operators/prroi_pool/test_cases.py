"""PrRoIPool's golden cases: they claim what they are, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import files, generator, published
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.prroi_pool.claims import MAIN_DIALECTS
from roikit.conformance.operators.prroi_pool.draws import sizes, systematic
from roikit.conformance.operators.prroi_pool.operator import OPERATOR
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output

FILES = case_files("prroi_pool")
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "prroi_pool"}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]


def test_every_rule_has_cases():
    rules = {rule for case in CASES.values() for rule in case.rules}
    assert rules == {f"PR-{n}" for n in range(1, 13)}
    for case in DATA.values():
        assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


def test_ids_name_the_operator_or_a_source():
    assert all(case.startswith(("pr-", "pub-pr-")) for case in CASES)


def test_main_dialects_are_answered_in_float32_and_float64():
    for case in VALUES:
        for name in MAIN_DIALECTS:
            is_beyond = case.id == "pr-gradient-beyond-float"  # no float32 holds what is expected
            assert bool(case.expectation(name, "float32")) != is_beyond, (case.id, name)
            assert case.expectation(name, "float64"), (case.id, name)


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in (*systematic.blueprints().values(), sizes.blueprints()["sizes"]):
        for blueprint in planned[::41]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


def test_published_cases_are_the_calls_whose_published_numbers_agree():
    for case in published.as_cases(published.load_catalogue("prroi_pool"), "prroi_pool"):
        assert all(DATA[case["id"]][key] == value for key, value in case.items())
    comparisons = published.compare(operator="prroi_pool")
    assert [c.verdict for c in comparisons] == [published.Verdict.AGREES] * 4


@pytest.mark.parametrize("group", ["systematic", "gradient"])
def test_no_constant_passes(group):
    for case in (case for case in VALUES if case.group == group):
        for expectation in case.expected:
            for constant in {*map(float, leaves(expectation.answers[0].output)), 0.0, 1.0}:
                output = np.full(case.shape, constant, numpy_dtype(expectation.dtypes[-1]))
                verdict = judge_output(case, expectation, output, expectation.dtypes[-1], "NCHW").verdict
                is_equal = output.size == 1 or case.id == "pr-b-huge"  # of which all values are equal
                assert verdict != Verdict.CONFORMS or is_equal, case.id


def test_rules_cite_their_cases():
    documents = [json.loads(file.read_text()) for file in FILES]
    text = FILES[0].parent.parent.joinpath("RULES.md").read_text()
    assert files.cite(text, documents) == text
