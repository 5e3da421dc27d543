"""Relations between answers hold exactly for exact answers, and are said to fail for others."""

import numpy as np
import pytest

from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align.oracle.branches import rounded_result
from roikit.conformance.operators.roi_align.oracle.gradient_certificate import gradient
from roikit.conformance.verdict import Judgement, Verdict
from roikit.conformance.verdicts import properties
from roikit.kernels.dialects.roi_align import DIALECTS

CASES = [case for case in golden_cases() if case.operator == "roi_align" and case.kind == "property"]


def exactly(case, dialect=DIALECTS["torchvision"]):
    if case.operation == Operation.FORWARD:
        return rounded_result(case.arguments, dialect, "float64").values.astype(np.float64)
    return gradient(case.arguments, case.operation, dialect).values.astype(np.float64)


def wrongly(operation):
    def ask(case):
        values = exactly(case)
        if case.operation == operation:
            values.reshape(-1)[0] += 0.25
        return values

    return ask


def test_every_relation_has_cases():
    assert {case.relation for case in CASES} == set(properties.RELATIONS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_relation_holds_between_exact_answers(case):
    assert properties.check(case, exactly) == Judgement(Verdict.CONFORMS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_wrong_gradient_breaks_it(case):
    if case.relation == "differences":  # which looks along one direction only, and that may miss the first pixel
        pytest.skip("one direction")
    wrong = properties.RELATIONS[case.relation].operations[-1]
    judgement = properties.check(case, wrongly(wrong))
    step_in_the_first_pixel = case.relation != "adjoint" or case.arguments["input"]["rows"][0][0] != 0
    assert (judgement.verdict == Verdict.DEVIATES) == step_in_the_first_pixel
    if step_in_the_first_pixel:
        assert judgement.reason.startswith("it does not hold that")


def test_an_answer_of_the_wrong_shape_or_without_a_number_is_the_reason():
    case = CASES[0]
    assert "has shape" in properties.check(case, lambda c: exactly(c)[..., :-1]).reason
    assert "not finite" in properties.check(case, lambda c: exactly(c) * np.nan).reason
    refused = Judgement(Verdict.REJECTED, "no")
    assert properties.check(case, lambda _: refused) is refused
