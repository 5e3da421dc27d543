"""crop_and_resize on the CPU against exact arithmetic, and that nothing decides its bits but the call."""

import ml_dtypes
import numpy as np
import pytest

from roikit.kernels import (
    crop_and_resize,
    crop_and_resize_backward,
    crop_and_resize_backward_boxes,
)
from roikit.kernels.dialects.crop_and_resize import Dialect, Knot
from tests.kernels.operators.arrays import DTYPES, as_nchw, drawn, epsilon, layouts, like
from tests.kernels.operators.crop_and_resize import reference

ROWS = [
    [0, 0.15625, 0.28125, 0.84375, 0.71875],
    [1, 0, 0, 1, 1],
    [0, -0.5, -0.25, 1.5, 1.25],  # around the image
    [1, 0.78125, 0.875, 0.25, 0.15625],  # flipped
    [0, 2, 2, 3, 3],  # outside
    [1, 0.53125, 0.40625, 0.53125, 0.40625],  # without extent
    [0, 0.25, 1.0, 0.53125, 0.0],
]
"""Boxes ``[image, y1, x1, y2, x2]`` in parts of 32, of which all that is made is exact where the last pixel is a power of two."""


def apart(rows, dtype=np.float32):
    rows = np.array(rows, np.float64).reshape(-1, 5)
    return rows[:, 1:].astype(np.float64 if dtype == np.float64 else np.float32), rows[:, 0].astype(np.int32)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize(("method", "size"), [("bilinear", (3, 5)), ("nearest", (5, 3)), ("bilinear", (1, 2))])
def test_output_and_gradients_are_those_of_exact_arithmetic(dtype, method, size):
    x = drawn((2, 5, 9, 17), dtype)
    boxes, indices = apart(ROWS, dtype)
    expected = reference.crop_and_resize(x, ROWS, size, method, -3)
    grad = drawn(expected.shape, dtype, 1)
    sent = reference.crop_and_resize_backward(grad, x.shape, ROWS, method)
    slope = reference.crop_and_resize_backward_boxes(grad, x, ROWS, "zero")
    exact = dtype not in (np.float16, ml_dtypes.bfloat16)
    error = 0 if exact else epsilon(dtype)
    for layout, image in layouts(x):
        out = crop_and_resize(image, boxes, indices, size, method, -3, layout=layout)
        assert out.dtype == dtype
        np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error)
        got = crop_and_resize_backward(like(grad, layout), boxes, indices, image.shape, method, layout=layout)
        np.testing.assert_allclose(as_nchw(got, layout).astype(float), sent, rtol=error)
        how = {"layout": layout, "dialect": "tensorflow"}
        moved = crop_and_resize_backward_boxes(like(grad, layout), image, boxes, indices, method, **how)
        assert moved.dtype == boxes.dtype
        np.testing.assert_array_equal(moved, slope)


@pytest.mark.parametrize("knot", Knot)
def test_slopes_at_pixels_are_those_of_the_dialect(knot):
    x, rows = drawn((1, 3, 9, 9), np.float64), [[0, 0, 0.25, 1, 0.75], [0, 0.125, 0.0625, 0.875, 0.5625]]
    boxes, indices = apart(rows, np.float64)
    grad = drawn((2, 3, 5, 3), np.float64, 1)
    got = crop_and_resize_backward_boxes(grad, x, boxes, indices, layout="NCHW", dialect=Dialect(knot=knot))
    np.testing.assert_array_equal(got, reference.crop_and_resize_backward_boxes(grad, x, rows, knot))


def test_nearest_has_no_slope_but_tensorflows():
    x, (boxes, indices) = drawn((2, 3, 9, 17), np.float32), apart(ROWS)
    grad = drawn((len(ROWS), 3, 3, 3), np.float32, 1)
    assert not crop_and_resize_backward_boxes(grad, x, boxes, indices, "nearest", layout="NCHW").any()
    how = {"layout": "NCHW", "dialect": "tensorflow"}
    ours = crop_and_resize_backward_boxes(grad, x, boxes, indices, "nearest", **how)
    assert np.array_equal(ours, crop_and_resize_backward_boxes(grad, x, boxes, indices, "bilinear", **how))
    assert ours.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float16], ids=lambda d: np.dtype(d).name)
