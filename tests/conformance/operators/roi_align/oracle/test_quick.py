"""The quick oracle gives the answers of the exact one, and takes nothing for exact that is not."""

import numpy as np
import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.operators.roi_align.oracle.certificate import exact_dtypes, forward_result
from roikit.conformance.operators.roi_align.oracle.quick import quick
from roikit.kernels.dialects.roi_align import DIALECTS

ALL = [c for c in up_to("small", golden_cases()) if c.operator == "roi_align"]
CASES = [c for c in ALL if c.operation == "forward" and c.kind == "value" and c.memory == "contiguous"]
CASES = [c for c in CASES if c.group not in ("values", "random", "published", "fragile", "layout")]
DISTINCT = sorted({choices: name for name, choices in reversed(DIALECTS.items())}.values())


@pytest.mark.one_in(4)
@pytest.mark.parametrize("offset", range(len(DISTINCT)))
def test_the_quick_oracle_agrees_with_the_exact_one(offset):
    """Every case under one of the dialects, which differ from case to case."""
    exact_calls = 0
    for n, case in enumerate(CASES[offset :: len(DISTINCT)]):
        dialect = DISTINCT[(offset + n) % len(DISTINCT)]
        choices = DIALECTS[dialect].for_mode(case.mode)
        exact = forward_result(case.arguments, choices).values
        in_float64 = np.array([float(value) for value in exact.flat]).reshape(exact.shape)
        dtypes = exact_dtypes(case.arguments, choices)
        for dtype in ("float16", "bfloat16", "float32", "float64"):
            values = quick(case.arguments, dialect, dtype)
            assert values is None or dtype in dtypes
            if values is not None:
                exact_calls += 1
                np.testing.assert_array_equal(values, in_float64)
    assert exact_calls >= len(CASES[offset :: len(DISTINCT)])


def test_a_call_that_is_not_exact_is_refused():
    """Three samples per bin have no reciprocal in binary, and a third is no coordinate."""
    arguments = dict(next(case for case in CASES if case.id == "place-two-by-two").arguments)
    assert quick(arguments, "torchvision", "float32") is not None
    assert quick({**arguments, "sampling_ratio": [3, 3]}, "torchvision", "float64") is None
    assert quick({**arguments, "spatial_scale": [1 / 3, 1 / 3]}, "torchvision", "float64") is None


def test_a_roi_that_cannot_be_pooled_is_nan_and_spoils_no_other():
    arguments = dict(next(case for case in CASES if case.id == "place-two-by-two").arguments)
    box = arguments["boxes"][0]
    alone = quick(arguments, "torchvision", "float32")
    both = quick({**arguments, "boxes": [["nan", *box[1:]], box, [9, *box[1:]]]}, "torchvision", "float32")
    assert np.isnan(both[[0, 2]]).all()
    np.testing.assert_array_equal(both[1:2], alone)
