"""The way of RoIPool to a GPU, without one: a stand-in for CuPy runs every launch on the host, in blocks of real threads."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import InvalidRoiError, roi_pool, roi_pool_backward
from roikit.kernels.dialects.roi_pool import DIALECTS
from roikit.kernels.execution import device
from roikit.kernels.operators.roi_pool.problem import DEFAULT
from roikit.kernels.operators.roi_pool.sources import OPERATIONS, sources

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu


def case(layout, channels):
    x, boxes = stand_in.case(layout, channels)
    x[np.random.default_rng(0).random(x.shape) < 0.1] = np.nan
    return x, np.vstack([boxes, [[0, -9, -9, 20, 20]]]).astype(np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("channels", [1, 20, 21])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, mode, channels):
    x, boxes = case(layout, channels)
    if mode == "avg":
        x = np.nan_to_num(np.round(x))  # sums are exact, in whatever order
    how = {"spatial_scale": 0.5, "mode": mode, "layout": layout}
    out = roi_pool(Array(x), Array(boxes), (3, 2), **how)
    expected = roi_pool(x, boxes, (3, 2), **how)
    assert np.array_equal(out.host, expected)
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == len(boxes)
    assert block[0] * block[1] <= 256
    assert 0 < shared <= device.SHARED_BYTES
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).standard_normal(expected.shape).astype(np.float32)
    got = roi_pool_backward(Array(grad), Array(boxes), x.shape, **how, input=Array(x))
    assert np.array_equal(got.host, roi_pool_backward(grad, boxes, x.shape, **how, input=x))
    winners = ["find_winners"] if mode == "max" else []
    entries = [source.entry for source, *_ in LAUNCHES]
    assert entries == ["find_extents", "find_touching", "order_tiles", *winners, "roi_pool_backward"]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)


@pytest.mark.parametrize("dialect", ["torchvision", "onnxruntime", "openvino", "chainer", "mmcv", "tvm"])
def test_dialects_are_those_of_the_cpu(dialect):
    x, boxes = case("NCHW", 3)
    out = roi_pool(Array(x), Array(boxes), 3, dialect=dialect)
    np.testing.assert_array_equal(out.host, roi_pool(x, boxes, 3, dialect=dialect))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_heavy_roi_is_split_into_rows_of_bins(layout):
    x = np.random.default_rng(1).standard_normal((1, 2, 120, 130) if layout == "NCHW" else (1, 120, 130, 2))
    boxes = np.array([[0, 0, 0, 129, 119], [0, 3, 3, 5, 5], [0, 0, 0, 129, 60]], np.float32)
    x = x.astype(np.float32)
    out = roi_pool(Array(x), Array(boxes), 7, layout=layout)
    assert np.array_equal(out.host, roi_pool(x, boxes, 7, layout=layout))
    assert LAUNCHES[0][1][2] == 7


def test_more_bins_than_shared_memory_has_room_for_go_to_global_memory():
    x, boxes = case("NCHW", 2)
    out = roi_pool(Array(x), Array(boxes), (7000, 1))
    np.testing.assert_array_equal(out.host, roi_pool(x, boxes, (7000, 1)))
    assert LAUNCHES[0][3] == 0


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_without_check_the_bins_of_a_roi_that_cannot_be_pooled_are_nan(layout):
    x, boxes = stand_in.case(layout)
    boxes[2, 0] = 2
    good = [0, 1, 3]
    out = roi_pool(Array(x), Array(boxes), 2, layout=layout).host
    assert np.isnan(out[2]).all()
    assert np.array_equal(out[good], roi_pool(x, boxes[good], 2, layout=layout))
    grad = np.ones(out.shape, np.float32)
    sent = roi_pool_backward(Array(grad), Array(boxes), x.shape, layout=layout, input=Array(x)).host
    assert np.array_equal(sent, roi_pool_backward(grad[good], boxes[good], x.shape, layout=layout, input=x))
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        roi_pool(Array(x), Array(boxes), 2, check=True, layout=layout)


@pytest.mark.parametrize("mode", ["max", "avg"])
def test_dialects_share_what_is_compiled_for_a_cpu(mode):
    texts = {
        source.text
        for rules in DIALECTS.values()
        for source in sources("forward", "float32", mode, "NCHW", rules, on_host=True)
    }
    assert len(texts) == (5 if mode == "max" else 1)  # one for each way with NaN
    assert OPERATIONS == ("forward", "backward")
    assert DEFAULT in DIALECTS
