"""The way of crop_and_resize to a GPU, without one: a stand-in for CuPy runs every launch on the host, by real threads."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    crop_and_resize,
    crop_and_resize_backward,
    crop_and_resize_backward_boxes,
)
from roikit.kernels.dialects.crop_and_resize import DIALECTS
from roikit.kernels.execution import device
from roikit.kernels.operators.crop_and_resize.sources import OPERATIONS, sources

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu

BOXES = np.array([[0.1, 0.2, 0.9, 0.8], [0, 0, 1, 1], [1.2, 1.1, -0.3, -0.2], [0.5, 0.5, 0.5, 0.5]], np.float32)
INDICES = np.array([1, 0, 0, 1], np.int32)


@pytest.fixture(autouse=True)
def assignable(monkeypatch):
    """Rows are put together on the device, as CuPy's arrays can be."""

    def assign(self, key, value):
        self.host[key] = getattr(value, "host", value)

    monkeypatch.setattr(Array, "__setitem__", assign, raising=False)


def image(layout, channels):
    shape = (2, channels, 9, 11) if layout == "NCHW" else (2, 9, 11, channels)
    return np.random.default_rng(1).integers(-8, 9, shape).astype(np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("channels", [4, 5])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, channels):
    x, how = image(layout, channels), {"layout": layout}
    given, arrays = (BOXES, INDICES), (Array(BOXES), Array(INDICES))
    out = crop_and_resize(Array(x), *arrays, (3, 2), **how)
    expected = crop_and_resize(x, *given, (3, 2), **how)
    assert np.array_equal(out.host, expected)
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == len(BOXES)
    assert block[0] * block[1] <= 256
    assert 0 < shared <= device.SHARED_BYTES
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).integers(-4, 5, expected.shape).astype(np.float32)
    got = crop_and_resize_backward(Array(grad), *arrays, x.shape, **how)
    assert np.array_equal(got.host, crop_and_resize_backward(grad, *given, x.shape, **how))
    entries = [source.entry for source, *_ in LAUNCHES]
    assert entries == ["find_extents", "find_touching", "order_tiles", "crop_and_resize_backward"]
    moved = crop_and_resize_backward_boxes(Array(grad), Array(x), *arrays, **how)
    right = crop_and_resize_backward_boxes(grad, x, *given, **how)
    np.testing.assert_allclose(moved.host, right, rtol=1e-5, atol=1e-4)  # shared out to other lanes
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)


def test_without_check_the_crop_of_a_box_that_cannot_be_cropped_is_nan():
    x, indices, good = image("NHWC", 4), np.array([1, 0, 2, 1], np.int32), [0, 1, 3]
    out = crop_and_resize(Array(x), Array(BOXES), Array(indices), 2).host
    assert np.isnan(out[2]).all()
    assert np.array_equal(out[good], crop_and_resize(x, BOXES[good], indices[good], 2))
    grad = np.ones(out.shape, np.float32)
    sent = crop_and_resize_backward(Array(grad), Array(BOXES), Array(indices), x.shape).host
    assert np.array_equal(sent, crop_and_resize_backward(grad[good], BOXES[good], indices[good], x.shape))
    moved = crop_and_resize_backward_boxes(Array(grad), Array(x), Array(BOXES), Array(indices)).host
    assert np.isnan(moved[2]).all()
    assert np.isfinite(moved[good]).all()
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        crop_and_resize(Array(x), Array(BOXES), Array(indices), 2, check=True)


def test_a_large_crop_is_split_into_rows_of_points():
    x, box, index = image("NHWC", 1), BOXES[:1], INDICES[:1]
    out = crop_and_resize(Array(x), Array(box), Array(index), (70, 60))
    assert np.array_equal(out.host, crop_and_resize(x, box, index, (70, 60)))
    assert LAUNCHES[0][1][2] > 1


def test_one_kernel_serves_all_dialects_and_methods():
    for operation in OPERATIONS:
        texts = {
            source.text
            for rules in DIALECTS.values()
            for source in sources(operation, "float32", "avg", "NCHW", rules, on_host=True)
        }
        assert len(texts) == {"forward": 1, "backward": 2, "backward_boxes": 1}[operation]
    assert sources("forward", "float32", "max", "NCHW", DIALECTS["roikit"], on_host=True) == []
