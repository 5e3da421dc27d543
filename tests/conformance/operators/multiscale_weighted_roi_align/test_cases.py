"""The golden cases of weighted RoIAlign on pyramids: they claim what they are, weigh in every way, and no constant passes them.

What is of levels `test_pyramids.py` sees.
"""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import generator
from roikit.conformance.operation import Operation
from roikit.conformance.operators.multiscale_weighted_roi_align.claims import MAIN_DIALECTS, claims
from roikit.conformance.operators.multiscale_weighted_roi_align.draws import sizes, systematic
from roikit.conformance.operators.multiscale_weighted_roi_align.operator import OPERATOR
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels.dialects.weighted_roi_align import Guard

NAME = "multiscale_weighted_roi_align"
FILES = case_files(NAME)
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == NAME}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_main_dialects_are_answered_in_float64(case):
    """But for what is exact under some of them only."""
    answered = [name for name in MAIN_DIALECTS if case.expectation(name, "float64")]
    assert answered == list(MAIN_DIALECTS) or (DATA[case.id]["claims"] == "bounded" and answered)


@pytest.mark.one_in(30)  # a false claim cannot be sealed
@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_a_case_claims_what_it_is(case):
    """Of what is exact in some data types only, a case may claim that."""
    data, wide = DATA[case.id], "float64" in case.dtypes
    claimed = claims(case.arguments, case.operation) if case.arguments["boxes"] else "exact"
    assert claimed == data["claims"] or (claimed == "bounded" and data["claims"] == "exact" and wide)


def test_weights_lie_as_the_maps_do_and_weights_of_rois_are_in_every_operation_and_mode():
    """No shape tells of which they are."""
    of_rois = [case for case in VALUES if case.arguments.get("weights_of") == "rois"]
    assert {(c.operation, c.mode) for c in of_rois} == {(o, m) for o in OPERATOR.operations for m in OPERATOR.modes}
    for case in VALUES:
        images, _, *pixels = case.arguments["input"]["shape"]
        assert case.arguments["weights"]["shape"][2:] == pixels, case.id
        assert case.arguments["weights"]["shape"][0] == images, case.id
    for case in of_rois:
        assert case.arguments["input"]["shape"][0] == len(case.arguments["boxes"])


def test_every_operation_is_weighed_and_guarded_in_every_way():
    for operation in OPERATOR.operations:
        mine = [case for case in VALUES if case.operation == operation and case.arguments["input"]["shape"][1] > 1]
        ways = {(c.arguments["normalise"], c.arguments["weights"]["shape"][1] == 1) for c in mine if c.mode == "avg"}
        assert ways == {(False, True), (False, False), (True, True), (True, False)}, operation
        divided = [case for case in VALUES if case.operation == operation and case.arguments["normalise"]]
        guards = {case.arguments.get("guard", "zero") for case in divided}
        assert guards >= set(Guard) - ({"none"} if operation != Operation.FORWARD else set()), operation
        assert {c.mode for c in mine} == set(OPERATOR.modes), operation


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in (*systematic.blueprints().values(), sizes.blueprints()["sizes"]):
        for blueprint in planned[::41]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


@pytest.mark.parametrize(
    "case", [case for case in VALUES if case.group.startswith("systematic")], ids=lambda case: case.id
)
def test_no_constant_passes(case):
    for expectation in (each for each in case.expected if set(each.dialects) & set(MAIN_DIALECTS)):
        for constant in {*map(float, leaves(expectation.answers[0].output)), 0.0, 1.0}:
            dtype = expectation.dtypes[-1]
            output = np.full(case.shape, constant, numpy_dtype(dtype))
            with np.errstate(over="ignore"):  # of an error over a bound that is next to nothing
                verdict = judge_output(case, expectation, output, dtype, "NCHW").verdict
            assert verdict != Verdict.CONFORMS or output.size == 1
