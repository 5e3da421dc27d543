"""Weights of RoIs on the CPU: each RoI with its image as a map of its own, derivatives, some RoIs at a time."""

import ml_dtypes
import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)
from roikit.kernels.operators.weighted_roi_align import rois

DTYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64]
LAYOUTS = ("NCHW", "NHWC")
BOXES = [
    [1, 1, 1, 5, 5],
    [0, 0.25, 0, 9, 3.25],
    [1, -6, -3, 3, 20],
    [1, 4, 4, 1, 1],  # inverted
    [0, 40, 40, 50, 50],  # outside
    [0, 3, 2, 3, 2],  # without area
    [1, 0, 0, 6, 8],
]
GUARDS = ({}, {"guard": "zero"}, {"guard": "add", "epsilon": 0.25}, {"guard": "clamp", "epsilon": 0.5})
WHERE = (0.75, 2, True)


def wide(dtype):
    return np.float64 if dtype == np.float64 else np.float32


def like(array, layout):
    return array if layout == "NCHW" else np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def whole(shape, dtype, seed, low=-3):
    """Small whole numbers, whose sums are exact."""
    return np.random.default_rng(seed).integers(low, 4, shape).astype(dtype)


def drawn(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def call(layout, channels, dtype=np.float64, boxes=BOXES):
    rows = np.array(boxes, wide(dtype))
    x, w = whole((2, 3, 9, 11), dtype, 0), whole((len(rows), channels, 9, 11), dtype, 1, low=0)
    return like(x, layout), rows, like(w, layout)


def on_own_maps(x, rows):
    """The map of each RoI, and rows that say that it lies there."""
    own = rows.copy()
    own[:, 0] = np.arange(len(rows))
    return np.ascontiguousarray(x[rows[:, 0].astype(int)]), own


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("guard", GUARDS)
def test_each_roi_has_its_image_as_a_map_of_its_own(dtype, layout, channels, guard):
    x, rows, w = call(layout, channels, dtype)
    how = {"layout": layout, "normalise": bool(guard), **guard}
    maps, own = on_own_maps(x, rows)
    due = weighted_roi_align(maps, own, w, (3, 2), *WHERE, **how)
    out = weighted_roi_align(x, rows, w, (3, 2), *WHERE, weights_of="rois", **how)
    np.testing.assert_array_equal(out, due)
    grad = whole(out.shape, dtype, 2)
    found = weighted_roi_align_backward_weights(grad, x, rows, w, *WHERE, weights_of="rois", **how)
    if wide(dtype) != dtype:  # what is between the steps is not rounded to 16 bits
        maps, w_wide, grad_wide = (array.astype(np.float32) for array in (maps, w, grad))
    else:
        w_wide, grad_wide = w, grad
    due = weighted_roi_align_backward_weights(grad_wide, maps, own, w_wide, *WHERE, **how)
    np.testing.assert_array_equal(found, due.astype(dtype))
    moved = weighted_roi_align_backward_boxes(grad, x, rows, w, *WHERE, weights_of="rois", **how)
    np.testing.assert_array_equal(moved, weighted_roi_align_backward_boxes(grad_wide, maps, own, w_wide, *WHERE, **how))
    sent = weighted_roi_align_backward(grad, rows, w, x.shape, *WHERE, weights_of="rois", **how)
    of_rois = weighted_roi_align_backward(grad_wide, own, w_wide, maps.shape, *WHERE, **how)
    due = np.stack([of_rois[rows[:, 0] == n].sum(0) for n in range(2)])
    np.testing.assert_allclose(sent.astype(wide(dtype)), due, rtol=1e-2 if wide(dtype) != dtype else 1e-5, atol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("guard", GUARDS)
def test_gradients_are_derivatives(layout, channels, guard):
    rows = np.array([[0, 1.1, 0.72, 5.2, 4.91], [1, -1.3, 2.2, 6.6, 6.1], [0, 2.1, 1.4, 5.9, 6.2]])
    x, w = like(drawn((2, 3, 6, 7)), layout), like(abs(drawn((3, channels, 6, 7), 1)) + 0.25, layout)
    how, where = {"layout": layout, "weights_of": "rois", "normalise": bool(guard), **guard}, (0.8, 2, True)

    def output(x=x, rows=rows, w=w):
        return weighted_roi_align(x, rows, w, 2, *where, **how)

    grad = drawn(output().shape, 2)
    steps = {
        "x": weighted_roi_align_backward(grad, rows, w, x.shape, *where, **how),
        "w": weighted_roi_align_backward_weights(grad, x, rows, w, *where, **how),
        "rows": np.pad(weighted_roi_align_backward_boxes(grad, x, rows, w, *where, **how), ((0, 0), (1, 0))),
    }
    for name, array in (("x", x), ("w", w), ("rows", rows)):
        step = drawn(array.shape, 3) * 1e-6
        if name == "rows":
            step[:, 0] = 0
        change = output(**{name: array + step}) - output(**{name: array - step})
        assert (change * grad).sum() == pytest.approx(2 * (steps[name] * step).sum(), rel=1e-5)


def test_the_shape_does_not_say_what_weights_are_of():
    x, rows, w = call("NCHW", 1, boxes=BOXES[:2])
    of_images, of_rois = (weighted_roi_align(x, rows, w, 2, weights_of=of) for of in ("images", "rois"))
    assert not np.array_equal(of_images, of_rois)
    np.testing.assert_array_equal(of_rois, weighted_roi_align(x, rows, w[::-1], 2))  # RoI 0 lies on image 1


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
@pytest.mark.parametrize("bytes_at_once", [1, 2 * 3 * 9 * 11 * 8])
def test_how_many_rois_are_taken_at_a_time_changes_no_bit(dtype, bytes_at_once, monkeypatch):
    x, rows, w = call("NHWC", 1, dtype)
    grad = drawn((len(rows), 2, 2, 3), 4).astype(dtype)
    how = {"layout": "NHWC", "normalise": True, "guard": "add", "epsilon": 0.5, "weights_of": "rois"}

    def gradients():
        yield weighted_roi_align_backward(grad, rows, w, x.shape, **how)
        yield weighted_roi_align_backward_weights(grad, x, rows, w, **how)
        yield weighted_roi_align_backward_boxes(grad, x, rows, w, **how)

    together = list(gradients())
    monkeypatch.setattr(rois, "_BYTES", bytes_at_once)
    for due, found in zip(together, gradients(), strict=True):
        np.testing.assert_array_equal(found, due)


@pytest.mark.parametrize("index", [2, -1, np.nan])
@pytest.mark.parametrize("normalise", [False, True])
def test_a_roi_that_cannot_be_pooled_is_named_by_all(index, normalise):
    x, rows, w = call("NCHW", 1)
    rows[5, 0] = index
    how, grad = {"weights_of": "rois", "normalise": normalise}, np.ones((len(rows), 3, 2, 2))
    for function, given in (
        (weighted_roi_align, (x, rows, w, 2)),
        (weighted_roi_align_backward, (grad, rows, w, x.shape)),
        (weighted_roi_align_backward_weights, (grad, x, rows, w)),
        (weighted_roi_align_backward_boxes, (grad, x, rows, w)),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[5\] cannot be pooled: its batch index"):
            function(*given, **how)


def test_a_fraction_of_a_batch_index_is_left_out_where_a_dialect_does():
    x, rows, w = call("NCHW", 1)
    part, how = rows.copy(), {"weights_of": "rois", "dialect": "torchvision"}
    part[:, 0] += 0.25
    grad = whole((len(rows), 3, 2, 2), float, 2)
    for function, before, after in (
        (weighted_roi_align_backward, (grad,), (w, x.shape)),
        (weighted_roi_align_backward_weights, (grad, x), (w,)),
    ):
        np.testing.assert_array_equal(function(*before, part, *after, **how), function(*before, rows, *after, **how))
    with pytest.raises(InvalidRoiError, match=r"boxes\[0\]"):
        weighted_roi_align_backward(grad, part, w, x.shape, weights_of="rois")


@pytest.mark.parametrize("images", [0, 2])
def test_without_rois_gradients_are_nothing(images):
    x, w, rows = np.ones((images, 3, 4, 4)), np.ones((0, 1, 4, 4)), np.ones((0, 5))
    grad, how = np.ones((0, 3, 2, 2)), {"weights_of": "rois"}
    assert weighted_roi_align(x, rows, w, 2, **how).shape == (0, 3, 2, 2)
    np.testing.assert_array_equal(weighted_roi_align_backward(grad, rows, w, x.shape, **how), 0 * x)
    assert weighted_roi_align_backward_weights(grad, x, rows, w, **how).shape == w.shape
    assert weighted_roi_align_backward_boxes(grad, x, rows, w, **how).shape == (0, 4)


def test_a_wrong_argument_is_named():
    x, rows, w = call("NCHW", 1)
    with pytest.raises(ValueError, match=r"weights must have shape \(2, 1, 9, 11\) or \(2, 3, 9, 11\), not"):
        weighted_roi_align(x, rows, w, 2)
    with pytest.raises(
        ValueError, match=r"weights must have shape \(7, 1, 9, 11\) or \(7, 3, 9, 11\) with weights_of='rois'"
    ):
        weighted_roi_align(x, rows, w[:2], 2, weights_of="rois")
    with pytest.raises(ValueError, match="weights_of must be one of"):
        weighted_roi_align(x, rows, w, 2, weights_of="boxes")
    with pytest.raises(ValueError, match="weights_of must be one of"):
        weighted_roi_align_backward(np.ones((7, 3, 2, 2)), rows, w, x.shape, weights_of=True)
