"""Deformable RoI pooling on the CPU against loops over samples, gradients against differences, and bad arguments."""

from functools import cache

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    deform_roi_pool,
    deform_roi_pool_backward,
    deform_roi_pool_backward_boxes,
    deform_roi_pool_backward_offset,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)
from tests.kernels.operators.arrays import DTYPES, LAYOUTS, as_nchw, drawn, epsilon, like, wide
from tests.kernels.operators.deform_roi_pool import reference

BOXES = [
    [0, 3.25, 2.75, 11.5, 8],
    [1, 6.25, 5, 7.5, 14.3],
    [0, -3, -2, 6, 9],  # over the edges
    [1, 40, 40, 49, 49],  # outside
    [0, 4.1, 5.3, 4.6, 5.9],  # within a pixel or two
    [1, -14, -4, 30, 50],  # around the map
    [0, 9, 8, 3, 2],  # mirrored
]


def moves(rois, bins, dtype=np.float32, seed=7):
    return (np.random.default_rng(seed).integers(-16, 17, (rois, 2, *bins)) / 4).astype(dtype)


@cache
def of_loops(channels, ratio, kind):
    """Output and gradients for maps and offsets, all of numbers that are the same in every data type; boxes are of this one."""
    x, boxes = drawn((2, channels, 9, 21)), np.array(BOXES, kind)
    offset, how = moves(len(boxes), (3, 2)), (0.75, ratio, 0.2)
    out = reference.deform_roi_pool(x, boxes, offset, (3, 2), *how)
    grad = drawn(out.shape, seed=1)
    sent = reference.deform_roi_pool_backward(grad, x.shape, boxes, offset, *how)
    return out, sent, reference.mmcv_backward_offset(grad, x, boxes, offset, *how)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [3, 70])
@pytest.mark.parametrize("ratio", [(2, 2), (0, 0), (1, 3)])
def test_output_and_gradients_are_those_of_loops(layout, dtype, channels, ratio):
    x, boxes = drawn((2, channels, 9, 21), dtype), np.array(BOXES, wide(dtype))
    offset = moves(len(boxes), (3, 2), dtype)
    how = {"spatial_scale": 0.75, "sampling_ratio": ratio, "gamma": 0.2, "layout": layout}
    error = 8 * epsilon(dtype) + 200 * epsilon(wide(dtype))
    expected, right, slopes = of_loops(channels, ratio, wide(dtype))
    out = deform_roi_pool(like(x, layout), boxes, (3, 2), offset=offset, **how)
    assert out.dtype == dtype
    np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=8 * error)
    grad = drawn(expected.shape, dtype, 1)
    sent = deform_roi_pool_backward(like(grad, layout), boxes, like(x, layout).shape, offset=offset, **how)
    np.testing.assert_allclose(as_nchw(sent, layout).astype(float), right, rtol=error, atol=error * abs(right).max())
    arrays = like(grad, layout), like(x, layout), boxes
    moved = deform_roi_pool_backward_offset(*arrays, offset, dialect="mmcv", **how)
    assert moved.dtype == dtype
    np.testing.assert_allclose(moved.astype(float), slopes, rtol=error, atol=error * abs(slopes).max())


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("channels", [3, 37])
def test_gradients_for_offsets_and_boxes_are_those_of_differences(layout, channels):
    x, boxes = drawn((2, channels, 9, 21), np.float64), np.array(BOXES, np.float64)
    offset = moves(len(boxes), (3, 2), np.float64) + 0.011
    grad, step = drawn((len(boxes), channels, 3, 2), np.float64, 1), 2.0**-20
    how = {"spatial_scale": 0.75, "sampling_ratio": 2, "gamma": 0.2}
    arrays = like(grad, layout), like(x, layout), boxes

    def pooled(boxes, offset):
        return (grad * deform_roi_pool(x, boxes, (3, 2), offset=offset, **how)).sum(axis=(1, 2, 3))

    got = deform_roi_pool_backward_offset(*arrays, offset, layout=layout, **how)
    for place in np.ndindex(offset.shape[1:]):
        moved = np.zeros_like(offset)
        moved[(slice(None), *place)] = step
        right = (pooled(boxes, offset + moved) - pooled(boxes, offset - moved)) / (2 * step)
        np.testing.assert_allclose(got[(slice(None), *place)], right, rtol=1e-6, atol=1e-6)
    got = deform_roi_pool_backward_boxes(*arrays, offset=offset, layout=layout, **how)
    for n in range(4):
        moved = np.zeros_like(boxes)
        moved[:, n + 1] = step
        right = (pooled(boxes + moved, offset) - pooled(boxes - moved, offset)) / (2 * step)
        np.testing.assert_allclose(got[:, n], right, rtol=1e-6, atol=1e-6)


