"""The way of BorderAlign to a GPU, without one: a stand-in for CuPy runs launches on the host, in blocks of threads."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import InvalidRoiError, border_align, border_align_backward, border_align_backward_boxes
from roikit.kernels.dialects.border_align import DIALECTS
from roikit.kernels.execution import device
from roikit.kernels.operators.border_align.sources import OPERATIONS, sources

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu

BOXES = np.array(
    [[0, 1.25, 2.5, 9.75, 6.125], [1, 8.5, 7.25, 2.125, 0.75], [0, -2.5, 1.75, 5.25, 10.5], [1, -9, -7, 30, 17]],
    np.float32,
)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("channels", [16, 20])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, channels):
    x, _ = stand_in.case(layout, channels)
    out = border_align(Array(x), Array(BOXES), 5, layout=layout)
    expected = border_align(x, BOXES, 5, layout=layout)
    np.testing.assert_allclose(out.host, expected, rtol=1e-5, atol=1e-5)
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == len(BOXES)
    assert block[0] * block[1] <= 256
    assert shared == 0
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 16 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).standard_normal(expected.shape).astype(np.float32)
    got = border_align_backward(Array(grad), Array(x), Array(BOXES), 5, layout=layout)
    right = border_align_backward(grad, x, BOXES, 5, layout=layout)
    np.testing.assert_allclose(got.host, right, rtol=1e-5, atol=1e-5)
    moved = border_align_backward_boxes(Array(grad), Array(x), Array(BOXES), 5, layout=layout)
    expected = border_align_backward_boxes(grad, x, BOXES, 5, layout=layout)
    np.testing.assert_allclose(moved.host, expected, rtol=1e-4, atol=1e-4)
    assert [source.entry for source, *_ in LAUNCHES] == [
        "find_extents",
        "find_touching",
        "order_tiles",
        "find_winners",
        "border_align_backward",
        "border_align_backward_boxes",
    ]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_without_check_what_belongs_to_a_box_that_cannot_be_pooled_is_nan(layout):
    x, _ = stand_in.case(layout, 4)
    boxes = BOXES.copy()
    boxes[2, 0] = 2
    good = [0, 1, 3]
    out = border_align(Array(x), Array(boxes), 2, layout=layout).host
    assert np.isnan(out[2]).all()
    np.testing.assert_allclose(out[good], border_align(x, boxes[good], 2, layout=layout), rtol=1e-5, atol=1e-5)
    grad = np.ones(out.shape, np.float32)
    sent = border_align_backward(Array(grad), Array(x), Array(boxes), 2, layout=layout).host
    right = border_align_backward(grad[good], x, boxes[good], 2, layout=layout)
    np.testing.assert_allclose(sent, right, rtol=1e-5, atol=1e-5)
    moved = border_align_backward_boxes(Array(grad), Array(x), Array(boxes), 2, layout=layout).host
    assert np.isnan(moved).all(axis=1).tolist() == [False, False, True, False]
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        border_align(Array(x), Array(boxes), 2, check=True, layout=layout)


def test_dialects_share_what_is_compiled_for_a_cpu():
    for operation in OPERATIONS:
        texts = {
            source.text
            for rules in DIALECTS.values()
            for source in sources(operation, "float32", "max", "NCHW", rules, on_host=True)
        }
        assert len(texts) == {"forward": 1, "backward": 2, "backward_boxes": 1}[operation]
    assert sources("forward", "float32", "avg", "NCHW", DIALECTS["roikit"], on_host=True) == []
