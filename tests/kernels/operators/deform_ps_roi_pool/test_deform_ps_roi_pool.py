"""Deformable PSRoIPool on the CPU against loops over samples, gradients against differences, and bad arguments."""

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    deform_ps_roi_pool,
    deform_ps_roi_pool_backward,
    deform_ps_roi_pool_backward_offset,
)
from tests.kernels.operators.arrays import DTYPES, as_nchw, drawn, epsilon, layouts, like, wide
from tests.kernels.operators.deform_ps_roi_pool import reference

BOXES = [
    [0, 3.25, 2.75, 11.5, 8],
    [1, 6.25, 5, 7.6, 14.3],
    [0, -3, -2, 6, 9],  # over the edges
    [1, 40, 40, 49, 49],  # outside
    [0, 4.1, 5.3, 4.6, 5.9],  # of a pixel or two
    [1, -14, -4, 30, 50],  # around the map
    [0, 9, 8, 3, 2],  # inverted
]
GROUPED = [
    ((3, 2), (1, 1), 1, (3, 2)),
    ((3, 2), (3, 2), 1, (2, 2)),
    ((2, 4), (2, 2), 2, (3, 1)),
    ((3, 3), (2, 1), 4, (1, 5)),
]
"""Bins, groups, classes and parts."""


def moves(shape, dtype=np.float32, seed=7):
    # No multiples of anything, so that no sample lies exactly at an edge, where loops in other precision count others.
    return (np.random.default_rng(seed).integers(-16, 17, shape) / 4 + 0.0137).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("grouped", GROUPED)
@pytest.mark.parametrize("channels", [4, 36])
def test_output_and_gradients_are_those_of_loops(dtype, grouped, channels):
    (bins, groups, classes, parts), boxes = grouped, np.array(BOXES, wide(dtype))
    x = drawn((2, channels * groups[0] * groups[1], 9, 21), dtype)
    offset = moves((len(boxes), 2 * classes, *parts), dtype)
    how = {"spatial_scale": 0.75, "sampling_ratio": (2, 3), "gamma": 0.2, "group_size": groups}
    same = {"scale": 0.75, "ratio": (2, 3), "gamma": 0.2}
    error = 8 * epsilon(dtype) + 200 * epsilon(wide(dtype))
    expected = reference.deform_ps_roi_pool(x, boxes, offset, bins, groups, **same)
    grad = drawn(expected.shape, dtype, 1)
    right = reference.deform_ps_roi_pool_backward(grad, x.shape, boxes, offset, groups, **same)
    slopes = reference.deform_ps_roi_pool_backward_offset(grad, x, boxes, offset, groups, **same)
    for layout, maps in layouts(x):
        how["layout"], arriving = layout, like(grad, layout)
        out = deform_ps_roi_pool(maps, boxes, bins, offset=offset, **how)
        assert out.dtype == dtype
        np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=8 * error)
        sent = as_nchw(deform_ps_roi_pool_backward(arriving, boxes, maps.shape, offset=offset, **how), layout)
        np.testing.assert_allclose(sent.astype(float), right, rtol=error, atol=error * abs(right).max())
        moved = deform_ps_roi_pool_backward_offset(arriving, maps, boxes, offset, **how)
        assert moved.dtype == dtype
        np.testing.assert_allclose(moved.astype(float), slopes, rtol=error, atol=error * abs(slopes).max())


def test_only_the_first_sample_of_a_bin_that_was_moved_reaches_a_tile():
    boxes, offset = np.array([[0, 24, 24, 39, 39.0]], np.float32), np.zeros((1, 2, 2, 2), np.float32)
    offset[
        ..., 1, 1
    ] = -1.21875  # of 16 pixels: samples from 12 on, with tiles of 16, and those of other bins from 23.5 on
    grad, how = drawn((1, 3, 2, 2)) + 9, {"sampling_ratio": 4, "gamma": 1.0, "group_size": (1, 1)}
    found = deform_ps_roi_pool_backward(grad, boxes, (1, 3, 40, 40), offset=offset, **how)
    expected = reference.deform_ps_roi_pool_backward(grad, found.shape, boxes, offset, (1, 1), ratio=(4, 4), gamma=1.0)
    assert expected[..., :16, :16].any()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("grouped", GROUPED)
