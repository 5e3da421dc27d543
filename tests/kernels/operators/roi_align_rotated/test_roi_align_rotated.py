"""Rotated RoIAlign on the CPU against loops over samples, at quarter turns against RoIAlign bit for bit, and bad arguments."""

import math
from functools import cache

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    roi_align,
    roi_align_rotated,
    roi_align_rotated_backward,
    roi_align_rotated_backward_boxes,
)
from tests.kernels.operators.arrays import DTYPES, LAYOUTS, as_nchw, drawn, epsilon, like, wide
from tests.kernels.operators.roi_align_rotated import reference

BOXES = [
    [0, 5.25, 4.75, 4, 3, 0.3],
    [1, 6.25, 5, 7.5, 4.3, -1.2],
    [0, 1, 2, 6, 9, 2.5],  # over the edges
    [1, 40, 40, 9, 9, 1],  # outside
    [0, 4.1, 5.3, 0.4, 0.6, 4],  # within a pixel or two
    [1, 4, 4, 30, 50, 0.7],  # around the map
    [0, 5, 5, 6, 0.5, 100.25],  # turned many times
]


@cache
def of_loops(channels, ratio, kind):
    """Output and gradient for maps of integers, which are the same in every data type; boxes are of this one."""
    x, boxes = drawn((2, channels, 9, 21)), np.array(BOXES, kind)
    out = reference.roi_align_rotated(x, boxes, (3, 2), 0.75, ratio)
    return out, reference.roi_align_rotated_backward(drawn(out.shape, seed=1), x.shape, boxes, 0.75, ratio)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [3, 70])
@pytest.mark.parametrize("ratio", [(2, 2), (0, 0), (1, 3)])
def test_output_and_gradients_are_those_of_loops(layout, dtype, channels, ratio):
    x, boxes = like(drawn((2, channels, 9, 21), dtype), layout), np.array(BOXES, wide(dtype))
    how = {"spatial_scale": 0.75, "sampling_ratio": ratio, "layout": layout}
    error = 8 * epsilon(dtype) + 200 * epsilon(wide(dtype))
    expected, right = of_loops(channels, ratio, wide(dtype))
    out = roi_align_rotated(x, boxes, (3, 2), **how)
    assert out.dtype == dtype
    np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=8 * error)
    sent = roi_align_rotated_backward(like(drawn(expected.shape, dtype, 1), layout), boxes, x.shape, **how)
    np.testing.assert_allclose(as_nchw(sent, layout).astype(float), right, rtol=error, atol=error * abs(right).max())


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("clockwise", [False, True])
def test_the_gradient_for_boxes_is_that_of_differences(layout, clockwise):
    x, boxes = drawn((2, 3, 9, 21), np.float64), np.array(BOXES, np.float64)
    grad = drawn((len(boxes), 3, 3, 2), np.float64, 1)
    got = roi_align_rotated_backward_boxes(
        like(grad, layout), like(x, layout), boxes, 0.75, 2, clockwise=clockwise, layout=layout
    )
    right = reference.roi_align_rotated_backward_boxes(grad, x, boxes, 0.75, (2, 2), clockwise)
    np.testing.assert_allclose(got, right, rtol=1e-6, atol=1e-6)


CORNERS = np.array([[0, 1, 2, 5, 6], [1, 3, -1, 7, 7], [0, -2, 2, 2, 10], [1, 2.5, 3, 4.5, 7], [0, 2, 2.25, 10, 10.25]])
"""Boxes of which RoIAlign rounds nothing, so that no order of sums shows."""


def turned(corners, quarters, unit=math.pi / 2):
    """The boxes of these corners, that are to be turned by quarters; odd ones have width and height exchanged."""
    k, x1, y1, x2, y2 = corners.T
    w, h = (y2 - y1, x2 - x1) if quarters % 2 else (x2 - x1, y2 - y1)
    return np.stack([k, (x1 + x2) / 2, (y1 + y2) / 2, w, h, np.full(len(k), quarters * unit)], 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3, -1, -2, 4, 5])
