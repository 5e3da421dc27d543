"""Gradients for boxes with channels first on a CPU: pixels that are brought together (turned.cuh) are those that bins read.

A channel among many, which are turned, must give what it gives alone, which is not: memory beyond the pixels that were brought
together holds anything.
"""

import numpy as np
import pytest

from roikit import kernels
from roikit.kernels.dialects.crop_and_resize import DIALECTS as CROPPING
from roikit.kernels.dialects.roi_align import DIALECTS as SAMPLING

CHANNELS, HEIGHT, WIDTH, ROIS = 37, 19, 23, 160  # two whole vectors and a short one


def corners(rng):
    """Boxes within the map, over its edges, far away, inverted, thin, empty and huge."""
    first = rng.uniform(-9, 30, (ROIS, 2))
    sizes = rng.choice([0, 0.3, 2, 9, 25, 60, -4], (ROIS, 2)) * rng.uniform(0.5, 1.5, (ROIS, 2))
    boxes = np.hstack([first, first + sizes])
    boxes[:4] += [[1e4], [-1e4], [0], [0]]
    boxes[2] *= 100
    boxes[5:30] = np.round(boxes[5:30])  # on rows and columns of pixels
    return boxes.astype(np.float32)


def roi_align(maps, grad, boxes, dialect, ratio):
    rows = np.insert(boxes, 0, 0, axis=1)
    return kernels.roi_align_backward_boxes(grad, maps, rows, 0.7, ratio, dialect=dialect)


def weighted_roi_align(maps, grad, boxes, dialect, ratio):
    rows, weights = np.insert(boxes, 0, 0, axis=1), np.ones((1, 1, HEIGHT, WIDTH), np.float32)
    return kernels.weighted_roi_align_backward_boxes(grad, maps, rows, weights, 0.7, ratio, dialect=dialect)


def prroi_pool(maps, grad, boxes, dialect, ratio):
    del ratio
    return kernels.prroi_pool_backward_boxes(grad, maps, np.insert(boxes, 0, 0, axis=1), 0.7, dialect=dialect)


def crop_and_resize(maps, grad, boxes, dialect, ratio):
    fractions = boxes[:, [1, 0, 3, 2]] / np.float32([HEIGHT, WIDTH, HEIGHT, WIDTH])
    mode = "nearest" if ratio == 0 else "bilinear"
    indices = np.zeros(len(boxes), np.int32)
    return kernels.crop_and_resize_backward_boxes(grad, maps, fractions, indices, mode, layout="NCHW", dialect=dialect)


OF = [
    *((roi_align, name) for name in SAMPLING if "max" not in name),
    (weighted_roi_align, "torchvision-aligned"),
    (prroi_pool, "mmcv"),
    *((crop_and_resize, name) for name in CROPPING),
]


@pytest.mark.parametrize("ratio", [0, 2, 11])
@pytest.mark.parametrize("bins", [1, 7])
@pytest.mark.one_in(4)
@pytest.mark.parametrize(("operator", "dialect"), OF, ids=lambda one: getattr(one, "__name__", one))
def test_a_channel_among_many_gives_what_it_gives_alone(operator, dialect, bins, ratio):
    rng = np.random.default_rng([bins, ratio, len(dialect)])
    maps = rng.standard_normal((1, CHANNELS, HEIGHT, WIDTH)).astype(np.float32)
    boxes = corners(rng)
    for channel in (0, 17, 36):
        grad = np.zeros((ROIS, CHANNELS, bins, bins), np.float32)
        grad[:, channel] = rng.standard_normal((ROIS, bins, bins))
        alone = (
            np.ascontiguousarray(maps[:, channel : channel + 1]),
            np.ascontiguousarray(grad[:, channel : channel + 1]),
        )
        wanted, got = operator(*alone, boxes, dialect, ratio), operator(maps, grad, boxes, dialect, ratio)
        np.testing.assert_array_equal(got, wanted)
        is_flat = operator is crop_and_resize and (dialect, ratio) == ("roikit", 0)  # what is nearest has no slope
        assert is_flat or np.count_nonzero(wanted) > ROIS / 4
