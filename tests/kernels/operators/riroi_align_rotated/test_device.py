"""The way of rotation-invariant RoIAlign to a GPU, without one: a stand-in for CuPy runs launches in blocks of threads."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    riroi_align_rotated,
    riroi_align_rotated_backward,
    riroi_align_rotated_backward_boxes,
)
from roikit.kernels.dialects.riroi_align_rotated import DIALECTS
from roikit.kernels.execution import device
from roikit.kernels.operators.riroi_align_rotated.sources import OPERATIONS, sources

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu

BOXES = np.array(
    [[0, 5, 4, 4, 3, 0.3], [1, 6.25, 5, 7, 4.3, -1.2], [0, 1, 2, 6, 9, 2.5], [1, 4, 4, 30, 50, 0.7]], np.float32
)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize(("channels", "orientations"), [(4, 4), (5, 5), (8, 2)])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, channels, orientations):
    x, _ = stand_in.case(layout, channels)
    how = {"spatial_scale": 0.5, "num_orientations": orientations, "layout": layout}
    out = riroi_align_rotated(Array(x), Array(BOXES), (3, 2), **how)
    expected = riroi_align_rotated(x, BOXES, (3, 2), **how)
    np.testing.assert_allclose(out.host, expected, rtol=1e-5, atol=1e-5)
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == len(BOXES)
    assert block[0] * block[1] <= 256
    assert shared == 0
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).standard_normal(expected.shape).astype(np.float32)
    got = riroi_align_rotated_backward(Array(grad), Array(BOXES), x.shape, **how)
    right = riroi_align_rotated_backward(grad, BOXES, x.shape, **how)
    np.testing.assert_allclose(got.host, right, rtol=1e-5, atol=1e-5)
    moved = riroi_align_rotated_backward_boxes(Array(grad), Array(x), Array(BOXES), **how)
    expected = riroi_align_rotated_backward_boxes(grad, x, BOXES, **how)
    np.testing.assert_allclose(moved.host, expected, rtol=1e-4, atol=1e-4)
    assert [source.entry for source, *_ in LAUNCHES] == [
        "find_extents",
        "find_touching",
        "order_tiles",
        "riroi_align_rotated_backward",
        "riroi_align_rotated_backward_boxes",
    ]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_without_check_what_belongs_to_a_roi_that_cannot_be_pooled_is_nan(layout):
    x, _ = stand_in.case(layout, 4)
    boxes = BOXES.copy()
    boxes[2, 0] = 2
    good, how = [0, 1, 3], {"num_orientations": 2, "layout": layout}
    out = riroi_align_rotated(Array(x), Array(boxes), 2, **how).host
    assert np.isnan(out[2]).all()
    np.testing.assert_allclose(out[good], riroi_align_rotated(x, boxes[good], 2, **how), rtol=1e-5, atol=1e-5)
    grad = np.ones(out.shape, np.float32)
    sent = riroi_align_rotated_backward(Array(grad), Array(boxes), x.shape, **how).host
    right = riroi_align_rotated_backward(grad[good], boxes[good], x.shape, **how)
    np.testing.assert_allclose(sent, right, rtol=1e-5, atol=1e-5)
    moved = riroi_align_rotated_backward_boxes(Array(grad), Array(x), Array(boxes), **how).host
    assert np.isnan(moved).all(axis=1).tolist() == [False, False, True, False]
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        riroi_align_rotated(Array(x), Array(boxes), 2, check=True, **how)


def test_dialects_share_what_is_compiled_for_a_cpu():
    for operation in OPERATIONS:
        texts = {
            source.text
            for rules in DIALECTS.values()
            for source in sources(operation, "float32", "avg", "NCHW", rules, on_host=True)
        }
        assert len(texts) == {"forward": 1, "backward": 2, "backward_boxes": 1}[operation]
    assert sources("forward", "float32", "max", "NCHW", DIALECTS["roikit"], on_host=True) == []
