"""Which answers RoIPool's oracle allows where rounding decides, and where it gives none."""

import numpy as np
import pytest

from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_pool.oracle.face import ORACLE
from roikit.kernels.dialects.roi_pool import DIALECTS

ROW = {"shape": [1, 1, 1, 9], "rows": [[1, 2, 3, 4, 5, 6, 7, 8, 9]]}


def call(*box, scale=1.0, bins=1, mode="max", **more):
    boxes = [[0, box[0], 0, box[1], 0]]
    return {
        "input": ROW,
        "boxes": boxes,
        "output_size": [1, bins],
        "spatial_scale": [scale, scale],
        "mode": mode,
        **more,
    }


def outputs(arguments, dialect="torchvision", dtype="float32", operation=Operation.FORWARD):
    return [
        np.ravel(answer.output).tolist() for answer in ORACLE.answers_in(arguments, operation, DIALECTS[dialect], dtype)
    ]


def test_a_half_that_is_exact_has_one_answer():
    assert outputs(call(0, 3.5)) == [[5]]
    assert outputs(call(0, 4.5), "chainer") == [[5]]
    assert outputs(call(0, 3.5), "chainer") == [[5]]


def test_a_product_that_rounds_to_a_half_has_two():
    # float32's 0.7 is 0.699999988; five times that lies between 3.5 and the number before it.
    assert sorted(outputs(call(0, 5, scale=0.7))) == [[4], [5]]
    assert outputs(call(0, 5, scale=0.7))[0] == [4]
    assert len(outputs(call(0, 4, scale=0.7))) == 1


def test_adding_a_half_may_round_up():
    before_half = float(np.nextafter(np.float32(0.5), np.float32(0)))
    assert sorted(outputs(call(0, before_half), "tvm")) == [[1], [2]]
    assert outputs(call(0, before_half)) == [[1]]
    # In float64 the sum with the same number is exact.
    assert outputs(call(0, before_half), "tvm", "float64") == [[1]]


def test_types_of_16_bits_may_round_coordinates():
    assert outputs(call(0, 3.4375), dtype="bfloat16") == [[4]]
    # bfloat16 rounds 3.4921875 to 3.5.
    assert sorted(outputs(call(0, 3.4921875), dtype="bfloat16")) == [[4], [5]]
    assert outputs(call(0, 3.4921875)) == [[4]]


def test_many_open_corners_have_no_answer():
    open_ = call(0, 5, scale=0.7)
    assert outputs({**open_, "boxes": open_["boxes"] * 4}) == []


def test_unsnapped_corners_are_judged_where_no_rounding_moves_an_edge():
    assert outputs(call(0, 6, bins=2), "mmcv") == [[4, 7]]
    assert outputs(call(0, 5, bins=4), "mmcv") == [[2, 3, 5, 6]]
    # Sevenths of 7 should be whole, and need not come out so where the scale is rounded.
    assert outputs(call(0, 9, bins=7, scale=0.7), "mmcv") == []
    assert outputs(call(0, 5, bins=3, scale=0.1), "mmcv") == [[1, 1, 1]]
    assert outputs(call(0, 8, bins=3, scale=1.0), "mmcv") == [[3, 6, 9]]


@pytest.mark.parametrize("mode", ["max", "avg"])
def test_bits(mode):
    assert ORACLE.bits(call(0, 7, bins=2, mode=mode), Operation.FORWARD, DIALECTS["roikit"]) == (
        4 if mode == "max" else 5
    )


def test_an_average_over_three_pixels_has_bounds():
    arguments = call(0, 2, mode="avg")
    assert ORACLE.bits(arguments, Operation.FORWARD, DIALECTS["roikit"]) is None
    answer, *others = ORACLE.answers_in(arguments, Operation.FORWARD, DIALECTS["roikit"], "float32")
    assert not others
    assert 0 < np.ravel(answer.bound)[0] < 1e-5
    assert ORACLE.answers_in(arguments, Operation.FORWARD, DIALECTS["roikit"], "float16") == ()
    assert ORACLE.exact_dtypes(call(0, 3, mode="avg"), Operation.FORWARD, DIALECTS["roikit"]) == (
        "float16",
        "bfloat16",
        "float32",
        "float64",
    )


def test_bounds_hold_for_a_computation_in_float32():
    chance = np.random.default_rng(1)
    for _ in range(50):
        rows = chance.standard_normal((1, 9)).astype(np.float32).astype(float).tolist()
        arguments = {**call(0, int(chance.integers(0, 9)), mode="avg"), "input": {"shape": [1, 1, 1, 9], "rows": rows}}
        (answer,) = ORACLE.answers_in(arguments, Operation.FORWARD, DIALECTS["roikit"], "float32")
        pixels = np.array(rows[0][: arguments["boxes"][0][3] + 1], np.float32)
        summed = np.float32(0)
        for pixel in pixels:
            summed += pixel * (np.float32(1) / np.float32(len(pixels)))
        assert answer.bound is None or abs(float(summed) - np.ravel(answer.output)[0]) <= np.ravel(answer.bound)[0]


def test_gradients_add_up_within_bounds():
    grad = {"shape": [2, 1, 1, 1], "rows": [[1.0], [2.0**-30]]}
    arguments = {**call(0, 7), "boxes": [[0, 0, 0, 7, 0]] * 2, "grad": grad}
    (wide,) = ORACLE.answers_in(arguments, Operation.FEATURE_GRADIENT, DIALECTS["roikit"], "float64")
    (narrow,) = ORACLE.answers_in(arguments, Operation.FEATURE_GRADIENT, DIALECTS["roikit"], "float32")
    assert wide.bound is None
    assert wide.output == narrow.output
    assert np.ravel(narrow.bound).tolist().count(0.0) == 8
    assert max(np.ravel(narrow.bound)) >= 2.0**-30
    coarse = {**arguments, "grad": {**grad, "rows": [[1.0], [2.0**-12]]}}
    assert ORACLE.answers_in(coarse, Operation.FEATURE_GRADIENT, DIALECTS["roikit"], "float16") == ()


def test_the_nearest_decision():
    assert ORACLE.nearest_decision(call(0.25, 3.5), DIALECTS["roikit"]) == 0
    assert ORACLE.nearest_decision(call(0.25, 3), DIALECTS["roikit"]) == 0.25
    assert ORACLE.nearest_decision({**call(0, 1), "boxes": []}, DIALECTS["roikit"]) is None
