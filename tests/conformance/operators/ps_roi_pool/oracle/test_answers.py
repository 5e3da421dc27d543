"""Which answers PSRoIPool's oracle gives: numbers worked out by hand, where rounding decides, and where nobody can say."""

import numpy as np
import pytest

from roikit.conformance.operation import Operation
from roikit.conformance.operators.ps_roi_pool.oracle.face import ORACLE
from roikit.kernels.dialects.ps_roi_pool import DIALECTS

RAMP = {"shape": [1, 4, 5, 5], "rows": np.arange(100).reshape(20, 5).tolist()}
ROW = {"shape": [1, 1, 2, 10], "rows": [[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]] * 2}


def square(*box):
    """A box on the ramp, in 2 × 2 bins."""
    return {"input": RAMP, "boxes": [[0, *box]], "output_size": [2, 2], "spatial_scale": [1, 1], "mode": "avg"}


def along(low, high, scale=1.0, bins=1):
    """A RoI along a row of ten pixels."""
    maps = {"shape": [1, bins, 2, 10], "rows": ROW["rows"] * bins}
    return {"input": maps, "boxes": [[0, low, 0, high, 1]], "output_size": [1, bins],
            "spatial_scale": [1.0, scale], "mode": "avg"}  # fmt: skip


def outputs(arguments, dialect="torchvision", dtype="float32"):
    found = ORACLE.answers_in(arguments, Operation.FORWARD, DIALECTS[dialect], dtype)
    return [np.ravel(answer.output).tolist() for answer in found]


@pytest.mark.parametrize(
    ("box", "by_feature_pixels", "by_image_pixels"),
    [
        ((0, 0, 5, 5), [6, 32.5, 63.5, 90], [6, 33.5, 68.5, 96]),
        ((0, 0, 4, 4), [3, 30, 63, 90], [6, 33, 66, 93]),
        ((-3, -3, 2, 2), [0, 0, 0, 78], [0, 0, 0, 81]),
        ((3, 3, 1, 1), [18, 43, 68, 93], [18, 43, 68, 93]),
        ((0.5, 0.5, 2.5, 2.5), [6, 32, 61, 87], [9, 35, 64, 90]),
    ],
)
def test_what_libraries_were_seen_to_give(box, by_feature_pixels, by_image_pixels):
    for dialect in ("torchvision", "roikit"):
        assert outputs(square(*box), dialect) == [by_feature_pixels]
    for dialect in ("mxnet", "paddle", "openvino", "ncnn"):
        assert outputs(square(*box), dialect) == [by_image_pixels]


def test_one_added_before_rounding_differs_at_halves_below_zero_only():
    assert outputs(along(-3, -0.5), "mxnet") == [[0]]  # −1 + 1: the RoI ends with pixel −1
    assert outputs(along(-3, -0.5), "openvino") == [[1]]
    for low, high in ((0, 3.5), (-2, 0.5), (1.5, 6)):
        assert outputs(along(low, high), "mxnet") == outputs(along(low, high), "openvino")


def test_the_last_column_is_read_by_some():
    assert outputs(along(8, 10)) == [[9]]
    assert outputs(along(8, 9), "mxnet") == [[4.5]]


def test_a_product_that_rounds_to_a_half_has_two_answers():
    # float32's 0.7 is 0.699999988; five times that lies between 3.5 and the number before it.
    assert sorted(outputs(along(0, 5, scale=0.7))) == [[2], [2.5]]
    assert len(outputs(along(0, 4, scale=0.7))) == 1
    assert outputs({**along(0, 5, scale=0.7), "boxes": [[0, 0, 0, 5, 1]] * 4}) == []


def test_edges_that_are_no_whole_numbers_are_judged_where_no_rounding_moves_one():
    assert outputs(along(0, 6, scale=0.5, bins=2), "mxnet") == [[1.5, 3]]
    assert outputs(along(0, 6, bins=7), "mxnet") == [list(range(1, 8))]
    # Seven tenths of 7 in sevenths should be whole tenths, of which nobody knows the side.
    assert outputs(along(0, 9, bins=7, scale=0.7), "mxnet") == []


