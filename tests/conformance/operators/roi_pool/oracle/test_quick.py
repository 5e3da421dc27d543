"""The quick form of RoIPool's oracle against the exact one, on calls of chance and on all golden cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.chance import INVALID
from roikit.conformance.exact.numbers import as_float64
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_pool.draws.chance import BOXES, arguments
from roikit.conformance.operators.roi_pool.oracle import output, quick
from roikit.conformance.operators.roi_pool.oracle.face import asked_of
from roikit.kernels.dialects.roi_pool import DIALECTS


def both(arguments, operation, dialect, dtype):
    asked = asked_of(arguments, DIALECTS[dialect], dtype)
    about = asked.rois, asked.output_size, asked.mode, asked.rules
    if operation == Operation.FORWARD:
        return quick.roi_pool(asked.pixels, *about), output.roi_pool(asked.maps, *about)
    return (
        quick.feature_gradient(asked.grad, asked.pixels, *about),
        output.feature_gradient(asked.arriving, asked.maps, *about),
    )


def agree(fast, exact):
    return all(
        np.array_equal(a, as_float64(b) if b.dtype == object else b, equal_nan=True)
        for a, b in zip(fast, exact, strict=True)
    )


@settings(deadline=None, max_examples=60)
@given(
    arguments(classes=(*BOXES, *INVALID)), st.sampled_from(sorted(DIALECTS)), st.sampled_from(["float32", "float64"])
)
def test_outputs(arguments, dialect, dtype):
    assert agree(*both(arguments, Operation.FORWARD, dialect, dtype))


@settings(deadline=None, max_examples=40)
@given(arguments(modes=["max"], operation=Operation.FEATURE_GRADIENT), st.sampled_from(sorted(DIALECTS)))
def test_gradients(arguments, dialect):
    assert agree(*both(arguments, Operation.FEATURE_GRADIENT, dialect, "float64"))


@pytest.mark.parametrize("dialect", ["torchvision", "chainer-max"])
def test_golden_cases(dialect):
    cases = [
        case
        for case in up_to("small", golden_cases())
        if case.operator == "roi_pool" and case.kind in ("value", "invalid")
    ]
    finite = [case for case in cases if quick.fits(asked_of(case.arguments, DIALECTS["roikit"], "float64").pixels)]
    having = [case for case in finite if case.operation == Operation.FORWARD or case.mode == "max"]
    assert len(having) > 200
    for case in having:
        assert agree(*both(case.arguments, case.operation, dialect, "float64")), case.id
