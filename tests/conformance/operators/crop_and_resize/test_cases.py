"""crop_and_resize's golden cases: they claim what they are, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import files, generator, published
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.crop_and_resize.claims import MAIN_DIALECTS
from roikit.conformance.operators.crop_and_resize.draws import sizes, systematic
from roikit.conformance.operators.crop_and_resize.operator import OPERATOR
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output

FILES = case_files("crop_and_resize")
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "crop_and_resize"}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]


def test_every_rule_has_cases():
    assert {rule for case in CASES.values() for rule in case.rules} == {f"CR-{n}" for n in range(1, 13)}
    for case in DATA.values():
        assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


def test_ids_name_the_operator_or_a_source():
    assert all(case.startswith(("cr-", "pub-crop-", "pub-tf-crop-")) for case in CASES)


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_main_dialects_are_answered_in_float32_and_float64(case):
    for name in MAIN_DIALECTS:
        assert case.expectation(name, "float32"), name
        assert case.expectation(name, "float64"), name


def test_rounding_decides_only_what_is_about_the_last_point():
    fragile = {case.id for case in VALUES if DATA[case.id]["claims"] == "fragile"}
    assert fragile == {"cr-last-point-15", "cr-last-point-29", "cr-last-point-nearest"}
    for name in fragile:
        by_step, at_corner = (CASES[name].expectation(dialect, "float32") for dialect in ("tensorflow", "onnxruntime"))
        assert None in leaves(by_step.bound)
        assert None not in leaves(0 if at_corner.bound is None else at_corner.bound)


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in (*systematic.blueprints().values(), *sizes.blueprints().values()):
        for blueprint in planned[::29]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


def test_published_cases_are_the_calls_whose_published_numbers_agree():
    for case in published.as_cases(published.load_catalogue("crop_and_resize"), "crop_and_resize"):
        assert all(DATA[case["id"]][key] == value for key, value in case.items())
    verdicts = [comparison.verdict for comparison in published.compare(operator="crop_and_resize")]
    assert verdicts == [published.Verdict.AGREES] * 21 + [published.Verdict.NOT_EXPRESSIBLE] * 7


@pytest.mark.parametrize("case", [c for c in VALUES if c.group in ("systematic", "nearest")], ids=lambda case: case.id)
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
