"""The quick gradients are those of the exact oracle, and none is taken for exact that is not."""

import numpy as np
import pytest

from roikit.conformance.case import load_cases
from roikit.conformance.gradient_certificate import exact_gradient_dtypes, gradient
from roikit.conformance.implementation import Operation
from roikit.conformance.quick_gradient import quick_gradient
from roikit.kernels.dialect import DIALECTS

CASES = [c for c in load_cases() if c.operation != "forward" and c.kind in ("value", "invalid")]
DISTINCT = sorted({choices: name for name, choices in reversed(DIALECTS.items())}.values())


def in_float64(values):
    return np.array([np.nan if v is None else float(v) for v in values.flat]).reshape(values.shape)


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
