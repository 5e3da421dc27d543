"""crop_and_resize on the CPU against exact arithmetic, and that nothing decides its bits but the call."""

import importlib.util
from contextlib import suppress
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.kernels import (
    InvalidRoiError,
    crop_and_resize,
    crop_and_resize_backward,
    crop_and_resize_backward_boxes,
    crop_and_resize_backward_workspace,
)
from roikit.kernels.calls.problem import forget
from roikit.kernels.dialects.crop_and_resize import DIALECTS, Dialect, Knot
from roikit.kernels.staging import pooling_plan

_spec = importlib.util.spec_from_file_location("crop_and_resize_reference", Path(__file__).with_name("reference.py"))
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

DTYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64]
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


def layouts(x):
    yield "NCHW", x
    yield "NHWC", np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def as_nchw(array, layout):
    return array if layout == "NCHW" else array.transpose(0, 3, 1, 2)


def like(array, layout):
    return array if layout == "NCHW" else np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def drawn(shape, dtype, seed=0):
    """Integers, so that what positions of few bits make of them is exact."""
    return np.random.default_rng(seed).integers(-8, 9, shape).astype(dtype)


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
    error = 0 if exact else float(ml_dtypes.finfo(dtype).eps)
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
    error = float(ml_dtypes.finfo(dtype).eps)
    np.testing.assert_allclose(outs[0].astype(float), reference.crop_and_resize(x, ROWS, (3, 2)), rtol=error)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_number_of_threads_does_not_change_a_bit(layout, monkeypatch):
    rng = np.random.default_rng(3)
    x = like(rng.standard_normal((2, 48, 37, 41)).astype(np.float32), layout)
    boxes, indices = rng.uniform(-0.25, 1.25, (40, 4)).astype(np.float32), rng.integers(0, 2, 40)
    monkeypatch.setattr(pooling_plan, "_SMALL", 0)
    seen = set()
    forget()
    for i in range(9):
        monkeypatch.setenv("ROIKIT_NUM_THREADS", str(1 + i % 3))
        out = crop_and_resize(x, boxes, indices, (3, 4), layout=layout)
        sent = crop_and_resize_backward(out, boxes, indices, x.shape, layout=layout)
        moved = crop_and_resize_backward_boxes(out, x, boxes, indices, layout=layout)
        seen.add((out.tobytes(), sent.tobytes(), moved.tobytes()))
    forget()
    assert len(seen) == 1


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_many_boxes_on_several_tiles_send_what_the_output_makes_of_them(layout):
    rng = np.random.default_rng(0)
    x = like(rng.integers(-4, 5, (2, 3, 33, 65)).astype(np.float64), layout)
    boxes, indices = rng.integers(-8, 40, (70, 4)) / 32, rng.integers(0, 2, 70)
    out = crop_and_resize(x, boxes, indices, (5, 40), layout=layout)  # more points than are weighed at once
    grad = rng.integers(-4, 5, out.shape).astype(float)
    sent = crop_and_resize_backward(grad, boxes, indices, x.shape, layout=layout, out=np.full_like(x, np.nan))
    assert (sent * x).sum() == pytest.approx((out * grad).sum(), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.floats(width=32), min_size=4, max_size=4), min_size=1, max_size=4),
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=4, max_size=4),
    st.sampled_from(("bilinear", "nearest")),
    st.sampled_from(sorted(DIALECTS)),
)
def test_no_box_whatever_corrupts_memory(rows, indices, method, dialect):
    boxes, x = np.array(rows, np.float32), drawn((2, 3, 7, 8), np.float32)
    images = np.array([index % 3 if index % 2 else index for index in indices[: len(rows)]])
    for layout, image in layouts(x):
        guarded = np.full(len(rows) * 3 * 4 + 128, 77, np.float32)
        shape = (len(rows), 3, 2, 2) if layout == "NCHW" else (len(rows), 2, 2, 3)
        how = {"layout": layout, "dialect": dialect}
        with suppress(InvalidRoiError):
            out = crop_and_resize(image, boxes, images, 2, method, **how, out=guarded[64:-64].reshape(shape))
            crop_and_resize_backward(out, boxes, images, image.shape, method, **how)
            crop_and_resize_backward_boxes(out, image, boxes, images, method, **how)
        assert (guarded[:64] == 77).all()
        assert (guarded[-64:] == 77).all()


