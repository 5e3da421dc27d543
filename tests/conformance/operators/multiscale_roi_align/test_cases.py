"""The pooler's golden cases: they claim what they are, use their levels, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import generator
from roikit.conformance.operators.multiscale_roi_align.claims import MAIN_DIALECTS, claims
from roikit.conformance.operators.multiscale_roi_align.draws import sizes, systematic
from roikit.conformance.operators.multiscale_roi_align.operator import OPERATOR
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output

FILES = case_files("multiscale_roi_align")
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "multiscale_roi_align"}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]
LEVELS = [case for case in VALUES if case.group in ("levels", "level-gradient")]


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
