"""Rotated RoIAlign on the CPU against loops over samples, at quarter turns against RoIAlign bit for bit, and bad arguments."""

import importlib.util
import math
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    roi_align,
    roi_align_rotated,
    roi_align_rotated_backward,
    roi_align_rotated_backward_boxes,
    roi_align_rotated_backward_workspace,
)

_spec = importlib.util.spec_from_file_location("roi_align_rotated_reference", Path(__file__).with_name("reference.py"))
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
@pytest.mark.parametrize("channels", [3, 70])
@pytest.mark.parametrize("ratio", [(2, 2), (0, 0), (1, 3)])
def test_output_and_gradients_are_those_of_loops(layout, dtype, channels, ratio):
    x, boxes = drawn((2, channels, 9, 21), dtype), np.array(BOXES, wide(dtype))
    how = {"spatial_scale": 0.75, "sampling_ratio": ratio, "layout": layout}
    error = 8 * float(ml_dtypes.finfo(dtype).eps) + 200 * float(ml_dtypes.finfo(wide(dtype)).eps)
    out = roi_align_rotated(like(x, layout), boxes, (3, 2), **how)
    assert out.dtype == dtype
    expected = reference.roi_align_rotated(x, boxes, (3, 2), 0.75, ratio)
    np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=8 * error)
    grad = drawn(expected.shape, dtype, 1)
    sent = roi_align_rotated_backward(like(grad, layout), boxes, like(x, layout).shape, **how)
    right = reference.roi_align_rotated_backward(grad, x.shape, boxes, 0.75, ratio)
    np.testing.assert_allclose(as_nchw(sent, layout).astype(float), right, rtol=error, atol=error * abs(right).max())


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("clockwise", [False, True])
def test_the_gradient_for_boxes_is_that_of_differences(layout, clockwise):
    x, boxes = drawn((2, 3, 9, 21), np.float64), np.array(BOXES, np.float64)
    grad = drawn((len(boxes), 3, 3, 2), np.float64, 1)
    got = roi_align_rotated_backward_boxes(
        like(grad, layout), like(x, layout), boxes, 0.75, 2, clockwise=clockwise, layout=layout
    )
    right = reference.roi_align_rotated_backward_boxes(grad, x, boxes, 0.75, (2, 2), clockwise)
    np.testing.assert_allclose(got, right, rtol=1e-6, atol=1e-6)


CORNERS = np.array([[0, 1, 2, 5, 6], [1, 3, -1, 7, 7], [0, -2, 2, 2, 10], [1, 2.5, 3, 4.5, 7], [0, 2, 2.25, 10, 10.25]])
"""Boxes of which RoIAlign rounds nothing, so that no order of sums shows."""


def turned(corners, quarters, unit=math.pi / 2):
    """The boxes of these corners, that are to be turned by quarters; odd ones have width and height exchanged."""
    k, x1, y1, x2, y2 = corners.T
    w, h = (y2 - y1, x2 - x1) if quarters % 2 else (x2 - x1, y2 - y1)
    return np.stack([k, (x1 + x2) / 2, (y1 + y2) / 2, w, h, np.full(len(k), quarters * unit)], 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3, -1, -2, 4, 5])
@pytest.mark.parametrize("how", ["radians", "degrees", "clockwise"])
@pytest.mark.parametrize("ratio", [2, 0])
def test_turned_by_quarters_it_is_roi_align_bit_for_bit(dtype, quarters, how, ratio):
    """Rows of bins go along the height of a box: turned by a quarter its first is the last column of the upright one."""
    x = drawn((2, 5, 11, 12), dtype)
    boxes = turned(CORNERS, quarters, 90 if how == "degrees" else math.pi / 2).astype(dtype)
    options = {"radians": {}, "degrees": {"dialect": "roikit-degrees"}, "clockwise": {"clockwise": True}}[how]
    size = (2, 4) if quarters % 2 else (4, 2)
    got = roi_align_rotated(x, boxes, size, 1.0, ratio, **options)
    upright = roi_align(x, CORNERS.astype(dtype), (4, 2), 1.0, ratio, aligned=True)
    right = np.rot90(upright, quarters if how == "clockwise" else -quarters, axes=(2, 3))
    assert np.array_equal(got, right)


def test_a_quarter_turn_is_the_nearest_number_and_no_other():
    """RR-4: with the next number a map whose pixels are far apart shows that there is a little more of a turn."""
    x = np.zeros((1, 1, 9, 9), np.float32)
    x[..., 4, :] = 2.0**30
    box = np.array([[0, 4.5, 4.5, 4, 4, np.pi / 2]], np.float32)
    exact = roi_align_rotated(x, box, 2, 1.0, 2)
    box[0, 5] = np.nextafter(box[0, 5], np.float32(2))
    assert not np.array_equal(roi_align_rotated(x, box, 2, 1.0, 2), exact)


