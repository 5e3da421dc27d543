"""The way of PrRoIPool to a GPU, without one: a stand-in for CuPy runs every launch on the host, in blocks of real threads."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import InvalidRoiError, prroi_pool, prroi_pool_backward, prroi_pool_backward_boxes
from roikit.kernels.dialects.prroi_pool import DIALECTS
from roikit.kernels.execution import device
from roikit.kernels.operators.prroi_pool.problem import DEFAULT
from roikit.kernels.operators.prroi_pool.sources import OPERATIONS, sources

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu


def case(layout, channels):
    x, boxes = stand_in.case(layout, channels)
    return x, np.vstack([boxes, [[0, -9, -9, 20, 20], [0, 3, 3, 3, 9]]]).astype(np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("channels", [4, 5])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, channels):
    x, boxes = case(layout, channels)
    how = {"spatial_scale": 0.5, "layout": layout}
    out = prroi_pool(Array(x), Array(boxes), (3, 2), **how)
    expected = prroi_pool(x, boxes, (3, 2), **how)
    np.testing.assert_allclose(out.host, expected, rtol=1e-5, atol=1e-5)
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == len(boxes)
    assert block[0] * block[1] <= 256
    assert 0 < shared <= device.SHARED_BYTES
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).standard_normal(expected.shape).astype(np.float32)
    got = prroi_pool_backward(Array(grad), Array(boxes), x.shape, **how)
    np.testing.assert_allclose(got.host, prroi_pool_backward(grad, boxes, x.shape, **how), rtol=1e-5, atol=1e-5)
    moved = prroi_pool_backward_boxes(Array(grad), Array(x), Array(boxes), **how)
    right = prroi_pool_backward_boxes(grad, x, boxes, **how)
    np.testing.assert_allclose(moved.host, right, rtol=1e-4, atol=1e-4)
    entries = [source.entry for source, *_ in LAUNCHES]
    assert entries == [
        "find_extents",
        "find_touching",
        "order_tiles",
        "prroi_pool_backward",
        "prroi_pool_backward_boxes",
    ]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_heavy_roi_is_split_into_rows_of_bins(layout):
    x = np.random.default_rng(1).integers(-9, 9, (1, 3, 120, 130) if layout == "NCHW" else (1, 120, 130, 3))
    boxes = np.array([[0, 0, 0, 129, 119], [0, 3, 3, 5, 5], [0, 0, 0, 129, 60]], np.float32)
    x = x.astype(np.float32)
    out = prroi_pool(Array(x), Array(boxes), 7, layout=layout)
    np.testing.assert_allclose(out.host, prroi_pool(x, boxes, 7, layout=layout), rtol=1e-5, atol=1e-5)
    assert LAUNCHES[0][1][2] == 7


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_without_check_what_belongs_to_a_roi_that_cannot_be_pooled_is_nan(layout):
    x, boxes = stand_in.case(layout, 4)
    boxes[2, 0] = 2
    good = [0, 1, 3]
    out = prroi_pool(Array(x), Array(boxes), 2, layout=layout).host
    assert np.isnan(out[2]).all()
    np.testing.assert_allclose(out[good], prroi_pool(x, boxes[good], 2, layout=layout), rtol=1e-5, atol=1e-5)
    grad = np.ones(out.shape, np.float32)
    sent = prroi_pool_backward(Array(grad), Array(boxes), x.shape, layout=layout).host
    np.testing.assert_allclose(
        sent, prroi_pool_backward(grad[good], boxes[good], x.shape, layout=layout), rtol=1e-5, atol=1e-5
    )
    moved = prroi_pool_backward_boxes(Array(grad), Array(x), Array(boxes), layout=layout).host
    assert np.isnan(moved).all(axis=1).tolist() == [False, False, True, False]
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        prroi_pool(Array(x), Array(boxes), 2, check=True, layout=layout)


def test_dialects_share_what_is_compiled_for_a_cpu():
    for operation in OPERATIONS:
        texts = {
            source.text
            for rules in DIALECTS.values()
            for source in sources(operation, "float32", "avg", "NCHW", rules, on_host=True)
        }
        assert len(texts) == {"forward": 1, "backward": 2, "backward_boxes": 1}[operation]
    assert sources("forward", "float32", "max", "NCHW", DIALECTS[DEFAULT], on_host=True) == []
