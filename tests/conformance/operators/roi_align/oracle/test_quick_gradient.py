"""The quick gradients are those of the exact oracle, and none is taken for exact that is not."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from roikit.conformance.adapters.roikit import RoikitHost
from roikit.conformance.arrays import leaves
from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.fuzzing.cases import expect
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align.draws import chance
from roikit.conformance.operators.roi_align.oracle.gradient_certificate import exact_gradient_dtypes, gradient
from roikit.conformance.operators.roi_align.oracle.quick_gradient import quick_gradient
from roikit.kernels.dialects.roi_align import DIALECTS

ALL = [c for c in up_to("small", golden_cases()) if c.operator == "roi_align"]
CASES = [c for c in ALL if c.operation != "forward" and c.kind in ("value", "invalid")]
DISTINCT = sorted({choices: name for name, choices in reversed(DIALECTS.items())}.values())


def in_float64(values):
    return np.array([np.nan if v is None else float(v) for v in values.flat]).reshape(values.shape)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("offset", range(len(DISTINCT)))
def test_the_quick_gradients_agree_with_the_exact_ones(offset):
    """Every case under one of the dialects, which differ from case to case."""
    exact_calls, some = 0, CASES[offset :: len(DISTINCT)]
    for n, case in enumerate(some):
        dialect = DISTINCT[(offset + n) % len(DISTINCT)]
        choices = DIALECTS[dialect].for_mode(case.mode)
        exact = gradient(case.arguments, case.operation, choices)
        dtypes = exact_gradient_dtypes(case.arguments, case.operation, choices)
        for dtype in ("float16", "bfloat16", "float32", "float64"):
            quick = quick_gradient(case.arguments, case.operation, dialect, dtype)
            assert quick is None or dtype in dtypes
            if quick is None:
                continue
            exact_calls += 1
            np.testing.assert_array_equal(quick.values, in_float64(exact.values))
            if case.operation == Operation.BOX_GRADIENT:
                np.testing.assert_array_equal(quick.kinks, exact.kinks.astype(bool))
            else:
                last = gradient(case.arguments, case.operation, choices, last_of_ties=True)
                np.testing.assert_array_equal(quick.last, in_float64(last.values))
    assert exact_calls >= len(some)


@pytest.mark.parametrize("operation", [Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT])
def test_so_they_do_for_calls_by_chance(operation):
    names, exact_calls = iter(itertools.cycle(DISTINCT)), []

    @settings(
        max_examples=90, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @seed(1)
    @given(chance.arguments(operation=operation).filter(lambda drawn: len(drawn["grad"]["rows"]) <= 60))
    def check(drawn):
        dialect = next(names)
        choices = DIALECTS[dialect].for_mode(drawn["mode"])
        quick = quick_gradient(drawn, operation, dialect, "float64")
        if quick is not None:
            exact_calls.append(dialect)
            assert "float64" in exact_gradient_dtypes(drawn, operation, choices)
            np.testing.assert_array_equal(quick.values, in_float64(gradient(drawn, operation, choices).values))

    check()
    assert len(exact_calls) > 25


def test_bounds_hold_for_our_kernel_and_for_no_boxes_a_hair_aside():
    """Of boxes at coordinates that are no multiples of anything."""
    greatest = []

    @settings(
        max_examples=100, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @seed(2)
    @given(chance.arguments(operation=Operation.FEATURE_GRADIENT, modes=["avg"], classes=["free"]))
    def check(drawn):
        case = expect(drawn, "torchvision-aligned", "float32", Operation.FEATURE_GRADIENT)
        (answer,) = case.expected[0].answers
        call = case.call("torchvision-aligned", "float32", "NCHW")
        if answer.bound is None or None in leaves(answer.bound):
            return
        bound = np.array(answer.bound, float)
        # A gradient of nothing, or on a map of one column, does not move with the boxes.
        can_tell = call.input.shape[3] > 1 and any(leaves(answer.output))
        for aside in (0, 0.003) if can_tell else (0,):
            moved = dataclasses.replace(call, boxes=call.boxes + np.float32([0, aside, 0, aside, 0]))
            error = abs(RoikitHost().roi_align(moved) - np.array(answer.output, float))
            greatest.append((aside, (error / np.maximum(bound, 1e-30)).max()))

    check()
    errors = {aside: [error for which, error in greatest if which == aside] for aside in (0, 0.003)}
    assert len(errors[0]) > 50
    assert 0.01 < max(errors[0]) <= 1
    assert len(errors[0.003]) > 15
    assert np.mean(np.array(errors[0.003]) > 10) > 0.5
