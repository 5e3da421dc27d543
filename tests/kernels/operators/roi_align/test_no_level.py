"""Boxes of negative area among the levels of a pyramid (MS-6): on none of them by most rules, on the first by two."""

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    LevelRule,
    multiscale_roi_align,
    multiscale_roi_align_backward,
    multiscale_roi_align_backward_boxes,
)
from roikit.kernels.dialects.multiscale_roi_align import WITHOUT_SIZE, NoLevel

SCALES = (0.5, 0.25)
BOXES = np.array([[0, 10, 1, 5, 9], [0, 1, 1, 9, 9], [0, 9, 9, 1, 1], [0, 2, 12, 12, 3]], np.float32)
NEGATIVE = [0, 3]


def pooled(layout, rule, mode, boxes, dtype=np.float32):
    """Output, and the gradients of its sum, for maps that are nowhere 0."""
    rng = np.random.default_rng(3)
    maps = [1 + rng.random((1, 3, size, size)).astype(dtype) for size in (16, 8)]
    if layout == "NHWC":
        maps = [np.ascontiguousarray(array.transpose(0, 2, 3, 1)) for array in maps]
    how = {"level_rule": rule, "mode": mode, "layout": layout, "canonical_size": 8, "canonical_level": 2, "check": True}
    output = multiscale_roi_align(maps, boxes, 2, SCALES, 2, **how)
    ones = np.ones_like(output)
    shapes = [array.shape for array in maps]
    of_maps = multiscale_roi_align_backward(ones, boxes, shapes, SCALES, 2, **how, inputs=maps)
    return output, of_maps, multiscale_roi_align_backward_boxes(ones, maps, boxes, SCALES, 2, **how)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("rule", LevelRule)
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_output_and_all_gradients_are_zero_where_there_is_no_level(layout, rule, mode):
    output, of_maps, of_boxes = pooled(layout, rule, mode, BOXES)
    others, of_maps_without, _ = pooled(layout, rule, mode, BOXES[1:3])
    is_none = WITHOUT_SIZE[rule] == NoLevel.ZERO
    assert (not output[NEGATIVE].any()) == is_none
    assert (not of_boxes[NEGATIVE].any()) == is_none
    assert all(np.array_equal(a, b) for a, b in zip(of_maps, of_maps_without, strict=True)) == is_none
    assert np.array_equal(output[1:3], others)
    assert others.all()


@pytest.mark.parametrize("rule", ["torchvision", "matterport"])
def test_what_is_not_finite_or_of_no_image_is_refused_all_the_same(rule):
    for spoilt in ([0, np.nan, 1, 5, 9], [3, 10, 1, 5, 9]):
        with pytest.raises(InvalidRoiError):
            pooled("NCHW", rule, "avg", np.array([spoilt, *BOXES[1:3].tolist()], np.float32))


def test_of_one_level_all_boxes_are_pooled():
    maps = [np.ones((1, 1, 16, 16), np.float32)]
    assert (multiscale_roi_align(maps, BOXES, 1, [0.5], 2, level_rule="torchvision") == 1).all()
