"""Deformable PSRoIPool on its way to a GPU, without one: a stand-in for CuPy runs launches on the host, by blocks."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    deform_ps_roi_pool,
    deform_ps_roi_pool_backward,
    deform_ps_roi_pool_backward_offset,
)
from roikit.kernels.dialects.deform_ps_roi_pool import DIALECTS
from roikit.kernels.execution import device
from roikit.kernels.operators.deform_ps_roi_pool.sources import OPERATIONS, sources

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu

BOXES = np.array([[0, 5, 4, 9, 7], [1, 6.25, 5, 13, 9.3], [0, -3, -2, 6, 9], [1, -14, -4, 30, 50]], np.float32)
OFFSET = (np.random.default_rng(3).integers(-8, 9, (4, 2, 3, 2)) / 4).astype(np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("channels", [4, 5])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, channels):
    x, _ = stand_in.case(layout, channels)
    how = {"spatial_scale": 0.5, "sampling_ratio": 2, "group_size": 1, "layout": layout}
    out = deform_ps_roi_pool(Array(x), Array(BOXES), (3, 2), offset=Array(OFFSET), **how)
    expected = deform_ps_roi_pool(x, BOXES, (3, 2), offset=OFFSET, **how)
    np.testing.assert_allclose(out.host, expected, rtol=1e-5, atol=1e-5)
    (joining, *_), (source, grid, block, shared) = LAUNCHES
    assert joining.entry == "deform_ps_roi_pool_join"
    assert grid[0] == len(BOXES)
    assert block[0] * block[1] <= 256
    assert shared == 0
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).standard_normal(expected.shape).astype(np.float32)
    got = deform_ps_roi_pool_backward(Array(grad), Array(BOXES), x.shape, offset=Array(OFFSET), **how)
    right = deform_ps_roi_pool_backward(grad, BOXES, x.shape, offset=OFFSET, **how)
    np.testing.assert_allclose(got.host, right, rtol=1e-5, atol=1e-5)
    moved = deform_ps_roi_pool_backward_offset(Array(grad), Array(x), Array(BOXES), Array(OFFSET), **how)
    expected = deform_ps_roi_pool_backward_offset(grad, x, BOXES, OFFSET, **how)
    np.testing.assert_allclose(moved.host, expected, rtol=1e-4, atol=1e-4)
    assert [source.entry.removeprefix("deform_ps_roi_pool_") for source, *_ in LAUNCHES] == [
        *("join", "find_extents", "find_touching", "order_tiles", "backward"),
        *("join", "motions", "backward_offset"),
    ]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_without_check_what_belongs_to_a_roi_that_cannot_be_pooled_is_nan(layout):
    x, _ = stand_in.case(layout, 4)
    boxes = BOXES.copy()
    boxes[2, 0] = 2
    good, how = [0, 1, 3], {"layout": layout, "group_size": 1}
    out = deform_ps_roi_pool(Array(x), Array(boxes), (3, 2), offset=Array(OFFSET), **how).host
    assert np.isnan(out[2]).all()
    right = deform_ps_roi_pool(x, boxes[good], (3, 2), offset=OFFSET[good], **how)
    np.testing.assert_allclose(out[good], right, rtol=1e-5, atol=1e-5)
    grad = np.ones(out.shape, np.float32)
    sent = deform_ps_roi_pool_backward(Array(grad), Array(boxes), x.shape, offset=Array(OFFSET), **how).host
    right = deform_ps_roi_pool_backward(grad[good], boxes[good], x.shape, offset=OFFSET[good], **how)
    np.testing.assert_allclose(sent, right, rtol=1e-5, atol=1e-5)
    moved = deform_ps_roi_pool_backward_offset(Array(grad), Array(x), Array(boxes), Array(OFFSET), **how).host
    assert np.isnan(moved).all(axis=(1, 2, 3)).tolist() == [False, False, True, False]
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        deform_ps_roi_pool(Array(x), Array(boxes), (3, 2), check=True, **how)


def test_dialects_share_what_is_compiled_for_a_cpu():
    for operation in OPERATIONS:
        texts = {
            source.text
            for rules in DIALECTS.values()
            for source in sources(operation, "float32", "avg", "NCHW", rules, on_host=True)
        }
        counts = {"forward": 2, "backward": 3, "backward_offset": 3}
        assert len(texts) == counts[operation], operation
    assert sources("forward", "float32", "max", "NCHW", DIALECTS["roikit"], on_host=True) == []