def test_the_gradient_for_offsets_is_that_of_differences(grouped):
    (bins, groups, classes, parts), boxes = grouped, np.array(BOXES, np.float64)
    x = drawn((2, 4 * groups[0] * groups[1], 9, 21), np.float64)
    offset = moves((len(boxes), 2 * classes, *parts), np.float64) + 0.003
    grad, step = drawn((len(boxes), 4, *bins), np.float64, 1), 2.0**-20
    how = {"spatial_scale": 0.75, "sampling_ratio": 2, "gamma": 0.2, "group_size": groups}

    def pooled(offset):
        return (grad * deform_ps_roi_pool(x, boxes, bins, offset=offset, **how)).sum(axis=(1, 2, 3))

    got = deform_ps_roi_pool_backward_offset(grad, x, boxes, offset, **how)
    for place in np.ndindex(offset.shape[1:]):
        moved = np.zeros_like(offset)
        moved[(slice(None), *place)] = step
        right = (pooled(offset + moved) - pooled(offset - moved)) / (2 * step)
        np.testing.assert_allclose(got[(slice(None), *place)], right, rtol=1e-6, atol=1e-6)


def test_what_was_measured_of_mxnet_and_openvino():
    """Both gave these numbers: a map of 4 channels, a box of all of it, and an offset of 1 along x, and along y."""
    x, boxes = np.arange(100, dtype=np.float32).reshape(1, 4, 5, 5), np.array([[0, 0, 0, 4, 4]], np.float32)
    for moved, right in (
        (None, [2.25, 29.5, 63.5, 90.75]),
        ((1, 0), [2.5, 30, 63.75, 91.25]),
        ((0, 1), [3.5, 30.75, 66, 93.25]),
    ):
        offset = None if moved is None else np.broadcast_to(np.reshape(moved, (1, 2, 1, 1)), (1, 2, 2, 2)).astype("f4")
        out = deform_ps_roi_pool(x, boxes, 2, sampling_ratio=2, offset=offset, gamma=0.1)
        np.testing.assert_allclose(out.ravel(), right, rtol=1e-6)


def test_the_slope_at_a_pixel_is_that_of_the_cell_after_it_or_none():
    """With a scale of ½ all samples of these boxes lie on pixels: of MXNet's rule nothing is left."""
    y, x = np.mgrid[:6, :6]
    maps, grad = (x * x + 10.0 * y)[None, None], np.ones((1, 1, 1, 1))
    box, offset = np.array([[0, 3.0, 3, 6, 6]]), np.zeros((1, 2, 1, 1))
    how = {"spatial_scale": 0.5, "sampling_ratio": 1, "gamma": 0.5}
    ours = deform_ps_roi_pool_backward_offset(grad, maps, box, offset, **how)
    theirs = deform_ps_roi_pool_backward_offset(grad, maps, box, offset, dialect="mxnet", **how)
    assert ours.ravel().tolist() == [0.5 * 2 * 3, 0.5 * 2 * 10]  # from x = 1 to x = 2
    assert not theirs.any()


@pytest.mark.parametrize(("dtype", "row"), [(np.float32, 13), (np.float64, 15)])
def test_a_rounded_quotient_falls_short(dtype, row):
    x, box = np.tile(np.arange(4, dtype=dtype), (1, 1, 30, 1)), np.array([[0, 0, 0, 0, 21]], dtype)
    offset = np.zeros((1, 2, 22, 1), dtype)
    offset[0, 0, :, 0] = 1 + np.arange(22) % 2
    how = {"sampling_ratio": 1, "gamma": 1, "group_size": 1, "offset": offset}
    ours, theirs = (deform_ps_roi_pool(x, box, (22, 1), dialect=name, **how) for name in ("openvino", "mxnet"))
    assert np.flatnonzero(ours != theirs).tolist() == [row]


def test_a_bin_whose_offset_is_no_number_is_zero_and_no_other_notices():
    x, boxes = drawn((1, 12, 6, 6)) + 20, np.array([[0, 1, 1, 4, 4]] * 2, np.float32)
    offset, still = np.zeros((2, 2, 2, 2), np.float32), np.zeros((2, 2, 2, 2), np.float32)
    places = [(0, 0, 0, 1), (0, 1, 1, 0), (1, 0, 1, 1), (1, 1, 0, 0)]
    for place, value in zip(places, (np.nan, np.inf, -np.inf, 3e38), strict=True):
        offset[place] = value
    lost = [(k, slice(None), p, q) for k, _, p, q in places]
    how, grad = {"sampling_ratio": 2, "gamma": 4.0}, np.ones((2, 3, 2, 2), np.float32)
    right, ones = deform_ps_roi_pool(x, boxes, 2, offset=still, **how), np.ones((2, 3, 2, 2), np.float32)
    assert right.all()
    for place in lost:
        right[place] = grad[place] = 0
    assert np.array_equal(deform_ps_roi_pool(x, boxes, 2, offset=offset, **how), right)
    sent = deform_ps_roi_pool_backward(ones, boxes, x.shape, offset=offset, **how)
    assert np.array_equal(sent, deform_ps_roi_pool_backward(grad, boxes, x.shape, offset=still, **how))
    moved = deform_ps_roi_pool_backward_offset(ones, x, boxes, offset, **how)
    assert np.array_equal(moved, deform_ps_roi_pool_backward_offset(grad, x, boxes, still, **how))


