"""Rotation-invariant RoIAlign on the CPU: against loops over samples, at quarter turns against rotated RoIAlign; bad calls."""

import math
from functools import cache

import numpy as np
import pytest

from roikit.kernels import (
    riroi_align_rotated,
    riroi_align_rotated_backward,
    riroi_align_rotated_backward_boxes,
    roi_align_rotated,
)
from tests.kernels.operators.arrays import DTYPES, LAYOUTS, as_nchw, drawn, epsilon, like, wide
from tests.kernels.operators.riroi_align_rotated import reference

BOXES = [
    [0, 5.25, 4.75, 4, 3, 0.3],
    [1, 6.25, 5, 7.5, 4.3, -1.2],
    [0, 1, 2, 6, 9, 2.5],  # over the edges
    [1, 40, 40, 9, 9, 1],  # outside
    [0, 4.1, 5.3, 0.4, 0.6, 4],  # within a pixel or two
    [1, 4, 4, 30, 50, 0.7],  # around the map
    [0, 5, 5, 6, 0.5, 100.25],  # turned many times
    [0, 5, 5, 6, 3, -20],
]


@cache
def of_loops(channels, orientations, ratio, kind):
    """Output and gradient for maps of integers, which are the same in every data type; boxes are of this one."""
    x, boxes, how = drawn((2, channels, 9, 21)), np.array(BOXES, kind), (0.75, ratio, orientations)
    out = reference.riroi_align_rotated(x, boxes, (3, 2), *how)
    return out, reference.riroi_align_rotated_backward(drawn(out.shape, seed=1), x.shape, boxes, *how)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("channels", "orientations"), [(3, 3), (72, 8), (10, 5), (66, 2), (5, 1)])
@pytest.mark.parametrize("ratio", [(2, 2), (0, 0), (1, 3)])
def test_output_and_gradients_are_those_of_loops(layout, dtype, channels, orientations, ratio):
    x, boxes = like(drawn((2, channels, 9, 21), dtype), layout), np.array(BOXES, wide(dtype))
    how = {"spatial_scale": 0.75, "sampling_ratio": ratio, "num_orientations": orientations, "layout": layout}
    error = 8 * epsilon(dtype) + 400 * epsilon(wide(dtype))
    expected, right = of_loops(channels, orientations, ratio, wide(dtype))
    out = riroi_align_rotated(x, boxes, (3, 2), **how)
    assert out.dtype == dtype
    np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=16 * error)
    sent = riroi_align_rotated_backward(like(drawn(expected.shape, dtype, 1), layout), boxes, x.shape, **how)
    np.testing.assert_allclose(as_nchw(sent, layout).astype(float), right, rtol=error, atol=error * abs(right).max())


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("clockwise", [False, True])
@pytest.mark.parametrize(("channels", "orientations"), [(8, 4), (18, 18), (3, 1)])
def test_the_gradient_for_boxes_is_that_of_differences(layout, clockwise, channels, orientations):
    x, boxes = drawn((2, channels, 9, 21), np.float64), np.array(BOXES, np.float64)
    grad = drawn((len(boxes), channels, 3, 2), np.float64, 1)
    got = riroi_align_rotated_backward_boxes(
        like(grad, layout), like(x, layout), boxes, 0.75, 2, orientations, clockwise, layout=layout
    )
    right = reference.riroi_align_rotated_backward_boxes(grad, x, boxes, 0.75, (2, 2), orientations, clockwise)
    np.testing.assert_allclose(got, right, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3, -1, -2, 4, 5, -7])
@pytest.mark.parametrize("clockwise", [False, True])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_turned_by_quarters_it_is_rotated_roi_align_of_other_channels_bit_for_bit(dtype, quarters, clockwise, layout):
    x = drawn((2, 24, 11, 12), dtype)
    boxes = np.array([[k, 5, 5.25, 4 + k, 3, quarters * math.pi / 2] for k in (0, 1)], dtype)
    how = {"spatial_scale": 1.0, "sampling_ratio": 2, "layout": layout}
    got = as_nchw(riroi_align_rotated(like(x, layout), boxes, (2, 3), clockwise=clockwise, **how), layout)
    still = as_nchw(
        roi_align_rotated(like(x, layout), boxes, (2, 3), aligned=False, clockwise=clockwise, **how), layout
    )
    features = still.reshape(2, 3, 8, 2, 3)
    assert np.array_equal(got, np.roll(features, 2 * quarters, axis=2).reshape(got.shape))


def test_one_orientation_is_rotated_roi_align():
    x, boxes = drawn((2, 5, 9, 21)), np.array(BOXES, np.float32)
    got = riroi_align_rotated(x, boxes, 2, num_orientations=1)
    np.testing.assert_allclose(got, roi_align_rotated(x, boxes, 2, aligned=False), rtol=1e-6, atol=1e-6)


def test_what_is_not_read_does_not_matter():
    """RI-7: of an orientation of weight 0."""
    x = drawn((1, 8, 6, 6))
    x[:, 1] = np.nan
    out = riroi_align_rotated(x, np.array([[0, 3, 3, 2, 2, 0]], np.float32), 2)
    assert np.isnan(out).any(axis=(0, 2, 3)).tolist() == [n == 1 for n in range(8)]


def test_angles_without_digits_and_sizes_without_sense_do_no_harm():
    x = drawn((1, 8, 6, 6))
    rows = [
        [0, 3, 3, 2, 2, 3e38],
        [0, 3, 3, 2, 2, -1e30],
        [0, 3, 3, -2, 2, 1],
        [0, 3, 3, 0, 0, 1],
        [0, 3, 3, 1e30, 2, 1],
        [0, 3, 3, 2, 2, -1e-30],
    ]
    boxes = np.array(rows, np.float32)
    assert np.isfinite(riroi_align_rotated(x, boxes, 2, sampling_ratio=2)).all()
    grad = np.ones((len(rows), 8, 2, 2), np.float32)
    assert np.isfinite(riroi_align_rotated_backward(grad, boxes, x.shape, 1.0, 2)).all()
    assert np.isfinite(riroi_align_rotated_backward_boxes(grad, x, boxes, 1.0, 2)).all()


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"boxes": np.ones((1, 5), np.float32)}, ValueError, r"\(K, 6\), rows \[batch_index, cx, cy, w, h, angle\]"),
    ({"spatial_scale": (0.5, 0.25)}, ValueError, "two would shear a rotated box"),
    ({"sampling_ratio": 2000}, ValueError, "at most 1024"),
    ({"num_orientations": 3}, ValueError, "num_orientations must divide the channels of input: 8 are no multiple of 3"),
    ({"num_orientations": 0}, ValueError, "num_orientations must be from 1 to"),
    ({"num_orientations": 2.0}, TypeError, "num_orientations must be"),
    ({"clockwise": "yes"}, TypeError, "clockwise must be True or False"),
    ({"dialect": "none"}, ValueError, "no dialect of riroi_align_rotated is called 'none'"),
    ({"dialect": "mmcv", "clockwise": True}, ValueError, "leave it out"),
    ({"dialect": 1}, TypeError, r"must be a riroi_align_rotated\.Dialect"),
    ({"input": np.ones((2, 8, 6, 6), np.int32)}, TypeError, "input has data type int32"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    call = {"input": drawn((2, 8, 6, 6)), "boxes": np.array(BOXES, np.float32), "output_size": 2}
    with pytest.raises(error, match=message):
        riroi_align_rotated(**(call | changes))