def test_bits_do_not_depend_on_threads(monkeypatch):
    x, boxes = drawn((2, 37, 30, 31)), np.array(BOXES * 9, np.float32)
    grad = drawn((len(boxes), 37, 4, 3), seed=1)
    found = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("ROIKIT_NUM_THREADS", threads)
        found.append((
            roi_align_rotated(x, boxes, (4, 3)).tobytes(),
            roi_align_rotated_backward(grad, boxes, x.shape).tobytes(),
            roi_align_rotated_backward_boxes(grad, x, boxes).tobytes(),
        ))  # fmt: skip
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("row", [
    [2, 3, 3, 2, 2, 0], [-1, 3, 3, 2, 2, 0], [0.5, 3, 3, 2, 2, 0], [np.nan, 3, 3, 2, 2, 0], [0, np.nan, 3, 2, 2, 0],
    [0, 3, np.inf, 2, 2, 0], [0, 3, 3, 2, np.nan, 0], [0, 3, 3, 3e38, 3e38, 0], [0, 3, 3, 2, 2, np.nan], [0, 3, 3, 2, 2, -np.inf],
    [0, 3, 3, 2.0**22, 2, 0],
])  # fmt: skip
def test_a_roi_that_cannot_be_pooled_is_named(row):
    x, boxes = drawn((2, 3, 6, 6)), np.array([BOXES[0], row], np.float32)
    grad = np.ones((2, 3, 2, 2), np.float32)
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        roi_align_rotated(x, boxes, 2)
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        roi_align_rotated_backward(grad, boxes, x.shape)
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        roi_align_rotated_backward_boxes(grad, x, boxes)


def test_angles_without_digits_and_sizes_without_sense_do_no_harm():
    x = drawn((1, 3, 6, 6))
    rows = [
        [0, 3, 3, 2, 2, 3e38],
        [0, 3, 3, 2, 2, -1e30],
        [0, 3, 3, -2, 2, 1],
        [0, 3, 3, 0, 0, 1],
        [0, 3, 3, 1e30, 2, 1],
    ]
    boxes = np.array(rows, np.float32)
    assert np.isfinite(roi_align_rotated(x, boxes, 2, sampling_ratio=2)).all()
    assert np.isfinite(roi_align_rotated(x, boxes[:4], 2)).all()
    grad = np.ones((len(rows), 3, 2, 2), np.float32)
    assert np.isfinite(roi_align_rotated_backward(grad, boxes, x.shape, 1.0, 2)).all()
    assert np.isfinite(roi_align_rotated_backward_boxes(grad, x, boxes, 1.0, 2)).all()


def test_a_roi_far_around_the_map_takes_no_longer_than_one_that_covers_it():
    """Of 10¹² samples those on the map are looked at."""
    x = np.ones((1, 1, 8, 8), np.float32)
    box = np.array([[0, 4, 4, 2.0**19, 2.0**19, 0.5]], np.float32)
    out = roi_align_rotated(x, box, 1)
    assert 0 < float(out.sum()) < 1e-6


@pytest.mark.parametrize("rois", [0, 3])
def test_empty_calls(rois):
    x, boxes = drawn((2, 3, 6, 6)), np.array(BOXES[:rois], np.float32).reshape(-1, 6)
    assert roi_align_rotated(x[:, :0], boxes, 2).shape == (rois, 0, 2, 2)
    assert roi_align_rotated(x, boxes[:0], 2).shape == (0, 3, 2, 2)
    assert not roi_align_rotated_backward(np.ones((0, 3, 2, 2), np.float32), boxes[:0], x.shape).any()
    assert roi_align_rotated_backward_boxes(np.ones((0, 3, 2, 2), np.float32), x, boxes[:0]).shape == (0, 5)


def test_arrays_that_are_given():
    x, boxes = drawn((2, 3, 6, 6)), np.array(BOXES, np.float32)
    right = roi_align_rotated(x, boxes, 2)
    out = np.empty_like(right)
    assert roi_align_rotated(x, boxes, 2, out=out) is out
    assert np.array_equal(out, right)
    listed = [boxes[boxes[:, 0] == i, 1:] for i in range(2)]
    order = np.concatenate([np.flatnonzero(boxes[:, 0] == i) for i in range(2)])
    assert np.array_equal(roi_align_rotated(x, listed, 2), right[order])
    size = roi_align_rotated_backward_workspace(x.shape, len(boxes), 2, on_gpu=False)
    workspace = np.empty(size + 16, np.uint8)
    workspace = workspace[-workspace.ctypes.data % 16 :][:size]
    given = roi_align_rotated_backward(right, boxes, x.shape, workspace=workspace)
    assert np.array_equal(given, roi_align_rotated_backward(right, boxes, x.shape))
    strided = np.asfortranarray(x)
    assert np.array_equal(roi_align_rotated(strided, boxes, 2), right)


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"boxes": np.ones((1, 5), np.float32)}, ValueError, r"\(K, 6\), rows \[batch_index, cx, cy, w, h, angle\]"),
    ({"boxes": [np.ones((1, 4), np.float32)] * 2}, ValueError, r"boxes\[0\] must have shape \(L, 5\)"),
    ({"spatial_scale": (0.5, 0.25)}, ValueError, "two would shear a rotated box"),
    ({"spatial_scale": 0}, ValueError, "greater than 0"),
    ({"sampling_ratio": 2000}, ValueError, "at most 1024"),
    ({"aligned": 1}, TypeError, "aligned must be True or False"),
    ({"clockwise": "yes"}, TypeError, "clockwise must be True or False"),
    ({"dialect": "none"}, ValueError, "no dialect of roi_align_rotated is called 'none'"),
    ({"dialect": "mmcv", "clockwise": True}, ValueError, "leave them out"),
    ({"layout": "CHW"}, ValueError, "layout must be one of"),
    ({"input": np.ones((2, 3, 6, 6), np.int32)}, TypeError, "input has data type int32"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    call = {"input": drawn((2, 3, 6, 6)), "boxes": np.array(BOXES, np.float32), "output_size": 2}
    with pytest.raises(error, match=message):
        roi_align_rotated(**(call | changes))
