"""The way of RoIAlign of volumes to a GPU, without one: a stand-in for CuPy runs launches on the host, in blocks of threads."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import InvalidRoiError, roi_align_3d, roi_align_3d_backward, roi_align_3d_backward_boxes
from roikit.kernels.dialects.roi_align_3d import DIALECTS
from roikit.kernels.execution import device
from roikit.kernels.operators.roi_align_3d.forward import plan_on_device
from roikit.kernels.operators.roi_align_3d.problem import asked_for
from roikit.kernels.operators.roi_align_3d.sources import OPERATIONS, sources

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu
Array.reshape = lambda self, *shape: Array(self.host.reshape(*shape), self.device.id)

BOXES = np.array(
    [
        [0, 1.25, 2.5, 0.5, 9.75, 6.125, 4.25],
        [1, 8.5, 7.25, 3.5, 2.125, 0.75, 1.25],
        [0, -2.5, 1.75, -1.5, 5.25, 10.5, 3.5],
        [1, -9, -7, -5, 30, 17, 12],
    ],
    np.float32,
)


def volumes(layout, channels=20):
    shape = (2, channels, 5, 9, 10) if layout == "NCHW" else (2, 5, 9, 10, channels)
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("channels", [1, 20, 21])
@pytest.mark.parametrize("ratio", [2, 0, (3, 1, 2)])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, channels, ratio):
    x = volumes(layout, channels)
    out = roi_align_3d(Array(x), Array(BOXES), (2, 3, 2), 0.5, ratio, layout=layout)
    assert type(out) is Array
    expected = roi_align_3d(x, BOXES, (2, 3, 2), 0.5, ratio, layout=layout)
    assert np.array_equal(out.host, expected)
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == 4
    assert block[0] * block[1] <= 256
    assert 0 < shared <= device.SHARED_BYTES
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).standard_normal(expected.shape).astype(np.float32)
    got = roi_align_3d_backward(Array(grad), Array(BOXES), x.shape, 0.5, ratio, layout=layout)
    right = roi_align_3d_backward(grad, BOXES, x.shape, 0.5, ratio, layout=layout)
    np.testing.assert_allclose(got.host, right, rtol=1e-5, atol=1e-5)
    moved = roi_align_3d_backward_boxes(Array(grad), Array(x), Array(BOXES), 0.5, ratio, layout=layout)
    expected = roi_align_3d_backward_boxes(grad, x, BOXES, 0.5, ratio, layout=layout)
    np.testing.assert_allclose(moved.host, expected, rtol=1e-4, atol=1e-4)
    assert [source.entry for source, *_ in LAUNCHES] == [
        "find_extents",
        "find_touching",
        "order_tiles",
        "roi_align_3d_backward",
        "roi_align_3d_backward_boxes",
    ]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_lists_that_are_too_long_for_shared_memory_lie_in_the_workspace(layout):
    shape = (1, 3, 60, 80, 20) if layout == "NCHW" else (1, 60, 80, 20, 3)
    x, boxes = np.random.default_rng(5).standard_normal(shape).astype(np.float32), BOXES[[0, 2]].copy()
    boxes[:, 4:] *= (2, 8, 9)
    asked = asked_for(x.dtype, shape, 2, (7, 7, 2), 1.0, 0, layout, None, False)
    assert plan_on_device(asked, False, 2).workspace_bytes > 0
    out = roi_align_3d(Array(x), Array(boxes), (7, 7, 2), layout=layout)
    assert np.array_equal(out.host, roi_align_3d(x, boxes, (7, 7, 2), layout=layout))
    ((source, _, _, shared),) = LAUNCHES
    assert shared == 0
    assert "#define ROIKIT_IN_WORKSPACE 1\n" in source.text


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_without_check_what_belongs_to_a_box_that_cannot_be_pooled_is_nan(layout):
    x, boxes = volumes(layout, 4), BOXES.copy()
    boxes[2, 0] = 2
    good = [0, 1, 3]
    out = roi_align_3d(Array(x), Array(boxes), 2, layout=layout).host
    assert np.isnan(out[2]).all()
    assert np.array_equal(out[good], roi_align_3d(x, boxes[good], 2, layout=layout))
    grad = np.ones(out.shape, np.float32)
    sent = roi_align_3d_backward(Array(grad), Array(boxes), x.shape, layout=layout).host
    right = roi_align_3d_backward(grad[good], boxes[good], x.shape, layout=layout)
    np.testing.assert_allclose(sent, right, rtol=1e-5, atol=1e-5)
    moved = roi_align_3d_backward_boxes(Array(grad), Array(x), Array(boxes), layout=layout).host
    assert np.isnan(moved).all(axis=1).tolist() == [False, False, True, False]
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        roi_align_3d(Array(x), Array(boxes), 2, check=True, layout=layout)


def test_dialects_share_what_is_compiled_for_a_cpu():
    for operation in OPERATIONS:
        texts = {
            source.text
            for rules in DIALECTS.values()
            for source in sources(operation, "float32", "avg", "NCHW", rules, on_host=True)
        }
        assert len(texts) == {"forward": 1, "backward": 2, "backward_boxes": 1}[operation]
    assert sources("forward", "float32", "max", "NCHW", DIALECTS["roikit"], on_host=True) == []
