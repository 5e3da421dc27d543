"""BorderAlign on the CPU against loops over points, mmcv's numbers, boxes of images and rows, and bad arguments."""

import numpy as np
import pytest

from roikit.kernels import (
    border_align,
    border_align_backward,
    border_align_backward_boxes,
)
from tests.kernels.operators.arrays import DTYPES, as_nchw, drawn, epsilon, layouts, like, wide
from tests.kernels.operators.border_align import reference

BOXES = [
    [0, 1.25, 2.5, 9.75, 6.125],
    [1, 8.5, 7.25, 2.125, 0.75],  # inverted
    [0, -2.5, 1.75, 5.25, 10.5],  # over the edges
    [1, 40, 40, 49, 49],  # outside
    [0, 4.125, 5.25, 4.5, 5.375],  # within a pixel or two
    [1, -9, -7, 30, 17],  # around the map
    [0, 3.25, 4.5, 3.25, 4.5],  # a point
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("channels", "pool_size"), [(3, 4), (21, 10), (21, 1)])
def test_output_and_gradients_are_those_of_loops(dtype, channels, pool_size):
    x, boxes = drawn((2, 4 * channels, 9, 13), dtype), np.array(BOXES, wide(dtype))
    # No two points are equal, wherever they are.
    x = (x.astype(float) + np.random.default_rng(2).random(x.shape)).astype(dtype)
    error = 8 * epsilon(dtype) + 200 * epsilon(wide(dtype))
    expected = reference.border_align(x, boxes, pool_size)
    grad = drawn(expected.shape, dtype, 1)
    right = reference.border_align_backward(grad, x, boxes, pool_size)
    for layout, maps in layouts(x):
        out = border_align(maps, boxes, pool_size, layout=layout)
        assert out.dtype == dtype
        np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=8 * error)
        sent = as_nchw(border_align_backward(like(grad, layout), maps, boxes, pool_size, layout=layout), layout)
        np.testing.assert_allclose(sent.astype(float), right, rtol=error, atol=error * abs(right).max())


