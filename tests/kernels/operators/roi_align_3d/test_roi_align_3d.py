"""RoIAlign of volumes on the CPU: against loops over samples, RoIAlign of slices, itself with axes exchanged; bad arguments."""

import itertools
from functools import cache

import numpy as np
import pytest

from roikit.kernels import (
    roi_align,
    roi_align_3d,
    roi_align_3d_backward,
    roi_align_3d_backward_boxes,
)
from tests.kernels.operators.arrays import DTYPES, as_nchw, drawn, epsilon, layouts, like, wide
from tests.kernels.operators.roi_align_3d import reference

SHAPE = (2, 5, 6, 7, 9)
BOXES = [
    [0, 1.25, 2.5, 0.75, 7.75, 6.125, 4.5],
    [1, 6.5, 5.25, 4.5, 2.125, 0.75, 1.25],  # inverted
    [0, -2.5, 1.75, -1.5, 5.25, 9.5, 3.25],  # over the edges
    [1, 40, 40, 40, 49, 49, 49],  # outside
    [0, 4.125, 5.25, 2.125, 4.5, 5.375, 2.25],  # within a voxel or two
    [1, -9, -7, -8, 20, 17, 16],  # around the volume
    [0, 3.25, 4.5, 2.75, 3.25, 4.5, 2.75],  # a point
]
WAYS = [(False, 0.0, 1.0), (True, 0.5, None)]


@cache
def of_loops(channels, bins, how, kind):
    """Output and gradient for volumes of integers, which are the same in every data type; boxes are of this one."""
    x, boxes = drawn((2, channels, 6, 7, 9)), np.array(BOXES, kind)
    out = reference.roi_align_3d(x, boxes, bins, *how)
    return out, reference.roi_align_3d_backward(drawn(out.shape, seed=1), x.shape, boxes, *how)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("aligned", "offset", "least"), WAYS)
@pytest.mark.parametrize(
    ("channels", "bins", "ratio", "scale"),
    [(3, (2, 3, 4), 2, 1.0), (21, (3, 2, 1), (1, 0, 3), (0.5, 1.0, 0.75)), (5, (2, 2, 2), 0, 1.0)],
)
def test_output_and_gradient_are_those_of_loops(dtype, aligned, offset, least, channels, bins, ratio, scale):
    x, boxes = drawn((2, channels, 6, 7, 9), dtype), np.array(BOXES, wide(dtype))
    error = 2 * epsilon(dtype) + 300 * epsilon(wide(dtype))
    expected, right = of_loops(channels, bins, (scale, ratio, offset, least), wide(dtype))
    grad = drawn(expected.shape, dtype, 1)
    for layout, maps in layouts(x):
        how = (scale, ratio, aligned)
        out = roi_align_3d(maps, boxes, bins, *how, layout=layout)
        assert out.dtype == dtype
        np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=8 * error)
        sent = as_nchw(roi_align_3d_backward(like(grad, layout), boxes, maps.shape, *how, layout=layout), layout)
        assert sent.dtype == dtype
        np.testing.assert_allclose(sent.astype(float), right, rtol=error, atol=error * abs(right).max())