@pytest.mark.parametrize(
    ("index", "box"),
    [(index, [0, 0, 1, 1]) for index in (2, -1, 2**31)]
    + [(0, box) for box in ([np.nan, 0, 1, 1], [0, 0, np.inf, 1], [-3e38, 0, 3e38, 1])],
)
def test_a_box_that_cannot_be_cropped_is_named(index, box):
    x, boxes = drawn((2, 3, 7, 8), np.float32), np.array([[0, 0, 1, 1], box], np.float32)
    indices, grad = np.array([0, index], np.int64), np.ones((2, 3, 2, 2), np.float32)
    for call in (
        lambda: crop_and_resize(x, boxes, indices, 2, layout="NCHW"),
        lambda: crop_and_resize(like(x, "NHWC"), boxes, indices, 2),
        lambda: crop_and_resize_backward(grad, boxes, indices, x.shape, layout="NCHW"),
        lambda: crop_and_resize_backward_boxes(grad, x, boxes, indices, layout="NCHW"),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
            call()


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


def test_more_than_2_to_the_31_elements_are_addressed_right():
    """The images are never written to, so that the system need not provide their memory."""
    x = np.zeros((1, 2**8, 2**8, 2**15 + 4), np.float16)
    x[0, -1, -1, -1] = 5
    out = crop_and_resize(x, np.array([[0, 0, 1, 1]], np.float32), np.zeros(1, np.int32), 2)
    assert out[0, 1, 1, -1] == 5
    assert not out[0, 0].any()


@pytest.mark.parametrize(
    ("shape", "count", "size", "expected"),
    [
        ((2, 3, 7, 8), 0, 2, (0, 3, 2, 2)),
        ((2, 0, 7, 8), 3, 2, (3, 0, 2, 2)),
        ((0, 3, 7, 8), 0, 2, (0, 3, 2, 2)),
        ((2, 3, 7, 8), 3, (0, 2), (3, 3, 0, 2)),
    ],
)
def test_nothing_to_do_gives_an_empty_output_and_gradients_of_zeros(shape, count, size, expected):
    x, (boxes, indices) = drawn(shape, np.float32), apart(ROWS[:count])
    assert crop_and_resize(x, boxes, indices, size, layout="NCHW").shape == expected
    grad = np.ones(expected, np.float32)
    assert not crop_and_resize_backward(grad, boxes, indices, shape, layout="NCHW").any()
    moved = crop_and_resize_backward_boxes(grad, x, boxes, indices, layout="NCHW")
    assert moved.shape == (count, 4)
    assert not moved.any()


def test_memory_beside_the_gradient_and_the_workspace_is_left_alone():
    x, (boxes, indices) = drawn((2, 6, 18, 19), np.float32), apart(ROWS)
    for layout, image in layouts(x):
        how = {"layout": layout}
        grad = crop_and_resize(image, boxes, indices, (3, 4), **how)
        size = crop_and_resize_backward_workspace(image.shape, len(boxes), (3, 4), **how, on_gpu=False)
        memory = np.full(size + 64, 0x5A, np.uint8)
        begin = -memory.ctypes.data % 16 + 16
        around = np.full(x.size + 32, 7, np.float32)
        out = around[16:-16].reshape(image.shape)
        given = {"out": out, "workspace": memory[begin : begin + size]}
        assert crop_and_resize_backward(grad, boxes, indices, image.shape, **how, **given) is out
        assert np.array_equal(out, crop_and_resize_backward(grad, boxes, indices, image.shape, **how))
        assert (np.r_[around[:16], around[-16:]] == 7).all()
        assert (np.r_[memory[:begin], memory[begin + size :]] == 0x5A).all()


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