@pytest.mark.parametrize(("dialect", "offset"), [(None, 0.0), ("roikit-aligned", 0.5)])
def test_the_gradient_for_boxes_is_that_of_differences(dialect, offset):
    x, boxes = np.random.default_rng(3).normal(size=(2, 12, 9, 13)), np.array(BOXES[:6], np.float64)
    boxes[:, 1:] += 0.0703125  # no point lies on a pixel
    grad = drawn((len(boxes), 3, 4), np.float64, 1)
    right = reference.border_align_backward_boxes(grad, x, boxes, 3, offset)
    for layout, maps in layouts(x):
        got = border_align_backward_boxes(like(grad, layout), maps, boxes, 3, layout=layout, dialect=dialect)
        np.testing.assert_allclose(got, right, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_boxes_of_images_have_the_bits_of_rows(layout):
    x, rows = drawn((2, 20, 9, 13)), np.array([*BOXES[::2], *BOXES[1::2]][:6], np.float32)
    rows[:, 0] = [0, 0, 0, 1, 1, 1]
    x, boxes = like(x, layout), rows[:, 1:].reshape(2, 3, 4)

    def by_rows(array):
        return (array if layout == "NHWC" else array.swapaxes(1, 2)).reshape(
            6, *array.shape[-2:] if layout == "NHWC" else (5, 4)
        )

    out, of_rows = (border_align(x, given, 4, layout=layout) for given in (boxes, rows))
    assert out.shape == ((2, 3, 4, 5) if layout == "NHWC" else (2, 5, 3, 4))
    assert np.array_equal(by_rows(out), of_rows)
    assert np.array_equal(border_align(x, list(boxes), 4, layout=layout), of_rows)
    grad = drawn(out.shape, seed=1)
    sent = border_align_backward(grad, x, boxes, 4, layout=layout)
    assert np.array_equal(sent, border_align_backward(np.ascontiguousarray(by_rows(grad)), x, rows, 4, layout=layout))
    moved = border_align_backward_boxes(grad, x, boxes, 4, layout=layout)
    right = border_align_backward_boxes(np.ascontiguousarray(by_rows(grad)), x, rows, 4, layout=layout)
    assert np.array_equal(moved, right.reshape(2, 3, 4))
    given = np.empty_like(moved)
    assert border_align_backward_boxes(grad, x, boxes, 4, layout=layout, out=given) is given
    assert np.array_equal(given, moved)


def test_huge_boxes_and_pixels_that_are_no_numbers_do_no_harm():
    x = drawn((1, 4, 6, 6))
    boxes = np.array([[0, -1e38, -1e38, 1e38, 1e38], [0, 1e30, 2, 1e30, 3], [0, 1, 1, 4, 4]], np.float32)
    out = border_align(x, boxes, 7)
    assert not out[:2].any()
    assert np.array_equal(out[2:], border_align(x, boxes[2:], 7))
    grad = np.ones(out.shape, np.float32)
    assert np.array_equal(border_align_backward(grad, x, boxes, 7), border_align_backward(grad[2:], x, boxes[2:], 7))
    x[0, 0, 3, 3] = np.nan
    out = border_align(x, np.array([[0, 1, 3, 4, 5], [0, 0, 0, 1, 5]], np.float32), 3)
    assert np.isnan(out).tolist() == [[[True, False, False, False]], [[False] * 4]]
    assert np.isfinite(border_align_backward(grad[:1], x, np.array([[0, 1, 3, 4, 5]], np.float32), 3)).all()


def test_images_without_boxes():
    x, boxes = drawn((2, 12, 6, 6)), np.ones((2, 0, 4), np.float32)
    assert border_align(x, boxes, 2).shape == (2, 3, 0, 4)
    assert border_align(x[:0], np.ones((0, 5, 4), np.float32), 2).shape == (0, 3, 5, 4)
    assert border_align_backward_boxes(np.ones((2, 3, 0, 4), np.float32), x, boxes, 2).shape == (2, 0, 4)


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"boxes": np.ones((1, 4), np.float32)}, ValueError, r"boxes must have shape \(K, 5\)"),
    ({"boxes": np.ones((1, 2, 4), np.float32)}, ValueError, r"boxes must have shape \(N, L, 4\).*N = 2 images.*\(1, 2, 4\)"),
    ({"boxes": np.ones((2, 2, 5), np.float32)}, ValueError, r"boxes must have shape \(N, L, 4\)"),
    ({"boxes": np.ones((2, 2, 4))}, TypeError, "boxes has data type float64; it must be float32"),
    ({"pool_size": 0}, ValueError, "pool_size must be from 1 to 1024, not 0"),
    ({"pool_size": 1025}, ValueError, "pool_size must be from 1 to 1024, not 1025"),
    ({"pool_size": 2.0}, TypeError, "pool_size must be an integer"),
    ({"pool_size": (2, 2)}, TypeError, "pool_size must be one integer"),
    ({"input": np.ones((2, 6, 6, 6), np.float32)}, ValueError, "a multiple of 4, not 6"),
    ({"input": np.ones((2, 4, 6, 6), np.int32)}, TypeError, "input has data type int32"),
    ({"dialect": "none"}, ValueError, "no dialect of border_align is called 'none'"),
    ({"layout": "CHW"}, ValueError, "layout must be one of"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    call = {"input": drawn((2, 12, 6, 6)), "boxes": np.array(BOXES, np.float32), "pool_size": 2}
    with pytest.raises(error, match=message):
        border_align(**(call | changes))


def test_a_wrong_gradient_is_named():
    x, boxes = drawn((2, 12, 6, 6)), np.ones((2, 3, 4), np.float32)
    for grad in (np.ones((2, 3, 4, 4), np.float32), np.ones((6, 3, 4), np.float32)):
        for backward in (border_align_backward, border_align_backward_boxes):
            with pytest.raises(ValueError, match=r"grad must have shape \(2, 3, 3, 4\)"):
                backward(grad, x, boxes, 2)
