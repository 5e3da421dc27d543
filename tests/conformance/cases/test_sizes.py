"""Cases of real sizes: what the rule of enlarging says is what the exact oracle says of the whole call."""

import json
from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance import operators
from roikit.conformance.arrays import as_outer, outer
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.enlarging import Enlarged
from roikit.conformance.golden import generator
from roikit.conformance.golden.launch_faults import as_rows
from roikit.conformance.operation import Operation
from roikit.conformance.sizing import Size
from roikit.conformance.verdicts.judge import judge_output, wanted

LARGE = [case for case in golden_cases() if case.size != "small"]
REAL = [case for case in LARGE if case.size == "real"]


def whole(case, dialect):
    """The arguments of the large call, with all its arrays."""
    call = case.call(dialect, "float64", "NCHW")
    arrays = {name: array for name, array in call.arrays().items() if name != "boxes"}
    if hasattr(call, "answered"):  # whose maps are not those of its case, but as its gradient is made so
        arrays["input"] = replace(call, operation=Operation.FEATURE_GRADIENT).answered(call.input)
    return {
        **case.arguments,
        "boxes": call.boxes.tolist(),
        **{name: as_rows(array) for name, array in arrays.items()},
    }


TOO_LARGE = ("dq-z-heavy",)
"""Of whose whole calls no oracle says anything: with 17 channels it has more samples than deformable PSRoIPool's waits for."""

SMALL_ENOUGH = [
    case for case in REAL
    if case.enlarged and case.id not in TOO_LARGE  # and not stated in full
    if case.enlarged.rois * case.enlarged.channels < 300 and case.enlarged.images < 40 and max(case.shape) < 300
    if (first := case.expectation(operators.get(case.operator).main_dialects[0], "float64")) and first.bound is None
][::3]  # fmt: skip


def quick_answers(case, dialect):
    """What the oracle says of the whole call."""
    oracle = operators.get(case.operator).oracle
    return oracle.quick(whole(case, dialect), case.operation, dialect, "float64", kinks=False, bounds=False)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("case", SMALL_ENOUGH, ids=lambda case: case.id)
def test_what_is_expected_is_what_the_oracle_says_of_the_whole_call(case):
    dialect = operators.get(case.operator).main_dialects[0]
    found = quick_answers(case, dialect)
    stated = wanted(case, case.expectation(dialect, "float64").answers[0]).values
    assert np.array_equal(np.ravel(found[0].output), stated)


@pytest.mark.parametrize("case", [case for case in REAL if case.id in TOO_LARGE], ids=lambda case: case.id)
def test_nobody_waits_for_a_call_that_is_too_large(case):
    assert not quick_answers(case, operators.get(case.operator).main_dialects[0])


def test_there_are_sizes_of_every_operation_and_on_both_sides_of_blocks():
    for operator in operators.NAMES:
        of_operator = [case for case in LARGE if case.operator == operator]
        assert {case.operation for case in of_operator} == set(operators.get(operator).operations)
        rois = {case.enlarged.rois for case in of_operator if case.operation == Operation.FORWARD and case.enlarged}
        assert {9, 31, 33, 255, 257, 4097, 70_000} <= rois
        assert max(np.prod(case.shape) for case in of_operator) > 2**24


def test_sums_that_do_not_come_out_even_are_refused():
    with pytest.raises(ValueError, match="as often"):
        Enlarged(images=3, channels=1, rois=8).sent(Operation.FEATURE_GRADIENT, 3, 1, 7)
    with pytest.raises(ValueError, match="as often"):
        Enlarged(images=3, channels=16, rois=8).sent(Operation.BOX_GRADIENT, 3, 3, 7)
    assert Enlarged(images=7, channels=1, rois=28).sent(Operation.FEATURE_GRADIENT, 3, 1, 7) == 2
    assert Enlarged(images=3, channels=7, rois=8).sent(Operation.BOX_GRADIENT, 3, 1, 7) == 31 + 1 + 2


def test_products_are_found_and_others_are_not():
    factors = [[[1.5, 0.0, -2.0], [3.0, 0.25]], [[0.0] * 3, [1.0, 5.0]]]
    values = outer(factors, (2, 1, 3, 2))
    assert np.array_equal(outer(as_outer(values), values.shape), values)
    values[0, 0, 2, 1] += 2**-40
    assert as_outer(values) is None
    assert outer([[[1, 2], [1, 3, 5]]], (1, 1, 3, 4)).tolist() == [[[[1, 3, 5, 1], [2, 6, 10, 2], [1, 3, 5, 1]]]]


def test_sizes_are_those_that_the_generator_draws():
    for operator in map(operators.get, operators.NAMES):
        for group, planned in operator.draws.blueprints().items():
            if not isinstance(planned[0], Size):
                continue
            (file,) = (file for file in case_files(operator.name) if file.name == f"{group}.json")
            cases = {case["id"]: case for case in json.loads(file.read_text())["cases"]}
            assert [size.id for size in planned] == list(cases)
            for size in planned[::9]:
                drawn = (operator.draws.draw(size, attempt)["arguments"] for attempt in range(generator.ATTEMPTS))
                assert cases[size.id]["arguments"] in drawn


def test_small_real_and_huge_include_what_is_smaller():
    everything = golden_cases()
    counts = [len(up_to(size, everything)) for size in ("small", "real", "huge")]
    assert counts[0] < counts[1] < counts[2] == len(everything)


def test_a_function_that_is_right_for_small_calls_only_fails():
    case = next(case for case in REAL if case.id == "z-channels-65")
    expectation = case.expectation("torchvision", "float32")
    values = wanted(case, expectation.answers[0]).values.reshape(case.shape).astype(np.float32)
    assert judge_output(case, expectation, values, "float32", "NCHW").verdict == "conforms"
    values[:, 64:] = values[:, :1]
    judgement = judge_output(case, expectation, values, "float32", "NCHW")
    assert judgement.verdict == "deviates"
    assert "first [0, 64, 0, 0]" in judgement.reason
