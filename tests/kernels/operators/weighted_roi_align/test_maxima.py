"""Maxima of weighed samples on the CPU: RoIAlign's of a weighed map, to the last bit; derivatives; and what is refused."""

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)
from roikit.kernels.calls.problem import forget
from roikit.kernels.dialects.weighted_roi_align import DIALECTS
from roikit.kernels.operators.weighted_roi_align import rois
from roikit.kernels.staging import pooling_plan
from tests.kernels.operators.arrays import DTYPES, LAYOUTS, like, wide

BOXES = [
    [0, 1, 1, 5, 5],
    [1, 0.25, 0, 9, 3.25],
    [0, -6, -3, 3, 20],
    [1, 4, 4, 1, 1],  # inverted
    [0, 40, 40, 50, 50],  # outside
    [1, 3, 2, 3, 2],  # without area
    [0, 0, 0, 6, 8],
]
WHERE = (0.75, 2, True)


def whole(shape, dtype, seed, low=-8, high=9):
    """Small whole numbers, whose products are exact in all data types."""
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def maps_and_weights(layout, dtype, channels, of=2):
    x, w = whole((2, 33, 9, 11), dtype, 0), whole((of, channels, 9, 11), dtype, 1, -2, 4)
    return like(x, layout), like(w, layout)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("ratio", [0, 3])
@pytest.mark.parametrize("channels", [1, 33])
def test_it_is_roi_aligns_maximum_of_a_weighed_map_to_the_last_bit(dtype, layout, ratio, channels):
    x, w = maps_and_weights(layout, dtype, channels)
    boxes, where = np.array(BOXES, wide(dtype)), (0.75, ratio, True)
    how = {"mode": "max", "layout": layout}
    out = weighted_roi_align(x, boxes, w, (3, 2), *where, **how)
    np.testing.assert_array_equal(out, roi_align(w * x, boxes, (3, 2), *where, **how))
    products, maps, weights, grad = (a.astype(wide(dtype)) for a in (w * x, x, w, whole(out.shape, dtype, 2)))
    sent = roi_align_backward(grad, boxes, x.shape, *where, **how, input=products)
    found = weighted_roi_align_backward(grad.astype(dtype), boxes, w, x.shape, *where, **how, input=x)
    np.testing.assert_array_equal(found, (weights * sent).astype(dtype))
    found = weighted_roi_align_backward_weights(grad, maps, boxes, weights, *where, **how)
    axis = 3 if layout == "NHWC" else 1
    due = maps * sent if channels > 1 else (maps * sent).sum(axis, keepdims=True)
    np.testing.assert_allclose(found, due, rtol=1e-5, atol=1e-3)
    moved = weighted_roi_align_backward_boxes(grad.astype(dtype), x, boxes, w, *where, **how)
    np.testing.assert_array_equal(moved, roi_align_backward_boxes(grad, products, boxes, *where, **how))


@pytest.mark.parametrize("dialect", {rules.for_mode("max"): name for name, rules in DIALECTS.items()}.values())
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_dialect_has_the_maximum_of_roi_align(dialect, layout):
    x, w = maps_and_weights(layout, np.float32, 1)
    how = {"mode": "max", "layout": layout, "dialect": dialect}
    for maps in (x, -abs(x)):
        out = weighted_roi_align(maps, np.array(BOXES, np.float32), w, 2, 0.5, 2, **how)
        np.testing.assert_array_equal(out, roi_align(w * maps, np.array(BOXES, np.float32), 2, 0.5, 2, **how))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("of", ["images", "rois"])