def test_mmcvs_gradient_differs_beyond_the_edges_alone():
    """The samples of the comparison that the rules cite: before the first row, after the last one, and after the last column."""
    y, x = np.mgrid[:5, :5]
    maps = ((7 * y * y + 3 * x * x + 5 * x * y) % 23).astype(float)[None, None]
    boxes = np.array([[0, 1, 1, 3, 3]] * 4, float)  # of one sample at (1½, 1½), which an offset of 1 moves by 1
    at = np.array([(-0.5, 1.25), (4.5, 1.25), (1.25, 4.25), (1.25, 2.75)])
    offset = (at - 1.5)[:, ::-1].reshape(4, 2, 1, 1)
    grad = np.ones((4, 1, 1, 1))
    how = {"sampling_ratio": 1, "gamma": 0.5}
    ours = deform_roi_pool_backward_offset(grad, maps, boxes, offset, **how)[..., 0, 0]
    theirs = deform_roi_pool_backward_offset(grad, maps, boxes, offset, dialect="mmcv", **how)[..., 0, 0]
    assert ours[:3].tolist() == [[9, 0], [-17, 0], [0, -5]]
    assert theirs[:3, 0].tolist() == [18, 0, 0]
    assert theirs[1:3].tolist() == [[0, 0], [0, 0]]
    assert ours[3].tolist() == theirs[3].tolist()


def test_what_mmcv_has_published():
    two, four = [[1, 2], [3, 4]], [[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16]]
    sent_two = [[3.0625, 0.4375], [0.4375, 0.0625]]
    row = np.array([0.47265625, 0.4296875, 0.4296875, 0.04296875])
    sent_four = np.outer(row, row) / row[0]
    for maps, corner, right, sent in (
        (two, 1, [[1, 1.25], [1.5, 1.75]], sent_two),
        (four, 3, [[1.9375, 4.75], [7.5625, 10.375]], sent_four),
    ):
        x, boxes = np.array([[maps]], np.float32), np.array([[0, 0, 0, corner, corner]], np.float32)
        offset = np.zeros((1, 2, 2, 2), np.float32)
        out = deform_roi_pool(x, boxes, 2, 1.0, 2, offset)
        assert out.tolist() == [[right]]
        got = deform_roi_pool_backward(np.ones_like(out), boxes, x.shape, 1.0, 2, offset)
        np.testing.assert_allclose(got[0, 0], sent, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [None, "zero"])
def test_without_offsets_it_is_roi_align(dtype, offset):
    """Corners and bins are such that nothing is rounded, so that no order of sums shows."""
    x = drawn((2, 5, 11, 12), dtype)
    boxes = np.array([[0, 1, 2, 5, 6], [1, 3, -1, 7, 7], [0, -2, 2, 2, 10], [1, 2.5, 3, 4.5, 7]], dtype)
    still = None if offset is None else np.zeros((4, 2, 4, 2), dtype)
    got = deform_roi_pool(x, boxes, (4, 2), 1.0, 2, still)
    assert np.array_equal(got, roi_align(x, boxes, (4, 2), 1.0, 2, aligned=True))
    grad = drawn(got.shape, dtype, 3)
    sent = deform_roi_pool_backward(grad, boxes, x.shape, 1.0, 2, still)
    assert np.array_equal(sent, roi_align_backward(grad, boxes, x.shape, 1.0, 2, aligned=True))
    moved = deform_roi_pool_backward_boxes(grad, x, boxes, 1.0, 2, still)
    assert np.array_equal(moved, roi_align_backward_boxes(grad, x, boxes, 1.0, 2, aligned=True))


