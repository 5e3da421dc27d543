"""The way of PSRoIAlign to a GPU, without one: a stand-in for CuPy runs every launch on the host, in blocks of real threads."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import InvalidRoiError, ps_roi_align, ps_roi_align_backward, ps_roi_align_backward_boxes
from roikit.kernels.dialects.ps_roi_align import DIALECTS
from roikit.kernels.execution import device
from roikit.kernels.operators.ps_roi_align.problem import DEFAULT
from roikit.kernels.operators.ps_roi_align.sources import OPERATIONS, sources

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu


def case(layout, channels, bins=6):
    x, boxes = stand_in.case(layout, channels * bins)
    return x, np.vstack([boxes, [[0, -9, -9, 20, 20]]]).astype(np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("channels", [1, 4, 5])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, channels):
    x, boxes = case(layout, channels)
    how = {"spatial_scale": 0.5, "layout": layout}
    out = ps_roi_align(Array(x), Array(boxes), (3, 2), **how)
    expected = ps_roi_align(x, boxes, (3, 2), **how)
    assert np.array_equal(out.host, expected)
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == len(boxes)
    assert block[0] * block[1] <= 256
    assert 0 < shared <= device.SHARED_BYTES
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).standard_normal(expected.shape).astype(np.float32)
    got = ps_roi_align_backward(Array(grad), Array(boxes), x.shape, **how)
    assert np.array_equal(got.host, ps_roi_align_backward(grad, boxes, x.shape, **how))
    entries = [source.entry for source, *_ in LAUNCHES]
    assert entries == ["find_extents", "find_touching", "order_tiles", "ps_roi_align_backward"]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)
    LAUNCHES.clear()
    got = ps_roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), **how)
    np.testing.assert_allclose(
        got.host, ps_roi_align_backward_boxes(grad, x, boxes, **how), rtol=1e-4, atol=1e-3
    )  # lanes add up in another order
    assert [source.entry for source, *_ in LAUNCHES] == ["ps_roi_align_backward_boxes"]


@pytest.mark.parametrize("dialect", ["torchvision", "mxnet", "roikit-bin-major"])
def test_dialects_are_those_of_the_cpu(dialect):
    x, boxes = case("NCHW", 3, 4)
    out = ps_roi_align(Array(x), Array(boxes), 2, dialect=dialect)
    np.testing.assert_array_equal(out.host, ps_roi_align(x, boxes, 2, dialect=dialect))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_heavy_roi_is_split_into_rows_of_bins(layout):
    x = np.random.default_rng(1).integers(-9, 9, (1, 49, 120, 130) if layout == "NCHW" else (1, 120, 130, 49))
    boxes = np.array([[0, 0, 0, 129, 119], [0, 3, 3, 5, 5], [0, 0, 0, 129, 60]], np.float32)
    x = x.astype(np.float32)
    out = ps_roi_align(Array(x), Array(boxes), 7, layout=layout)
    assert np.array_equal(out.host, ps_roi_align(x, boxes, 7, layout=layout))
    assert LAUNCHES[0][1][2] == 7


def test_lists_that_shared_memory_has_no_room_for_go_to_global_memory():
    x, boxes = np.ones((1, 4, 3, 9000), np.float32), np.array([[0, 1, 1, 4, 4]], np.float32)
    out = ps_roi_align(Array(x), Array(boxes), 2)
    np.testing.assert_array_equal(out.host, ps_roi_align(x, boxes, 2))
    assert LAUNCHES[0][3] == 0


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_without_check_the_bins_of_a_roi_that_cannot_be_pooled_are_nan(layout):
    x, boxes = stand_in.case(layout, 4)
    boxes[2, 0] = 2
    good = [0, 1, 3]
    out = ps_roi_align(Array(x), Array(boxes), 2, layout=layout).host
    assert np.isnan(out[2]).all()
    assert np.array_equal(out[good], ps_roi_align(x, boxes[good], 2, layout=layout))
    grad = np.ones(out.shape, np.float32)
    sent = ps_roi_align_backward(Array(grad), Array(boxes), x.shape, layout=layout).host
    assert np.array_equal(sent, ps_roi_align_backward(grad[good], boxes[good], x.shape, layout=layout))
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        ps_roi_align(Array(x), Array(boxes), 2, check=True, layout=layout)


def test_dialects_share_what_is_compiled_for_a_cpu():
    for operation in OPERATIONS:
        texts = {
            source.text
            for rules in DIALECTS.values()
            for source in sources(operation, "float32", "avg", "NCHW", rules, on_host=True)
        }
        assert len(texts) == {"forward": 1, "backward": 2, "backward_boxes": 1}[operation]
    assert sources("forward", "float32", "max", "NCHW", DIALECTS[DEFAULT], on_host=True) == []
