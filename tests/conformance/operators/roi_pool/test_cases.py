"""RoIPool's golden cases: they claim what they are, no constant passes them, and mmcv's dialect shows faults of its own."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.exact.numbers import as_float64
from roikit.conformance.golden import files, generator, published
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.roi_pool.claims import MAIN_DIALECTS
from roikit.conformance.operators.roi_pool.draws import systematic
from roikit.conformance.operators.roi_pool.faults.mutants import OF_POSITIONS
from roikit.conformance.operators.roi_pool.operator import OPERATOR
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels.dialects.roi_pool import DIALECTS

FILES = case_files("roi_pool")
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "roi_pool"}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]


def test_every_rule_has_cases():
    rules = {rule for case in CASES.values() for rule in case.rules}
    assert rules == {f"RP-{n}" for n in range(1, 13)}
    for case in DATA.values():
        assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


def test_ids_name_the_operator_or_a_source():
    assert all(case.startswith(("rp-", "pub-")) for case in CASES)


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_main_dialects_are_answered_in_float32_and_float64(case):
    for name in MAIN_DIALECTS:
        assert case.expectation(name, "float32"), name
        assert case.expectation(name, "float64"), name


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_what_rounding_decides_has_several_answers(case):
    wide = [expectation for expectation in case.expected if {"float32", "float64"} & set(expectation.dtypes)]
    allowed = {len(expectation.answers) for expectation in wide}
    assert (max(allowed) > 1) == (DATA[case.id]["claims"] == "fragile")


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in systematic.blueprints().values():
        for blueprint in planned[::23]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


def test_published_cases_are_the_calls_whose_published_numbers_agree():
    for case in published.as_cases(published.load_catalogue("roi_pool"), "roi_pool"):
        assert all(DATA[case["id"]][key] == value for key, value in case.items())
    comparisons = published.compare(operator="roi_pool")
    assert [c.id for c in comparisons if c.verdict == published.Verdict.DISAGREES] == []
    assert sum(c.verdict == published.Verdict.AGREES for c in comparisons) == 9


@pytest.mark.parametrize("case", [case for case in VALUES if "systematic" in case.group], ids=lambda case: case.id)
def test_no_constant_passes(case):
    for expectation in case.expected:
        if not set(expectation.dialects) & set(MAIN_DIALECTS):
            continue
        for constant in {*map(float, leaves(expectation.output)), 0.0, 1.0}:
            for dtype in expectation.dtypes[-1:]:
                output = np.full(case.shape, constant, numpy_dtype(dtype))
                verdict = judge_output(case, expectation, output, dtype, "NCHW").verdict
                assert verdict != Verdict.CONFORMS or output.size == 1


@pytest.mark.parametrize("mutant", OF_POSITIONS, ids=lambda mutant: mutant.name)
def test_faults_of_positions_are_noticed_under_mmcv(mutant):
    noticed = set()
    for case in VALUES:
        expectation = case.expectation("mmcv", "float64")
        if expectation and mutant.operation == case.operation and case.id != "rp-many-rois":
            faulty = mutant.returned(case.arguments, case.operation, DIALECTS["mmcv"], many=case.memory == "sparse")
            judged = judge_output(case, expectation, as_float64(faulty).reshape(case.shape), "float64", "NCHW")
            noticed |= {case.id} if judged.verdict != Verdict.CONFORMS else set()
    assert len(noticed) > 5
    assert mutant.concerns(DIALECTS["mmcv"], "max")


def test_rules_cite_their_cases():
    documents = [json.loads(file.read_text()) for file in FILES]
    text = FILES[0].parent.parent.joinpath("RULES.md").read_text()
    assert files.cite(text, documents) == text