@pytest.mark.parametrize("how", ["radians", "degrees", "clockwise"])
@pytest.mark.parametrize("ratio", [2, 0])
def test_turned_by_quarters_it_is_roi_align_bit_for_bit(dtype, quarters, how, ratio):
    """Rows of bins go along the height of a box: turned by a quarter its first is the last column of the upright one."""
    x = drawn((2, 5, 11, 12), dtype)
    boxes = turned(CORNERS, quarters, 90 if how == "degrees" else math.pi / 2).astype(dtype)
    options = {"radians": {}, "degrees": {"dialect": "roikit-degrees"}, "clockwise": {"clockwise": True}}[how]
    size = (2, 4) if quarters % 2 else (4, 2)
    got = roi_align_rotated(x, boxes, size, 1.0, ratio, **options)
    upright = roi_align(x, CORNERS.astype(dtype), (4, 2), 1.0, ratio, aligned=True)
    right = np.rot90(upright, quarters if how == "clockwise" else -quarters, axes=(2, 3))
    assert np.array_equal(got, right)


def test_a_quarter_turn_is_the_nearest_number_and_no_other():
    """RR-4: with the next number a map whose pixels are far apart shows that there is a little more of a turn."""
    x = np.zeros((1, 1, 9, 9), np.float32)
    x[..., 4, :] = 2.0**30
    box = np.array([[0, 4.5, 4.5, 4, 4, np.pi / 2]], np.float32)
    exact = roi_align_rotated(x, box, 2, 1.0, 2)
    box[0, 5] = np.nextafter(box[0, 5], np.float32(2))
    assert not np.array_equal(roi_align_rotated(x, box, 2, 1.0, 2), exact)


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("column", [3, 4])
def test_a_size_of_minus_infinity_is_refused_where_sizes_are_enlarged_too(aligned, column):
    boxes = np.array(BOXES[:2], np.float32)
    boxes[1, column] = -np.inf
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        roi_align_rotated(drawn((2, 3, 6, 6)), boxes, 2, sampling_ratio=2, aligned=aligned)


def test_angles_without_digits_and_sizes_without_sense_do_no_harm():
    x = drawn((1, 3, 6, 6))
    rows = [
        [0, 3, 3, 2, 2, 3e38],
        [0, 3, 3, 2, 2, -1e30],
        [0, 3, 3, -2, 2, 1],
        [0, 3, 3, 0, 0, 1],
        [0, 3, 3, 1e30, 2, 1],
    ]
    boxes = np.array(rows, np.float32)
    assert np.isfinite(roi_align_rotated(x, boxes, 2, sampling_ratio=2)).all()
    assert np.isfinite(roi_align_rotated(x, boxes[:4], 2)).all()
    grad = np.ones((len(rows), 3, 2, 2), np.float32)
    assert np.isfinite(roi_align_rotated_backward(grad, boxes, x.shape, 1.0, 2)).all()
    assert np.isfinite(roi_align_rotated_backward_boxes(grad, x, boxes, 1.0, 2)).all()


def test_a_roi_far_around_the_map_takes_no_longer_than_one_that_covers_it():
    """Of 10¹² samples those on the map are looked at."""
    x = np.ones((1, 1, 8, 8), np.float32)
    box = np.array([[0, 4, 4, 2.0**19, 2.0**19, 0.5]], np.float32)
    out = roi_align_rotated(x, box, 1)
    assert 0 < float(out.sum()) < 1e-6


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"boxes": np.ones((1, 5), np.float32)}, ValueError, r"\(K, 6\), rows \[batch_index, cx, cy, w, h, angle\]"),
    ({"boxes": [np.ones((1, 4), np.float32)] * 2}, ValueError, r"boxes\[0\] must have shape \(L, 5\)"),
    ({"spatial_scale": (0.5, 0.25)}, ValueError, "two would shear a rotated box"),
    ({"spatial_scale": 0}, ValueError, "greater than 0"),
    ({"sampling_ratio": 2000}, ValueError, "at most 1024"),
    ({"aligned": 1}, TypeError, "aligned must be True or False"),
    ({"clockwise": "yes"}, TypeError, "clockwise must be True or False"),
    ({"dialect": "none"}, ValueError, "no dialect of roi_align_rotated is called 'none'"),
    ({"dialect": "mmcv", "clockwise": True}, ValueError, "leave them out"),
    ({"layout": "CHW"}, ValueError, "layout must be one of"),
    ({"input": np.ones((2, 3, 6, 6), np.int32)}, TypeError, "input has data type int32"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    call = {"input": drawn((2, 3, 6, 6)), "boxes": np.array(BOXES, np.float32), "output_size": 2}
    with pytest.raises(error, match=message):
        roi_align_rotated(**(call | changes))