def test_a_bin_whose_offset_is_no_number_is_zero_and_no_other_notices():
    x, boxes = drawn((1, 3, 6, 6)) + 20, np.array([[0, 1, 1, 5, 5]] * 2, np.float32)
    offset, still = np.zeros((2, 2, 2, 2), np.float32), np.zeros((2, 2, 2, 2), np.float32)
    places = [(0, 0, 0, 1), (0, 1, 1, 0), (1, 0, 1, 1), (1, 1, 0, 0)]
    for place, value in zip(places, (np.nan, np.inf, -np.inf, 3e38), strict=True):
        offset[place] = value
    lost = [(k, slice(None), p, q) for k, _, p, q in places]
    right, grad = deform_roi_pool(x, boxes, 2, 1.0, 2, still, 4.0), np.ones((2, 3, 2, 2), np.float32)
    assert right.all()
    for place in lost:
        right[place] = grad[place] = 0
    assert np.array_equal(deform_roi_pool(x, boxes, 2, 1.0, 2, offset, 4.0), right)
    ones = np.ones_like(grad)
    how = 1.0, 2
    sent = deform_roi_pool_backward(ones, boxes, x.shape, *how, offset, 4.0)
    assert np.array_equal(sent, deform_roi_pool_backward(grad, boxes, x.shape, *how, still, 4.0))
    moved = deform_roi_pool_backward_offset(ones, x, boxes, offset, *how, 4.0)
    assert np.array_equal(moved, deform_roi_pool_backward_offset(grad, x, boxes, still, *how, 4.0))
    grown = deform_roi_pool_backward_boxes(ones, x, boxes, *how, offset, 4.0)
    assert np.array_equal(grown, deform_roi_pool_backward_boxes(grad, x, boxes, *how, still, 4.0))


def test_a_roi_far_around_the_map_takes_no_longer_than_one_that_covers_it():
    """Of 10¹² samples those on the map are looked at."""
    x = np.ones((1, 1, 8, 8), np.float32)
    box = np.array([[0, -(2.0**18), -(2.0**18), 2.0**18, 2.0**18]], np.float32)
    out = deform_roi_pool(x, box, 1, offset=np.full((1, 2, 1, 1), 2.0**-20, np.float32))
    assert 0 < float(out.sum()) < 1e-6


@pytest.mark.parametrize("row", [[2, 3, 3, 5, 5], [0, np.nan, 3, 5, 5], [0, 3, 3, 5, -np.inf], [0, -3e38, 3, 3e38, 5]])
def test_a_roi_that_cannot_be_pooled_is_named_without_offsets_too(row):
    x, boxes, grad = drawn((2, 3, 6, 6)), np.array([BOXES[0], row], np.float32), np.ones((2, 3, 2, 2), np.float32)
    for call in (
        lambda: deform_roi_pool(x, boxes, 2),
        lambda: deform_roi_pool_backward(grad, boxes, x.shape),
        lambda: deform_roi_pool_backward_boxes(grad, x, boxes),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
            call()


def test_a_gradient_over_the_offsets_is_refused():
    x, boxes, offset = drawn((2, 3, 6, 6)), np.array(BOXES, np.float32), moves(len(BOXES), (2, 2))
    with pytest.raises(ValueError, match="out overlaps offset"):
        deform_roi_pool_backward_offset(np.ones((len(BOXES), 3, 2, 2), np.float32), x, boxes, offset, out=offset)


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"boxes": np.ones((1, 4), np.float32)}, ValueError, r"\(K, 5\), rows \[batch_index, x1, y1, x2, y2\]"),
    ({"spatial_scale": 0}, ValueError, "greater than 0"),
    ({"sampling_ratio": 2000}, ValueError, "at most 1024"),
    ({"gamma": "0.1"}, TypeError, "gamma must be a number"),
    ({"gamma": True}, TypeError, "gamma must be a number"),
    ({"gamma": np.inf}, ValueError, "gamma must be finite"),
    ({"offset": np.zeros((7, 2, 2, 3), np.float32)}, ValueError, r"offset must have shape \(7, 2, 2, 2\), not \(7, 2, 2, 3\)"),
    ({"offset": np.zeros((6, 2, 2, 2), np.float32)}, ValueError, r"offset must have shape \(7, 2, 2, 2\)"),
    ({"offset": np.zeros((7, 8), np.float32)}, ValueError, "offset must have 4 dimensions"),
    ({"offset": np.zeros((7, 2, 2, 2))}, TypeError, "offset has data type float64; it must be float32, that of input"),
    ({"offset": [0.0]}, TypeError, "offset"),
    ({"dialect": "none"}, ValueError, "no dialect of deform_roi_pool is called 'none'"),
    ({"layout": "CHW"}, ValueError, "layout must be one of"),
    ({"input": np.ones((2, 3, 6, 6), np.int32)}, TypeError, "input has data type int32"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    call = {"input": drawn((2, 3, 6, 6)), "boxes": np.array(BOXES, np.float32), "output_size": 2}
    with pytest.raises(error, match=message):
        deform_roi_pool(**(call | changes))