@pytest.mark.parametrize(("aligned", "offset", "least"), WAYS)
@pytest.mark.parametrize("ratio", [0, (1, 2, 3)])
def test_the_gradient_for_boxes_is_that_of_differences(aligned, offset, least, ratio):
    x, boxes = np.random.default_rng(3).normal(size=SHAPE), np.array(BOXES[:6], np.float64)
    boxes[:, 1:] += 0.0703125  # no sample lies on a voxel's plane
    boxes[:, 4:] += 0.0625  # nor is the size of a bin a whole number
    grad, scale = drawn((len(boxes), 5, 2, 3, 2), np.float64, 1), (0.75, 1.0, 0.5)
    right = reference.roi_align_3d_backward_boxes(grad, x, boxes, scale, ratio, offset, least)
    for layout, maps in layouts(x):
        got = roi_align_3d_backward_boxes(like(grad, layout), maps, boxes, scale, ratio, aligned, layout=layout)
        np.testing.assert_allclose(got, right, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", [2, 0])
def test_a_slice_is_a_map(aligned, ratio):
    """Where all samples along z lie in the one slice of a volume it is RoIAlign of that map."""
    x, boxes = drawn((2, 5, 1, 7, 9)), np.array(BOXES, np.float32)
    boxes[:, 3], boxes[:, 6] = (0, 1) if aligned else (-0.5, 0.5)
    out = roi_align_3d(x, boxes, (1, 2, 3), 1.0, ratio, aligned)
    flat = roi_align(x[:, :, 0], boxes[:, [0, 1, 2, 4, 5]], (2, 3), 1.0, ratio, aligned)
    assert np.array_equal(out[:, :, 0], flat)


@pytest.mark.parametrize("aligned", [False, True])
def test_slices_are_put_together_by_their_weights(aligned):
    """Along z it is a sum of RoIAlign of slices."""
    x, boxes = drawn(SHAPE, np.float64), np.array(BOXES[:3], np.float64)
    out = roi_align_3d(x, boxes, (3, 2, 2), 1.0, 2, aligned)
    slices = [roi_align(x[:, :, z], boxes[:, [0, 1, 2, 4, 5]], (2, 2), 1.0, 2, aligned) for z in range(x.shape[2])]
    expected = np.zeros(out.shape)
    offset, least = (0.5, None) if aligned else (0.0, 1.0)
    for k, box in enumerate(boxes):
        for p, places in enumerate(reference.samples(box[3], box[6], 1.0, 3, 2, offset, least)):
            for z, weight in itertools.chain.from_iterable(reference.taps(at, x.shape[2]) for at in places):
                expected[k, :, p] += weight / 2 * slices[z][k]
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:])
def test_axes_that_are_exchanged_are_exchanged_in_the_output(order):
    x, boxes, bins, ratio, scale = drawn(SHAPE), np.array(BOXES, np.float32), (3, 2, 1), (1, 2, 0), (0.5, 1.0, 0.75)
    out = roi_align_3d(x, boxes, bins, scale, ratio)

    def of(values):
        return tuple(values[axis] for axis in order)

    def exchanged(array):
        return np.ascontiguousarray(array.transpose(0, 1, *(2 + axis for axis in order)))

    columns = [0, *(1 + 3 * corner + 2 - axis for corner in (0, 1) for axis in reversed(order))]
    other = roi_align_3d(exchanged(x), boxes[:, columns], of(bins), of(scale), of(ratio))
    np.testing.assert_allclose(other, exchanged(out), rtol=1e-5, atol=1e-5)
    grad = drawn(out.shape, seed=1)
    sent = roi_align_3d_backward(grad, boxes, x.shape, scale, ratio)
    again = roi_align_3d_backward(exchanged(grad), boxes[:, columns], exchanged(x).shape, of(scale), of(ratio))
    np.testing.assert_allclose(again, exchanged(sent), rtol=1e-5, atol=1e-4)
    moved = roi_align_3d_backward_boxes(grad, x, boxes, scale, ratio)
    again = roi_align_3d_backward_boxes(exchanged(grad), exchanged(x), boxes[:, columns], of(scale), of(ratio))
    np.testing.assert_allclose(again, moved[:, [column - 1 for column in columns[1:]]], rtol=1e-4, atol=1e-3)


def test_huge_boxes_and_voxels_that_are_no_numbers_do_no_harm():
    x = drawn((1, 2, 6, 6, 6))
    boxes = np.array([[0, *[-1e30] * 3, *[1e30] * 3], [0, 1e30, 2, 2, 1.5e30, 3, 3], [0, 1, 1, 1, 4, 4, 4]], np.float32)
    out = roi_align_3d(x, boxes, 3, sampling_ratio=2)
    assert np.array_equal(out[2:], roi_align_3d(x, boxes[2:], 3, sampling_ratio=2))
    assert not out[1].any()
    x[0, 0, 3, 3, 3] = np.nan
    out = roi_align_3d(
        x, np.array([[0, 1, 1, 2.25, 5, 5, 4.25], [0, 0, 0, 0, 2, 2, 2]], np.float32), 2, sampling_ratio=1
    )
    assert np.isnan(out[0, 0]).any()
    assert np.isfinite(out[:, 1]).all()
    assert np.isfinite(out[1]).all()