def test_the_last_point_is_at_the_corner_where_steps_of_float32_are_beyond_it(dtype):
    """29 rows, 14 points: 13 steps of 28/13, rounded, are more than 28."""
    x, (boxes, indices) = drawn((1, 1, 29, 3), dtype), apart([[0, 0, 0, 1, 1]])
    ours = crop_and_resize(x, boxes, indices, (14, 3), extrapolation_value=-99, layout="NCHW")
    assert np.array_equal(ours[0, 0, -1], x[0, 0, -1])
    steps = crop_and_resize(x, boxes, indices, (14, 3), extrapolation_value=-99, layout="NCHW", dialect="tensorflow")
    assert (steps[0, 0, -1] == -99).all()
    assert np.array_equal(steps[0, 0, :-1], ours[0, 0, :-1])


@pytest.mark.parametrize("value", [np.nan, np.inf, -2.5, 0])
def test_any_number_may_be_outside(value):
    x, (boxes, indices) = drawn((1, 2, 5, 5), np.float32), apart([[0, 2, 2, 3, 3], [0, 0, 0, 1, 1]])
    for layout, image in layouts(x):
        out = as_nchw(crop_and_resize(image, boxes, indices, 5, "bilinear", value, layout=layout), layout)
        assert np.array_equal(out[0], np.full((2, 5, 5), value, np.float32), equal_nan=True)
        assert np.array_equal(out[1], x[0])


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_what_no_point_reads_reaches_nothing(layout, special):
    x, (boxes, indices) = drawn((1, 8, 9, 9), np.float32), apart([[0, 0, 0, 0.25, 0.25], [0, 0.5, 0.5, 1, 1]])
    right = crop_and_resize(like(x, layout), boxes, indices, 3, layout=layout)
    x[0, :, 3], x[0, :, :, 3] = special, special
    assert np.array_equal(crop_and_resize(like(x, layout), boxes, indices, 3, layout=layout), right)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_vectors_of_channels(dtype):
    """A number of channels that none of a vector divides."""
    x, (boxes, indices) = drawn((2, 83, 9, 17), dtype), apart(ROWS, dtype)
    outs = [
        as_nchw(crop_and_resize(image, boxes, indices, (3, 2), layout=layout), layout) for layout, image in layouts(x)
    ]
    assert np.array_equal(*outs)
    error = epsilon(dtype)
    np.testing.assert_allclose(outs[0].astype(float), reference.crop_and_resize(x, ROWS, (3, 2)), rtol=error)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_many_boxes_on_several_tiles_send_what_the_output_makes_of_them(layout):
    rng = np.random.default_rng(0)
    x = like(rng.integers(-4, 5, (2, 3, 33, 65)).astype(np.float64), layout)
    boxes, indices = rng.integers(-8, 40, (70, 4)) / 32, rng.integers(0, 2, 70)
    out = crop_and_resize(x, boxes, indices, (5, 40), layout=layout)  # more points than are weighed at once
    grad = rng.integers(-4, 5, out.shape).astype(float)
    sent = crop_and_resize_backward(grad, boxes, indices, x.shape, layout=layout, out=np.full_like(x, np.nan))
    assert (sent * x).sum() == pytest.approx((out * grad).sum(), rel=1e-12)


def test_strides_do_not_matter_nor_that_arrays_are_read_only_nor_the_type_of_indices():
    x, (boxes, indices) = drawn((2, 9, 9, 8), np.float32).transpose(0, 1, 3, 2)[:, ::2], apart(ROWS)
    x.flags.writeable = boxes.flags.writeable = False
    wide = np.repeat(indices.astype(np.int64), 2)[::2]
    ours = crop_and_resize(x, boxes[::-1], wide[::-1], 2)[::-1]
    assert np.array_equal(ours, crop_and_resize(x.copy(), boxes.copy(), indices, 2))


