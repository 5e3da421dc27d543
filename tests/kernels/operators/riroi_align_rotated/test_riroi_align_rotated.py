"""Rotation-invariant RoIAlign on the CPU: against loops over samples, at quarter turns against rotated RoIAlign; bad calls."""

import importlib.util
import math
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    riroi_align_rotated,
    riroi_align_rotated_backward,
    riroi_align_rotated_backward_boxes,
    riroi_align_rotated_backward_workspace,
    roi_align_rotated,
)

_spec = importlib.util.spec_from_file_location(
    "riroi_align_rotated_reference", Path(__file__).with_name("reference.py")
)
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

DTYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64]
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


def wide(dtype):
    return np.float64 if dtype == np.float64 else np.float32


def like(array, layout):
    return array if layout == "NCHW" else np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def as_nchw(array, layout):
    return array if layout == "NCHW" else array.transpose(0, 3, 1, 2)


def drawn(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).integers(-8, 9, shape).astype(dtype)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("channels", "orientations"), [(3, 3), (72, 8), (10, 5), (66, 2), (5, 1)])
@pytest.mark.parametrize("ratio", [(2, 2), (0, 0), (1, 3)])
def test_output_and_gradients_are_those_of_loops(layout, dtype, channels, orientations, ratio):
    x, boxes = drawn((2, channels, 9, 21), dtype), np.array(BOXES, wide(dtype))
    how = {"spatial_scale": 0.75, "sampling_ratio": ratio, "num_orientations": orientations, "layout": layout}
    error = 8 * float(ml_dtypes.finfo(dtype).eps) + 400 * float(ml_dtypes.finfo(wide(dtype)).eps)
    out = riroi_align_rotated(like(x, layout), boxes, (3, 2), **how)
    assert out.dtype == dtype
    expected = reference.riroi_align_rotated(x, boxes, (3, 2), 0.75, ratio, orientations)
    np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=16 * error)
    grad = drawn(expected.shape, dtype, 1)
    sent = riroi_align_rotated_backward(like(grad, layout), boxes, like(x, layout).shape, **how)
    right = reference.riroi_align_rotated_backward(grad, x.shape, boxes, 0.75, ratio, orientations)
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


def test_bits_do_not_depend_on_threads(monkeypatch):
    x, boxes = drawn((2, 40, 30, 31)), np.array(BOXES * 9, np.float32)
    grad = drawn((len(boxes), 40, 4, 3), seed=1)
    found = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("ROIKIT_NUM_THREADS", threads)
        found.append((
            riroi_align_rotated(x, boxes, (4, 3)).tobytes(),
            riroi_align_rotated_backward(grad, boxes, x.shape).tobytes(),
            riroi_align_rotated_backward_boxes(grad, x, boxes).tobytes(),
        ))  # fmt: skip
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("row", [
    [2, 3, 3, 2, 2, 0], [-1, 3, 3, 2, 2, 0], [0.5, 3, 3, 2, 2, 0], [np.nan, 3, 3, 2, 2, 0], [0, np.nan, 3, 2, 2, 0],
    [0, 3, np.inf, 2, 2, 0], [0, 3, 3, 2, np.nan, 0], [0, 3, 3, 3e38, 3e38, 0], [0, 3, 3, 2, 2, np.nan], [0, 3, 3, 2, 2, -np.inf],
    [0, 3, 3, 2.0**22, 2, 0],
])  # fmt: skip
def test_a_roi_that_cannot_be_pooled_is_named(row):
    x, boxes = drawn((2, 8, 6, 6)), np.array([BOXES[0], row], np.float32)
    grad = np.ones((2, 8, 2, 2), np.float32)
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        riroi_align_rotated(x, boxes, 2)
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        riroi_align_rotated_backward(grad, boxes, x.shape)
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        riroi_align_rotated_backward_boxes(grad, x, boxes)


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


@pytest.mark.parametrize("rois", [0, 3])
def test_empty_calls(rois):
    x, boxes = drawn((2, 8, 6, 6)), np.array(BOXES[:rois], np.float32).reshape(-1, 6)
    assert riroi_align_rotated(x[:, :0], boxes, 2).shape == (rois, 0, 2, 2)
    assert riroi_align_rotated(x, boxes[:0], 2).shape == (0, 8, 2, 2)
    assert not riroi_align_rotated_backward(np.ones((0, 8, 2, 2), np.float32), boxes[:0], x.shape).any()
    assert riroi_align_rotated_backward_boxes(np.ones((0, 8, 2, 2), np.float32), x, boxes[:0]).shape == (0, 5)


def test_arrays_that_are_given():
    x, boxes = drawn((2, 8, 6, 6)), np.array(BOXES, np.float32)
    right = riroi_align_rotated(x, boxes, 2)
    out = np.empty_like(right)
    assert riroi_align_rotated(x, boxes, 2, out=out) is out
    assert np.array_equal(out, right)
    size = riroi_align_rotated_backward_workspace(x.shape, len(boxes), 2, on_gpu=False)
    workspace = np.empty(size + 16, np.uint8)
    workspace = workspace[-workspace.ctypes.data % 16 :][:size]
    given = riroi_align_rotated_backward(right, boxes, x.shape, workspace=workspace)
    assert np.array_equal(given, riroi_align_rotated_backward(right, boxes, x.shape))
    assert np.array_equal(riroi_align_rotated(np.asfortranarray(x), boxes, 2), right)


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
