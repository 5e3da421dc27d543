"""What is due in each data type: the exact value, rounded once to 16 bits; bounds elsewhere; nothing where nobody can say."""

import numpy as np
import pytest

from roikit.conformance.arrays import numpy_dtype
from roikit.conformance.call import DTYPES
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align.oracle.answers import RoiAlignOracle
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels.dialects.roi_align import DIALECTS

CASES = {case.id: case for case in golden_cases() if case.operator == "roi_align"}
ORACLE = RoiAlignOracle()


def call(box=(0, 0, 0, 1, 1), rows=((1, 1),), ratio=(1, 1), mode="avg", **more):
    return {
        "input": {"shape": [1, 1, len(rows), len(rows[0])], "rows": [list(row) for row in rows]},
        "boxes": [list(box)],
        "output_size": [1, 1],
        "spatial_scale": [1, 1],
        "sampling_ratio": list(ratio),
        "mode": mode,
        **more,
    }


def answers(arguments, operation=Operation.FORWARD, dialect="torchvision", claims="exact"):
    found = ORACLE.answers(arguments, operation, DIALECTS[dialect].for_mode(arguments["mode"]), claims)
    return {dtype: (each[0].output, each[0].bound) for dtype, each in found}


@pytest.mark.parametrize("pixel", [1, -1])
def test_a_half_becomes_the_number_whose_last_bit_is_0(pixel):
    """The middle of two pixels: 2045.5 is no number of float16, nor are 2044.5, 257.5 and 256.5 numbers of bfloat16."""
    for low, high, due in ((2045, 2046, 2046), (2044, 2045, 2044)):
        found = answers(call(rows=((pixel * low, pixel * high),)))
        assert found["float16"] == ([[[[pixel * due]]]], None)
        assert found["float32"] == ([[[[pixel * (low + high) / 2]]]], None)
    for low, high, due in ((130, 131, 130), (131, 132, 132)):
        assert answers(call(rows=((pixel * low, pixel * high),)))["bfloat16"] == ([[[[pixel * due]]]], None)


def test_where_float32_is_not_exact_16_bits_have_a_bound_of_little_more_than_their_own_rounding():
    found = answers(call((0, 0.1, 0, 1.1, 1), rows=((1, 2, 4),)))
    for dtype, unit in (("float16", 2.0**-11), ("bfloat16", 2.0**-8)):
        (((value,),),), (((bound,),),) = found[dtype][0][0], found[dtype][1][0]
        assert value == pytest.approx(1.6, abs=1e-6)
        assert unit < bound / value < 1.05 * unit


def test_a_type_that_lacks_a_pixel_or_a_corner_is_left_out():
    assert set(answers(call(rows=((70000, 1),)))) == {"bfloat16", "float32", "float64"}
    assert set(answers(call((0, 0, 0, 1e39, 1)))) == {"float64"}


@pytest.mark.parametrize("ratio", [1, 0])
def test_a_box_that_reaches_too_far_for_the_type_of_coordinates_cannot_be_pooled(ratio):
    """From -3e38 to 3e38 are 6e38, which float32 has not."""
    found = answers(call((0, -3e38, 0, 3e38, 1), ratio=(ratio, ratio)))
    for dtype in ("float16", "bfloat16", "float32"):
        assert found[dtype][0] == [[[["nan"]]]]
    assert found["float64"][0] == [[[[1 if ratio else pytest.approx(0)]]]]  # the one sample lies at 0
    assert answers(call((0, 0, 0, 3e38, 1)))["float32"][0] == [[[[0]]]]


def test_a_gradient_for_maps_is_rounded_once_and_one_for_boxes_that_may_be_float32_is_not():
    arriving = {"shape": [1, 1, 1, 1], "rows": [[2045]]}
    of_maps = answers(call((0, 0.25, 0, 1.25, 1), rows=((0, 0),), grad=arriving), Operation.FEATURE_GRADIENT)
    assert of_maps["float32"] == ([[[[511.25, 1533.75]]]], None)
    assert of_maps["float16"] == ([[[[511.25, 1534]]]], None)
    of_boxes = call((0, 0.5, 0, 2, 1), rows=((0, 1, 4),), grad=arriving)
    assert "float32" in answers(of_boxes, Operation.BOX_GRADIENT)
    assert "float16" not in answers(of_boxes, Operation.BOX_GRADIENT)


def test_a_gradient_of_an_average_that_is_not_exact_has_bounds_in_float32_and_float64():
    arriving = {"shape": [1, 1, 1, 1], "rows": [[3]]}
    found = answers(call((0, 0.1, 0, 1.1, 1), grad=arriving), Operation.FEATURE_GRADIENT, claims="bounded")
    assert {dtype: bound is not None for dtype, (_, bound) in found.items()} == {"float32": True, "float64": True}


@pytest.mark.parametrize("case", ["no-rois", "no-rois-max"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_rois_of_another_data_type_are_no_answer(case, dtype):
    case = CASES[case]
    expectation = case.expectation("torchvision", dtype)
    for other in DTYPES:
        verdict = judge_output(case, expectation, np.zeros(case.shape, numpy_dtype(other)), dtype, "NCHW").verdict
        assert verdict == (Verdict.CONFORMS if other == dtype else Verdict.DEVIATES)