def test_many_samples_beyond_the_map_take_no_longer():
    """Of a million samples those on the map are looked at; and they are counted."""
    x = np.ones((1, 1, 8, 8), np.float32)
    box = np.array([[0, -(2**18), -(2**18), 2**18 - 1, 2**18 - 1]], np.float32)
    out = deform_ps_roi_pool(x, box, 1, sampling_ratio=1024, offset=np.full((1, 2, 1, 1), 2.0**-20, np.float32))
    assert out.tolist() == [[[[1]]]]


@pytest.mark.parametrize("row", [[2, 3, 3, 5, 5], [0, np.nan, 3, 5, 5], [0, 3, 3, 5, -np.inf], [0, -3e38, 3, 3e38, 5]])
def test_a_roi_that_cannot_be_pooled_is_named_without_offsets_too(row):
    x, boxes, grad = drawn((2, 3, 6, 6)), np.array([BOXES[0], row], np.float32), np.ones((2, 3, 2, 2), np.float32)
    for call in (
        lambda: deform_ps_roi_pool(x, boxes, 2, group_size=1),
        lambda: deform_ps_roi_pool_backward(grad, boxes, x.shape, group_size=1),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
            call()


def test_a_gradient_over_the_offsets_is_refused():
    x, boxes, offset = drawn((2, 12, 6, 6)), np.array(BOXES, np.float32), moves((len(BOXES), 2, 2, 2))
    with pytest.raises(ValueError, match="out overlaps offset"):
        deform_ps_roi_pool_backward_offset(np.ones((len(BOXES), 3, 2, 2), np.float32), x, boxes, offset, out=offset)


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"boxes": np.ones((1, 4), np.float32)}, ValueError, r"\(K, 5\), rows \[batch_index, x1, y1, x2, y2\]"),
    ({"spatial_scale": 0}, ValueError, "greater than 0"),
    ({"sampling_ratio": 0}, ValueError, "sampling_ratio must be at least 1, not 0"),
    ({"sampling_ratio": (2, -1)}, ValueError, "sampling_ratio must be at least 1, not -1"),
    ({"sampling_ratio": 2000}, ValueError, "at most 1024"),
    ({"group_size": 0}, ValueError, "group_size must be at least 1, not 0"),
    ({"group_size": 1.5}, TypeError, "group_size"),
    ({"group_size": (2, 5)}, ValueError, "a multiple of 10, not 12"),
    ({"output_size": 5}, ValueError, "each of the 5 x 5 groups: a multiple of 25, not 12"),
    ({"gamma": "0.1"}, TypeError, "gamma must be a number"),
    ({"gamma": np.inf}, ValueError, "gamma must be finite"),
    ({"offset": np.zeros((7, 3, 2, 2), np.float32)}, ValueError, "two numbers for each class and part, not 3 for all"),
    ({"offset": np.zeros((7, 4, 2, 2), np.float32)}, ValueError, "offset has 2 classes, but the output has 3 channels"),
    ({"offset": np.zeros((7, 2, 0, 2), np.float32)}, ValueError, "offset must have a part at least"),
    ({"offset": np.zeros((6, 2, 2, 2), np.float32)}, ValueError, r"offset must have shape \(7, 2, 2, 2\), not \(6, 2, 2, 2\)"),
    ({"offset": np.zeros((7, 8), np.float32)}, ValueError, "offset must have 4 dimensions"),
    ({"offset": np.zeros((7, 2, 2, 2))}, TypeError, "offset has data type float64; it must be float32, that of input"),
    ({"offset": [0.0]}, TypeError, "offset"),
    ({"dialect": "none"}, ValueError, "no dialect of deform_ps_roi_pool is called 'none'"),
    ({"layout": "CHW"}, ValueError, "layout must be one of"),
    ({"input": np.ones((2, 12, 6, 6), np.int32)}, TypeError, "input has data type int32"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    call = {"input": drawn((2, 12, 6, 6)), "boxes": np.array(BOXES, np.float32), "output_size": 2}
    with pytest.raises(error, match=message):
        deform_ps_roi_pool(**(call | changes))