def test_volumes_without_voxels_are_refused():
    with pytest.raises(ValueError, match="input has no pixels"):
        roi_align_3d(drawn((2, 3, 0, 6, 6)), np.array(BOXES[:3], np.float32), 2)


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"boxes": np.ones((1, 5), np.float32)}, ValueError, r"boxes must have shape \(K, 7\), rows \[batch_index, x1, y1, z1"),
    ({"boxes": np.ones((1, 7))}, TypeError, "boxes has data type float64; it must be float32"),
    ({"input": np.ones((2, 3, 6, 6), np.float32)}, ValueError, r"input must have 5 dimensions, not shape \(2, 3, 6, 6\)"),
    ({"input": np.ones((2, 3, 4, 6, 6), np.int32)}, TypeError, "input has data type int32"),
    ({"input": [[1.0]]}, TypeError, "input must be a NumPy or a CuPy array"),
    ({"output_size": (2, 2)}, ValueError, r"output_size must be one number or \(depth, height, width\), not 2 numbers"),
    ({"output_size": (2, 2, -1)}, ValueError, "output_size must not be negative"),
    ({"output_size": 2.0}, TypeError, "output_size must be an integer"),
    ({"spatial_scale": (1.0, 1.0)}, ValueError, "spatial_scale must be one number or"),
    ({"spatial_scale": (0.0, 1.0, 1.0)}, ValueError, "spatial_scale must be finite and greater than 0"),
    ({"spatial_scale": (1.0, 1.0, np.inf)}, ValueError, "spatial_scale must be finite and greater than 0"),
    ({"sampling_ratio": (1, 1, 1025)}, ValueError, "sampling_ratio must be at most 1024, not 1025"),
    ({"sampling_ratio": 1.5}, TypeError, "sampling_ratio must be an integer"),
    ({"aligned": 1}, TypeError, "aligned must be True or False"),
    ({"aligned": True, "dialect": "roikit"}, ValueError, "aligned=True goes with no dialect"),
    ({"dialect": "none"}, ValueError, "no dialect of roi_align_3d is called 'none'"),
    ({"layout": "NCDHW"}, ValueError, "layout must be one of"),
    ({"out": np.ones((7, 3, 2, 2), np.float32)}, ValueError, r"out must have shape \(7, 3, 2, 2, 2\), not \(7, 3, 2, 2\)"),
    ({"out": np.ones((7, 3, 2, 2, 2))}, TypeError, "out has data type float64; it must be float32"),
    ({"out": np.ones((7, 3, 2, 2, 4), np.float32)[..., ::2]}, ValueError, "out must be C-contiguous"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    call = {"input": drawn((2, 3, 4, 6, 6)), "boxes": np.array(BOXES, np.float32), "output_size": 2}
    with pytest.raises(error, match=message):
        roi_align_3d(**(call | changes))


def test_more_rows_than_are_counted_are_refused():
    x = np.broadcast_to(np.float32(0), (1, 1, 2**16, 2**15, 1))
    with pytest.raises(ValueError, match=r"fewer than 2\*\*31"):
        roi_align_3d(x, np.array(BOXES[:1], np.float32), 1)


def test_a_wrong_gradient_is_named():
    x, boxes = drawn((2, 3, 4, 6, 6)), np.array(BOXES[:3], np.float32)
    for grad in (np.ones((2, 3, 2, 2, 2), np.float32), np.ones((3, 4, 2, 2, 2), np.float32)):
        with pytest.raises(ValueError, match=r"grad must have shape \(3, 3, 2, 2, 2\)"):
            roi_align_3d_backward(grad, boxes, x.shape)
        with pytest.raises(ValueError, match=r"grad must have shape \(3, 3, 2, 2, 2\)"):
            roi_align_3d_backward_boxes(grad, x, boxes)
    with pytest.raises(ValueError, match="grad must have 5 dimensions"):
        roi_align_3d_backward(np.ones((3, 3, 2, 2), np.float32), boxes, x.shape)
    with pytest.raises(ValueError, match="input_shape must be five integers"):
        roi_align_3d_backward(np.ones((3, 3, 2, 2, 2), np.float32), boxes, (2, 3, 4, 6))