def test_gradients_are_derivatives(layout, of):
    rng = np.random.default_rng(5)
    rows = np.array([[1, 1.1, 0.72, 5.2, 4.91], [0, -1.3, 2.2, 6.6, 6.1], [1, 2.1, 1.4, 5.9, 6.2]])
    x = like(rng.standard_normal((2, 3, 6, 7)), layout)
    w = like(rng.uniform(0.25, 2, (3 if of == "rois" else 2, 1, 6, 7)), layout)
    how, where = {"mode": "max", "layout": layout, "weights_of": of}, (0.8, 2, True)

    def output(x=x, rows=rows, w=w):
        return weighted_roi_align(x, rows, w, 2, *where, **how)

    grad = rng.standard_normal(output().shape)
    steps = {
        "x": weighted_roi_align_backward(grad, rows, w, x.shape, *where, **how, input=x),
        "w": weighted_roi_align_backward_weights(grad, x, rows, w, *where, **how),
        "rows": np.pad(weighted_roi_align_backward_boxes(grad, x, rows, w, *where, **how), ((0, 0), (1, 0))),
    }
    for name, array in (("x", x), ("w", w), ("rows", rows)):
        step = rng.standard_normal(array.shape) * 1e-6
        if name == "rows":
            step[:, 0] = 0
        change = output(**{name: array + step}) - output(**{name: array - step})
        assert (change * grad).sum() == pytest.approx(2 * (steps[name] * step).sum(), rel=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bytes_at_once", [1, 2**26])
def test_weights_of_rois_are_those_of_images_where_each_roi_has_one(dtype, layout, bytes_at_once, monkeypatch):
    monkeypatch.setattr(rois, "_BYTES", bytes_at_once)
    x, w = maps_and_weights(layout, dtype, 1, of=len(BOXES))
    rows = np.array(BOXES, wide(dtype))
    own, how = rows.copy(), {"mode": "max", "layout": layout}
    own[:, 0] = np.arange(len(rows))
    maps = np.ascontiguousarray(x[rows[:, 0].astype(int)])
    out = weighted_roi_align(x, rows, w, 2, *WHERE, **how, weights_of="rois")
    np.testing.assert_array_equal(out, weighted_roi_align(maps, own, w, 2, *WHERE, **how))
    grad = whole(out.shape, dtype, 2)
    as_wide = [array.astype(wide(dtype)) for array in (grad, maps, w)]
    found = weighted_roi_align_backward_weights(grad, x, rows, w, *WHERE, **how, weights_of="rois")
    due = weighted_roi_align_backward_weights(*as_wide[:2], own, as_wide[2], *WHERE, **how)
    np.testing.assert_array_equal(found, due.astype(dtype))
    moved = weighted_roi_align_backward_boxes(grad, x, rows, w, *WHERE, **how, weights_of="rois")
    due = weighted_roi_align_backward_boxes(*as_wide[:2], own, as_wide[2], *WHERE, **how)
    np.testing.assert_array_equal(moved, due)
    sent = weighted_roi_align_backward(grad, rows, w, x.shape, *WHERE, **how, weights_of="rois", input=x)
    of_rois = weighted_roi_align_backward(as_wide[0], own, as_wide[2], maps.shape, *WHERE, **how, input=as_wide[1])
    due = np.stack([of_rois[rows[:, 0] == n].sum(0) for n in range(2)])
    np.testing.assert_allclose(sent.astype(wide(dtype)), due, rtol=1e-2 if dtype == np.float16 else 1e-12, atol=1e-9)


def test_pixels_of_weight_0_are_0_and_not_left_out():
    x, w, box = np.full((1, 1, 4, 4), -3.0), np.ones((1, 1, 4, 4)), np.array([[0, 0, 0, 4.0, 4]])
    assert (weighted_roi_align(x, box, w, 2, 1.0, 1, True, mode="max") == -3).all()
    w[..., 2:] = 0
    assert weighted_roi_align(x, box, w, 2, 1.0, 1, True, mode="max")[0, 0].tolist() == [[-3, 0], [-3, 0]]


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_a_pixel_or_weight_that_is_not_finite_reaches_the_bins_that_read_it(special):
    x, w, box = np.ones((1, 2, 6, 6)), np.zeros((1, 1, 6, 6)), np.array([[0, 0, 0, 6.0, 6]])
    x[0, 1, 0, 0] = special  # whose weight is 0
    for layout in LAYOUTS:
        how = {"mode": "max", "layout": layout}
        out = weighted_roi_align(like(x, layout), box, like(w, layout), 2, 1.0, 3, True, **how)
        nan = np.isnan(out if layout == "NCHW" else out.transpose(0, 3, 1, 2))
        assert nan.tolist() == [[[[False, False], [False, False]], [[True, False], [False, False]]]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_number_of_threads_does_not_change_a_bit(layout, monkeypatch):
    rng = np.random.default_rng(3)
    x, w = (like(rng.standard_normal((2, c, 37, 41)).astype(np.float32), layout) for c in (48, 1))
    corners = rng.uniform(-9, 30, (40, 2))
    boxes = np.column_stack([rng.integers(0, 2, 40), corners, corners + rng.uniform(0, 30, (40, 2))]).astype(np.float32)
    monkeypatch.setattr(pooling_plan, "_SMALL", 0)
    how, seen = {"layout": layout, "mode": "max"}, set()
    forget()
    for i in range(4):
        monkeypatch.setenv("ROIKIT_NUM_THREADS", str(1 + i % 3))
        out = weighted_roi_align(x, boxes, w, (3, 4), **how)
        found = (
            out,
            weighted_roi_align_backward(out, boxes, w, x.shape, **how, input=x),
            weighted_roi_align_backward_weights(out, x, boxes, w, **how),
            weighted_roi_align_backward_boxes(out, x, boxes, w, **how),
        )
        seen.add(tuple(array.tobytes() for array in found))
    forget()
    assert len(seen) == 1


@pytest.mark.parametrize("of", ["images", "rois"])
@pytest.mark.parametrize("row", [[2, 0, 0, 1, 1], [0, 0, 0, 1, np.nan], [0, 0, 0, 3e6, 1]])
def test_a_roi_that_cannot_be_pooled_is_named(row, of):
    x, w, boxes = np.ones((2, 3, 7, 8)), np.ones((2, 1, 7, 8)), np.array([[0, 0, 0, 1, 1], row], float)
    grad, how = np.ones((2, 3, 2, 2)), {"mode": "max", "weights_of": of}
    for call in (
        lambda: weighted_roi_align(x, boxes, w, 2, **how),
        lambda: weighted_roi_align_backward(grad, boxes, w, x.shape, **how, input=x),
        lambda: weighted_roi_align_backward_weights(grad, x, boxes, w, **how),
        lambda: weighted_roi_align_backward_boxes(grad, x, boxes, w, **how),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
            call()


def test_what_a_maximum_cannot_do_is_said():
    x, w, box = np.ones((1, 2, 4, 4)), np.ones((1, 1, 4, 4)), np.array([[0, 0, 0, 4.0, 4]])
    grad = np.ones((1, 2, 2, 2))
    for call in (
        lambda **how: weighted_roi_align(x, box, w, 2, **how),
        lambda **how: weighted_roi_align_backward(grad, box, w, x.shape, **how, input=x),
        lambda **how: weighted_roi_align_backward_weights(grad, x, box, w, **how),
        lambda **how: weighted_roi_align_backward_boxes(grad, x, box, w, **how),
    ):
        call(mode="max")
        with pytest.raises(ValueError, match='leave normalise out, or ask for mode="avg"'):
            call(mode="max", normalise=True)
        with pytest.raises(ValueError, match="mode must be one of 'avg', 'max', 'lp', 'softmax'"):
            call(mode="median")
    with pytest.raises(ValueError, match="needs the maps that were pooled: pass input"):
        weighted_roi_align_backward(grad, box, w, x.shape, mode="max")
    with pytest.raises(ValueError, match="input must have shape"):
        weighted_roi_align_backward(grad, box, w, x.shape, mode="max", input=x[:, :1])
    with pytest.raises(TypeError, match="input has data type float32"):
        weighted_roi_align_backward(grad, box, w, x.shape, mode="max", input=x.astype(np.float32))
    out = x.copy()
    with pytest.raises(ValueError, match="out overlaps input"):
        weighted_roi_align_backward(grad, box, w, x.shape, mode="max", input=out, out=out)