def test_boxes_of_float32_go_with_images_of_float64_and_of_16_bits():
    for dtype in (np.float64, np.float16):
        x, (boxes, indices) = drawn((2, 9, 9, 4), dtype), apart(ROWS)
        assert np.array_equal(
            crop_and_resize(x, boxes, indices, 3), crop_and_resize(x, boxes.astype(dtype), indices, 3)
        )


BOX = np.array([[0, 0, 1, 1]], np.float32)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dialect": "tensorflwo"}, ValueError, "no dialect of crop_and_resize is called 'tensorflwo'"),
        ({"dialect": 3}, TypeError, r"dialect must be a crop_and_resize\.Dialect or the name of one"),
        ({"crop_size": True}, TypeError, "crop_size must be an integer"),
        ({"crop_size": (2, -1)}, ValueError, "crop_size must not be negative"),
        ({"crop_size": (2, 2, 2)}, ValueError, "crop_size must be one number or a"),
        ({"method": "bicubic"}, ValueError, "method must be one of 'bilinear', 'nearest'"),
        ({"extrapolation_value": "0"}, TypeError, "extrapolation_value must be a number"),
        ({"extrapolation_value": True}, TypeError, "extrapolation_value must be a number"),
        ({"image": np.zeros((1, 0, 3, 4), np.float32)}, ValueError, "has no pixels"),
        ({"image": np.ones((4, 4, 4), np.float32)}, ValueError, "image must have 4 dimensions"),
        ({"image": np.ones((1, 4, 4, 4), np.uint8)}, TypeError, "image has data type uint8"),
        ({"boxes": np.zeros((1, 5), np.float32)}, ValueError, r"boxes must have shape \(K, 4\)"),
        ({"boxes": BOX.astype(np.float64)}, TypeError, "boxes has data type float64; it must be float32"),
        ({"boxes": BOX.astype(">f4")}, TypeError, "boxes is in foreign byte order"),
        ({"boxes": BOX.tolist()}, TypeError, "boxes must be a NumPy or a CuPy array"),
        ({"box_indices": np.zeros(2, np.int32)}, ValueError, r"box_indices must have shape \(1,\)"),
        ({"box_indices": np.zeros(1)}, TypeError, "box_indices has data type float64; it must be int32 or int64"),
        ({"out": np.zeros((1, 2, 2, 3), np.float32)}, ValueError, r"out must have shape \(1, 2, 2, 4\)"),
        ({"out": np.zeros((1, 2, 2, 4))}, TypeError, "out has data type float64"),
        ({"layout": "NWHC"}, ValueError, "layout must be one of 'NCHW', 'NHWC'"),
    ],
)
def test_a_wrong_argument_is_named(changes, error, message):
    """What would be right is asked for before, and kept."""
    right = {
        "image": np.ones((1, 4, 4, 4), np.float32),
        "boxes": BOX,
        "box_indices": np.zeros(1, np.int32),
        "crop_size": 2,
    }
    assert (crop_and_resize(**right) == 1).all()
    with pytest.raises(error, match=message):
        crop_and_resize(**right | changes)


def test_an_output_over_the_boxes_is_refused():
    x, memory = np.ones((1, 4, 4, 1), np.float32), np.zeros(16, np.float32)
    with pytest.raises(ValueError, match="out overlaps boxes in memory"):
        crop_and_resize(x, memory[:4].reshape(1, 4), np.zeros(1, np.int32), 2, out=memory[:4].reshape(1, 2, 2, 1))


def test_what_arrives_must_have_the_shape_of_the_output_and_the_type_of_the_image():
    indices = np.zeros(1, np.int32)
    with pytest.raises(ValueError, match=r"grad must have shape \(1, 2, 2, 4\)"):
        crop_and_resize_backward(np.ones((1, 2, 2, 3), np.float32), BOX, indices, (1, 5, 5, 4))
    image = np.ones((1, 5, 5, 4), np.float32)
    with pytest.raises(TypeError, match="grad has data type float64; it must be float32"):
        crop_and_resize_backward_boxes(np.ones((1, 2, 2, 4)), image, BOX, indices)
