"""PSRoIPool's golden cases: they claim what they are, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import files, generator, published
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.ps_roi_pool.call import channels_of
from roikit.conformance.operators.ps_roi_pool.claims import MAIN_DIALECTS
from roikit.conformance.operators.ps_roi_pool.draws import sizes, systematic
from roikit.conformance.operators.ps_roi_pool.operator import OPERATOR
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output

FILES = case_files("ps_roi_pool")
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "ps_roi_pool"}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]
OF_WHOLE_PIXELS = ("torchvision", "roikit")


def test_every_rule_has_cases():
    rules = {rule for case in CASES.values() for rule in case.rules}
    assert rules == {f"PP-{n}" for n in range(1, 13)}
    for case in DATA.values():
        assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


def test_ids_name_the_operator_or_a_source():
    assert all(case.startswith(("pp-", "pub-ps-")) for case in CASES)


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_main_dialects_are_answered_in_float32_and_float64(case):
    """But for those of image pixels where rounding decides on which side of an edge a bin ends."""
    is_fragile = DATA[case.id]["claims"] == "fragile"
    for name in OF_WHOLE_PIXELS if is_fragile else MAIN_DIALECTS:
        assert case.expectation(name, "float32"), name
        assert case.expectation(name, "float64"), name


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.kind != "error"], ids=lambda case: case.id)
def test_channels_are_those_of_the_bins(case):
    channels = channels_of(case.arguments["input"]["shape"][1], case.arguments["output_size"])
    assert channels is not None
    if "grad" in case.arguments:
        assert case.arguments["grad"]["shape"][1] == channels


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in (*systematic.blueprints().values(), sizes.blueprints()["sizes"]):
        for blueprint in planned[::23]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


def test_published_cases_are_the_calls_whose_published_numbers_agree():
    for case in published.as_cases(published.load_catalogue("ps_roi_pool"), "ps_roi_pool"):
        assert all(DATA[case["id"]][key] == value for key, value in case.items())
    comparisons = published.compare(operator="ps_roi_pool")
    assert [c.verdict for c in comparisons] == [published.Verdict.AGREES] * 9


@pytest.mark.parametrize("case", [case for case in VALUES if case.group == "systematic"], ids=lambda case: case.id)
def test_no_constant_passes(case):
    for expectation in case.expected:
        for constant in {*map(float, leaves(expectation.answers[0].output)), 0.0, 1.0}:
            for dtype in expectation.dtypes[-1:]:
                output = np.full(case.shape, constant, numpy_dtype(dtype))
                verdict = judge_output(case, expectation, output, dtype, "NCHW").verdict
                assert verdict != Verdict.CONFORMS or output.size == 1


def test_rules_cite_their_cases():
    documents = [json.loads(file.read_text()) for file in FILES]
    text = FILES[0].parent.parent.joinpath("RULES.md").read_text()
    assert files.cite(text, documents) == text
