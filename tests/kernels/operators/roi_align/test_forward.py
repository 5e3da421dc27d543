"""What `roi_align` accepts and returns on the CPU. Whether the numbers are right is the golden cases' business."""

import ml_dtypes
import numpy as np
import pytest

from roikit.kernels import Dialect, roi_align, roi_align_backward
from tests.kernels.operators.arrays import DTYPES

BOXES = np.array([[0, 1, 1, 5, 5], [1, 0.5, 0.5, 4.5, 2.5], [0, -1, 2, 3, 7]], np.float32)


def feature(shape=(2, 3, 7, 8), dtype=np.float32):
    return np.random.default_rng(0).integers(-8, 8, shape).astype(dtype)


def boxes_for(dtype):
    return BOXES.astype(np.float64 if dtype == np.float64 else np.float32)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_output_has_the_shape_and_type_of_the_input_in_both_layouts(dtype, mode):
    x = feature(dtype=dtype)
    first = roi_align(x, boxes_for(dtype), (2, 4), 1.0, 2, mode=mode)
    last = roi_align(
        np.ascontiguousarray(x.transpose(0, 2, 3, 1)), boxes_for(dtype), (2, 4), 1.0, 2, mode=mode, layout="NHWC"
    )
    assert first.shape == (3, 3, 2, 4)
    assert last.shape == (3, 2, 4, 3)
    assert first.dtype == last.dtype == dtype
    assert np.array_equal(first, last.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16], ids=lambda d: np.dtype(d).name)
def test_16_bit_maps_take_boxes_of_their_own_type_too(dtype):
    wide = roi_align(feature(dtype=dtype), BOXES, 2)
    narrow = roi_align(feature(dtype=dtype), BOXES.astype(dtype), 2)
    assert np.array_equal(wide, narrow)


def test_16_bit_lists_hold_more_batch_indices_than_16_bits_could():
    images = 2051
    x = np.arange(images, dtype=np.float16).reshape(images, 1, 1, 1) * np.float16(0) + np.float16(1)
    x[2049] = 7
    boxes = [np.empty((0, 4), np.float16) for _ in range(images)]
    boxes[2049] = np.array([[0, 0, 1, 1]], np.float16)
    assert roi_align(x, boxes, 1, 1.0, 1).item() == 7


def test_pairs_are_height_then_width():
    x = feature()
    pooled = roi_align(x, BOXES, (2, 4), (0.5, 1.0), (1, 2))
    swapped = roi_align(x.transpose(0, 1, 3, 2), BOXES[:, [0, 2, 1, 4, 3]], (4, 2), (1.0, 0.5), (2, 1))
    assert np.array_equal(pooled, swapped.transpose(0, 1, 3, 2))


def test_where_there_are_no_boxes_maps_need_no_pixels_and_a_list_no_arrays():
    assert roi_align(feature((2, 3, 0, 8)), BOXES[:0], 2).shape == (0, 3, 2, 2)
    assert roi_align(np.empty((0, 3, 7, 8), np.float32), [], 2).shape == (0, 3, 2, 2)
    assert not roi_align_backward(np.ones((0, 3, 2, 2), np.float32), BOXES[:0], (2, 3, 0, 8)).any()


def test_aligned_chooses_torchvisions_two_dialects():
    assert np.array_equal(
        roi_align(feature(), BOXES, 2, aligned=True), roi_align(feature(), BOXES, 2, dialect="torchvision-aligned")
    )
    assert np.array_equal(roi_align(feature(), BOXES, 2), roi_align(feature(), BOXES, 2, dialect=Dialect()))
    assert not np.array_equal(roi_align(feature(), BOXES, 2), roi_align(feature(), BOXES, 2, aligned=True))


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("dialect", ["torchvision", "torchvision-aligned", "torchvision-python", "opencv"])
@pytest.mark.parametrize("extent", [0.25, 1, 3.5, 100, 1e4, 5e5])
def test_lists_of_taps_always_fit_what_is_set_aside_for_them(extent, dialect, mode):
    """If they did not, the RoI would be refused."""
    x = feature((1, 1, 9, 5))
    boxes = np.array([[0, s, s, s + extent, s + extent] for s in (-extent, -extent / 2, -0.3, 0, 2.1)], np.float32)
    for size in (1, 3, 20):
        assert np.isfinite(roi_align(x, boxes, size, mode=mode, dialect=dialect)).all()


def test_more_images_than_a_float_can_count_are_all_reached():
    images = 2**24 + 1
    x = np.zeros((images, 1, 1, 1), np.float16)
    x[-1] = 3
    assert roi_align(x, np.array([[2**24, 0, 0, 1, 1]], np.float32), 1, 1.0, 1).item() == 3
    with pytest.raises(ValueError, match=r"fewer than 2\*\*31 images"):
        roi_align(np.zeros((2**31, 1, 1, 1), np.float16), np.zeros((1, 5), np.float32), 1)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_vectors_of_channels_and_columns_give_what_one_channel_gives(dtype, mode, layout):
    """The golden cases are smaller than a vector of the machine. Here every sum is exact, in whatever order."""
    rng = np.random.default_rng(4)
    last = rng.integers(-8, 8, (1, 24, 70, 83)).astype(dtype)
    boxes = np.array([[0, 1, 2, 65, 18], [0, -4, 0, 12, 8], [0, 3, 3, 35, 19]], boxes_for(dtype).dtype)
    channels = np.split(last, 83, axis=-1)
    one = np.concatenate([roi_align(c, boxes, 4, 1.0, 2, mode=mode, layout="NHWC") for c in channels], axis=-1)
    x = last if layout == "NHWC" else np.ascontiguousarray(last.transpose(0, 3, 1, 2))
    wide = roi_align(x, boxes, 4, 1.0, 2, mode=mode, layout=layout)
    assert np.array_equal(wide if layout == "NHWC" else wide.transpose(0, 2, 3, 1), one)


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_a_wide_box_of_few_samples_reads_only_their_columns(mode):
    """The golden cases have no box so wide. Every sum is exact."""
    last = np.random.default_rng(5).integers(-8, 8, (1, 6, 900, 5)).astype(np.float32)
    boxes = np.array([[0, 2, 1, 890, 5], [0, 100, 0, 130, 4]], np.float32)
    first = np.ascontiguousarray(last.transpose(0, 3, 1, 2))
    expected = roi_align(last, boxes, 2, 1.0, 1, mode=mode, layout="NHWC")
    assert np.array_equal(roi_align(first, boxes, 2, 1.0, 1, mode=mode).transpose(0, 2, 3, 1), expected)
