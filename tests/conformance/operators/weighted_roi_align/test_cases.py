"""Weighted RoIAlign's golden cases: they claim what they are, weigh in every way, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import generator
from roikit.conformance.operation import Operation
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.weighted_roi_align.claims import MAIN_DIALECTS, claims
from roikit.conformance.operators.weighted_roi_align.draws import sizes, systematic
from roikit.conformance.operators.weighted_roi_align.operator import OPERATOR
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels.dialects.weighted_roi_align import Guard

FILES = case_files("weighted_roi_align")
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "weighted_roi_align"}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
LARGE = ("sizes", "sizes-max", "sizes-means")
VALUES = [case for case in CASES.values() if case.kind == "value"]


def test_every_rule_has_cases():
    rules = {rule for case in CASES.values() for rule in case.rules}
    assert rules == {f"SW-{n}" for n in range(1, 16)}
    for case in DATA.values():
        assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


def test_ids_name_the_operator():
    assert all(case.startswith("sw-") for case in CASES)


def test_weights_of_rois_are_in_every_operation_and_no_shape_tells():
    of_rois = [case for case in VALUES if case.arguments.get("weights_of") == "rois"]
    assert {case.operation for case in of_rois} == set(OPERATOR.operations)
    for case in of_rois:
        images = case.arguments["input"]["shape"][0]
        assert images == len(case.arguments["boxes"]) == case.arguments["weights"]["shape"][0]
        if case.size == "small":
            read = [int(row[0]) for row in case.arguments["boxes"]]
            assert len(set(read)) < len(read)
            assert read != list(range(images))


def test_maxima_are_in_every_operation_with_both_kinds_of_weights():
    maxima = [case for case in VALUES if case.mode == "max"]
    for operation in OPERATOR.operations:
        several = [c for c in maxima if c.operation == operation and c.arguments["input"]["shape"][1] > 1]
        assert {case.arguments["weights"]["shape"][1] == 1 for case in several} == {True, False}, operation
    assert not any(case.arguments["normalise"] for case in maxima)


@pytest.mark.parametrize("mode", ["lp", "softmax"])
def test_means_are_in_every_operation_with_all_kinds_of_weights(mode):
    means = [case for case in VALUES if case.mode == mode]
    for operation in OPERATOR.operations:
        several = [c for c in means if c.operation == operation and c.arguments["input"]["shape"][1] > 1]
        assert {case.arguments["weights"]["shape"][1] == 1 for case in several} == {True, False}, operation
        assert any(c.arguments.get("weights_of") == "rois" for c in means if c.operation == operation), operation
    assert not any(case.arguments["normalise"] for case in means)


def test_every_operation_is_weighed_and_guarded_in_every_way():
    for operation in OPERATOR.operations:
        ways = {
            (
                case.arguments["normalise"],
                case.arguments.get("guard", "zero"),
                case.arguments["weights"]["shape"][1] == 1,
            )
            for case in VALUES
            if case.operation == operation and case.arguments["input"]["shape"][1] > 1
        }
        assert {(False, "zero", True), (False, "zero", False), (True, "zero", True), (True, "zero", False)} <= ways
        guards = {
            c.arguments.get("guard", "zero") for c in VALUES if c.operation == operation and c.arguments["normalise"]
        }
        assert guards >= set(Guard) - ({"none"} if operation != Operation.FORWARD else set()), operation


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


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in (*systematic.blueprints().values(), *map(sizes.blueprints().get, LARGE)):
        for blueprint in planned[::41]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


@pytest.mark.parametrize(
    "case", [case for case in VALUES if case.group.startswith("systematic")], ids=lambda case: case.id
)
def test_no_constant_passes(case):
    for expectation in case.expected:
        for constant in {*map(float, leaves(expectation.answers[0].output)), 0.0, 1.0}:
            for dtype in expectation.dtypes[-1:]:
                output = np.full(case.shape, constant, numpy_dtype(dtype))
                with np.errstate(over="ignore"):  # of an error over a bound that is next to nothing
                    verdict = judge_output(case, expectation, output, dtype, "NCHW").verdict
                assert verdict != Verdict.CONFORMS or output.size == 1