def test_the_least_extent():
    assert outputs(along(6, 6)) == [[7]]
    assert outputs(along(7, 5), "mxnet") == [[8]]
    # From 1.25 on: a tenth of a pixel lies in one, a whole one in two.
    assert outputs(along(5, 3, scale=0.25), "mxnet") == [[2]]
    assert outputs(along(5, 3, scale=0.25)) == [[2]]


def test_an_average_over_three_pixels_has_bounds():
    assert ORACLE.bits(along(1, 4), Operation.FORWARD, DIALECTS["roikit"]) is None
    (answer,) = ORACLE.answers_in(along(1, 4), Operation.FORWARD, DIALECTS["roikit"], "float32")
    assert 0 < np.ravel(answer.bound)[0] < 1e-5
    assert ORACLE.answers_in(along(1, 4), Operation.FORWARD, DIALECTS["roikit"], "float16") == ()
    assert ORACLE.exact_dtypes(along(0, 4), Operation.FORWARD, DIALECTS["roikit"]) == (
        "float16", "bfloat16", "float32", "float64",
    )  # fmt: skip


def test_bounds_hold_for_a_computation_in_float32():
    chance = np.random.default_rng(1)
    for _ in range(50):
        row = chance.standard_normal(10).astype(np.float32).astype(float).tolist()
        end = int(chance.integers(1, 9))
        maps = {"shape": [1, 1, 2, 10], "rows": [row, row]}
        arguments = {**along(0, end), "input": maps}
        (answer,) = ORACLE.answers_in(arguments, Operation.FORWARD, DIALECTS["roikit"], "float32")
        summed, share = np.float32(0), np.float32(1) / np.float32(end)
        for pixel in np.array(row[:end], np.float32):
            summed += pixel * share
        assert answer.bound is None or abs(float(summed) - np.ravel(answer.output)[0]) <= np.ravel(answer.bound)[0]


def test_a_gradient_goes_to_the_channel_of_its_bin():
    arguments = {**square(0, 0, 4, 4), "grad": {"shape": [1, 1, 2, 2], "rows": [[4, 8], [12, 16]]}}
    (answer,) = ORACLE.answers_in(arguments, Operation.FEATURE_GRADIENT, DIALECTS["roikit"], "float32")
    values = np.array(answer.output)
    assert [values[0, c].sum() for c in range(4)] == [4, 8, 12, 16]
    assert values[0, 0, :2, :2].tolist() == [[1, 1], [1, 1]]
    assert values[0, 3, 2:4, 2:4].tolist() == [[4, 4], [4, 4]]


def test_the_last_row_is_sent_to_where_it_is_read():
    arguments = {**square(0, 0, 5, 5), "grad": {"shape": [1, 1, 2, 2], "rows": [[1, 1], [1, 1]]}}
    for dialect, reads in (("torchvision", False), ("mxnet", True)):
        (answer,) = ORACLE.answers_in(arguments, Operation.FEATURE_GRADIENT, DIALECTS[dialect], "float64")
        values = np.array(answer.output, float)
        assert bool(values[..., 4, :].any() or values[..., 4].any()) == reads


def test_the_nearest_decision():
    assert ORACLE.nearest_decision(along(0.25, 3.5), DIALECTS["roikit"]) == 0
    assert ORACLE.nearest_decision(along(0.25, 3), DIALECTS["roikit"]) == 0.25
    assert ORACLE.nearest_decision({**along(0, 1), "boxes": []}, DIALECTS["roikit"]) is None


def test_a_box_that_cannot_be_pooled_has_no_numbers():
    for box in ([0, "nan", 0, 1, 1], [1, 0, 0, 1, 1], [-1, 0, 0, 1, 1]):
        assert outputs({**square(0, 0, 1, 1), "boxes": [box]}) == [["nan"] * 4]
