"""Finite boxes whose corners, or whose extent, the type of coordinates does not hold: invalid, on a CPU and on a GPU alike."""

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    ps_roi_align,
    ps_roi_align_backward,
    ps_roi_align_backward_boxes,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
    roi_pool,
    roi_pool_backward,
)
from tests.kernels.operators import stand_in

Array, gpu = stand_in.Array, stand_in.gpu

X = (
    np.random.default_rng(1).integers(-9, 9, (2, 3, 7, 8)).astype(np.float32)
)  # so that sums are exact, in whatever order
GOOD = [1, 1, 1, 5, 4]
OVERFLOWING = {
    "extent": (([0, -3e38, -3e38, 3e38, 3e38], 1.0), np.float32),
    "width": (([0, -3e38, 1, 3e38, 2], 1.0), np.float32),
    "height, inverted": (([0, 1, 3e38, 2, -3e38], 1.0), np.float32),
    "corner, scaled": (([0, 1, 1, 3e38, 2], 2.0), np.float32),
    "extent in float64": (([0, -1.7e308, 0, 1.7e308, 4], 1.0), np.float64),
}
POOLS = {
    "roi_align": (roi_align, roi_align_backward, {"sampling_ratio": 2}),
    "roi_align, adaptive": (roi_align, roi_align_backward, {}),
    "roi_pool": (roi_pool, roi_pool_backward, {}),
}


@pytest.mark.parametrize("box", OVERFLOWING)
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_a_box_that_overflows_is_invalid_everywhere(pool, box, mode):
    (row, scale), dtype = OVERFLOWING[box]
    forward, backward, how = POOLS[pool]
    how = {"spatial_scale": scale, "mode": mode, **how}
    x, boxes = X.astype(dtype), np.array([GOOD, row], dtype)
    expected = forward(x, boxes[:1], 2, **how)
    grad = np.ones((2, 3, 2, 2), dtype)
    out = forward(Array(x), Array(boxes), 2, **how).host
    assert np.array_equal(out[:1], expected)
    assert np.isnan(out[1]).all()
    of_maps = backward(Array(grad), Array(boxes), x.shape, **how, input=Array(x)).host
    assert np.array_equal(of_maps, backward(grad[:1], boxes[:1], x.shape, **how, input=x))
    calls = [lambda: forward(x, boxes, 2, **how), lambda: backward(grad, boxes, x.shape, **how, input=x)]
    if forward is roi_align:
        of_boxes = roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), **how).host
        assert np.isfinite(of_boxes[0]).all()
        assert np.isnan(of_boxes[1]).all()
        calls.append(lambda: roi_align_backward_boxes(grad, x, boxes, **how))
    for call in calls:
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled: .*not finite, or it overflows"):
            call()


@pytest.mark.parametrize("box", OVERFLOWING)
def test_a_box_of_ps_roi_align_that_overflows_is_invalid_everywhere(box):
    (row, scale), dtype = OVERFLOWING[box]
    x, boxes = np.ones((2, 4, 7, 8), dtype), np.array([GOOD, row], dtype)
    grad, how = np.ones((2, 1, 2, 2), dtype), {"spatial_scale": scale, "sampling_ratio": 2}
    out = ps_roi_align(Array(x), Array(boxes), 2, **how).host
    assert np.isfinite(out[0]).all()
    assert np.isnan(out[1]).all()
    of_boxes = ps_roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), **how).host
    assert np.isfinite(of_boxes[0]).all()
    assert np.isnan(of_boxes[1]).all()
    for call in (
        lambda: ps_roi_align(x, boxes, 2, **how),
        lambda: ps_roi_align_backward(grad, boxes, x.shape, **how),
        lambda: ps_roi_align_backward_boxes(grad, x, boxes, **how),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled: .*not finite, or it overflows"):
            call()


def test_as_large_as_a_box_may_be_it_is_pooled():
    """Half of what overflows: bins of RoIPool have all pixels, or none; samples of RoIAlign are outside."""
    boxes = np.array([[0, -1.5e38, -1.5e38, 1.5e38, 1.5e38]], np.float32)
    assert np.array_equal(roi_pool(X, boxes, 1)[0, :, 0, 0], X[0].max((1, 2)))
    assert np.array_equal(roi_align(X, boxes, 2, 1.0, 2), np.zeros((1, 3, 2, 2)))
