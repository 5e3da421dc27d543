"""The way of weighted RoIAlign to a GPU, without one: what the tests of all operators (`test_device.py` above) do not ask for."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)
from roikit.kernels.execution import device
from roikit.kernels.operators.weighted_roi_align import rois

_spec = importlib.util.spec_from_file_location(
    "stand_in_of_cupy", Path(__file__).parents[1] / "roi_align" / "test_device.py"
)
stand_in = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_in)
Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu


def case(layout, channels, each=False):
    x, boxes = stand_in.case(layout, channels)
    shape = x.shape if each else (*x.shape[:3], 1) if layout == "NHWC" else (x.shape[0], 1, *x.shape[2:])
    w = np.random.default_rng(7).integers(-1, 4, shape).astype(np.float32)
    return x, w, np.vstack([boxes, [[0, -9, -9, 20, 20]]]).astype(np.float32)


def entries():
    return [source.entry.removeprefix("weighted_roi_align_") for source, *_ in LAUNCHES]


@pytest.mark.parametrize(
    ("layout", "channels", "each", "normalise"),
    [
        ("NCHW", 5, True, False),
        ("NHWC", 4, True, True),
    ],
)
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, channels, each, normalise):
    x, w, boxes = case(layout, channels, each)
    how = {"spatial_scale": 0.5, "layout": layout, "normalise": normalise, "guard": "clamp", "epsilon": 0.5}
    out = weighted_roi_align(Array(x), Array(boxes), Array(w), (3, 2), **how)
    expected = weighted_roi_align(x, boxes, w, (3, 2), **how)
    assert np.array_equal(out.host, expected)
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == len(boxes)
    assert block[0] * block[1] <= 256
    assert 0 < shared <= device.SHARED_BYTES
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).standard_normal(expected.shape).astype(np.float32)
    got = weighted_roi_align_backward(Array(grad), Array(boxes), Array(w), x.shape, **how)
    assert np.array_equal(got.host, weighted_roi_align_backward(grad, boxes, w, x.shape, **how))
    gathered = ["find_extents", "find_touching", "order_tiles", "backward"]
    assert entries() == [*["forward"] * normalise, *gathered, "for_maps"]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)
    LAUNCHES.clear()
    got = weighted_roi_align_backward_weights(Array(grad), Array(x), Array(boxes), Array(w), **how)
    assert np.array_equal(got.host, weighted_roi_align_backward_weights(grad, x, boxes, w, **how))
    assert entries()[-1] == "for_weights"
    LAUNCHES.clear()
    got = weighted_roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), Array(w), **how)
    right = weighted_roi_align_backward_boxes(grad, x, boxes, w, **how)
    np.testing.assert_allclose(got.host, right, rtol=1e-3, atol=1e-2)  # lanes add up in another order
    assert ("take_away" in entries()) == normalise


@pytest.mark.parametrize(("layout", "channels", "each"), [("NCHW", 5, True), ("NHWC", 4, False)])
@pytest.mark.parametrize(
    ("mode", "finding"),
    [
        ({"mode": "max"}, ["find_winners"]),
        ({"mode": "lp", "p": 2.5}, 3 * ["forward"]),
        ({"mode": "softmax", "beta": 0.25}, 3 * ["forward"]),
    ],
    ids=["max", "lp", "softmax"],
)
def test_what_is_no_average_is_on_a_gpu_what_it_is_on_a_cpu(layout, channels, each, mode, finding):
    x, w, boxes = case(layout, channels, each)
    how = {"spatial_scale": 0.5, "layout": layout, **mode}
    out = weighted_roi_align(Array(x), Array(boxes), Array(w), (3, 2), **how)
    expected = weighted_roi_align(x, boxes, w, (3, 2), **how)
    assert np.array_equal(out.host, expected)
    LAUNCHES.clear()
    grad = np.random.default_rng(4).integers(-3, 4, expected.shape).astype(np.float32)
    got = weighted_roi_align_backward(Array(grad), Array(boxes), Array(w), x.shape, **how, input=Array(x))
    assert np.array_equal(got.host, weighted_roi_align_backward(grad, boxes, w, x.shape, **how, input=x))
    gathered = ["find_extents", "find_touching", "order_tiles", "backward"]
    assert sorted(entries()) == sorted(["weigh", *finding, *gathered, "for_maps"])
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)
    got = weighted_roi_align_backward_weights(Array(grad), Array(x), Array(boxes), Array(w), **how)
    assert np.array_equal(got.host, weighted_roi_align_backward_weights(grad, x, boxes, w, **how))
    got = weighted_roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), Array(w), **how)
    right = weighted_roi_align_backward_boxes(grad, x, boxes, w, **how)
    np.testing.assert_allclose(got.host, right, rtol=1e-3, atol=1e-2)  # lanes add up in another order


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_what_is_between_the_steps_is_computed_with(dtype):
    x, w, boxes = case("NHWC", 5)
    x, w, how = x.astype(dtype), w.astype(dtype), {"layout": "NHWC", "normalise": True}
    grad = np.ones((len(boxes), 2, 2, 5), dtype)
    got = weighted_roi_align_backward_weights(Array(grad), Array(x), Array(boxes), Array(w), **how)
    assert np.array_equal(got.host, weighted_roi_align_backward_weights(grad, x, boxes, w, **how), equal_nan=True)
    assert entries().count("widen") == (3 if dtype == "float16" else 0)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_heavy_roi_is_split_into_rows_of_bins(layout):
    rng = np.random.default_rng(1)
    x = rng.integers(-9, 9, (1, 3, 120, 130) if layout == "NCHW" else (1, 120, 130, 3)).astype(np.float32)
    w = rng.integers(0, 3, (1, 1, 120, 130) if layout == "NCHW" else (1, 120, 130, 1)).astype(np.float32)
    boxes = np.array([[0, 0, 0, 129, 119], [0, 3, 3, 5, 5], [0, 0, 0, 129, 60]], np.float32)
    out = weighted_roi_align(Array(x), Array(boxes), Array(w), 7, layout=layout, normalise=True)
    assert np.array_equal(out.host, weighted_roi_align(x, boxes, w, 7, layout=layout, normalise=True))
    assert LAUNCHES[0][1][2] == 7


def test_lists_that_shared_memory_has_no_room_for_go_to_global_memory():
    x, boxes = np.ones((1, 4, 3, 9000), np.float32), np.array([[0, 1, 1, 4, 4]], np.float32)
    out = weighted_roi_align(Array(x), Array(boxes), Array(x[:, :1]), 2)
    np.testing.assert_array_equal(out.host, weighted_roi_align(x, boxes, x[:, :1], 2))
    assert LAUNCHES[0][3] == 0


@pytest.mark.parametrize(("layout", "dtype"), [("NCHW", "float16"), ("NHWC", "float32")])
def test_weights_of_rois(layout, dtype, monkeypatch):
    monkeypatch.setattr(rois, "_BYTES", 1)  # as many RoIs at a time as there are images: two
    x, w, boxes = case(layout, 4)
    x, w = x.astype(dtype), np.concatenate([w, w + 1, w + 2])[: len(boxes)].astype(dtype)
    boxes[:, 0] = [1, 0, 1, 1, 0]
    boxes[2, 0] = 2
    how = {"layout": layout, "normalise": True, "guard": "add", "epsilon": 8.0, "weights_of": "rois"}
    good, arrays = [0, 1, 3, 4], [Array(array) for array in (x, boxes, w)]
    out = weighted_roi_align(*arrays, 2, **how).host
    assert np.isnan(out[2]).all()
    assert np.array_equal(out[good], weighted_roi_align(x, boxes[good], w[good], 2, **how))
    grad = np.random.default_rng(4).integers(-3, 4, out.shape).astype(dtype)
    some = grad[good], boxes[good], w[good]
    LAUNCHES.clear()
    sent = weighted_roi_align_backward(Array(grad), *arrays[1:], x.shape, **how).host
    assert np.array_equal(sent, weighted_roi_align_backward(*some, x.shape, **how))
    assert entries().count("own_maps") == entries().count("add_rois") == 3
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)
    weigh = weighted_roi_align_backward_weights(Array(grad), *arrays, **how).host
    assert np.array_equal(weigh[good], weighted_roi_align_backward_weights(some[0], x, *some[1:], **how))
    assert not weigh[2].any()
    moved = weighted_roi_align_backward_boxes(Array(grad), *arrays, **how).host
    assert np.isnan(moved[2]).all()
    due = weighted_roi_align_backward_boxes(some[0], x, *some[1:], **how)
    np.testing.assert_allclose(moved[good], due, rtol=1e-3, atol=1e-2)  # lanes add up in another order
    for function, given in (
        (weighted_roi_align_backward, (arrays[1], arrays[2], x.shape)),
        (weighted_roi_align_backward_weights, arrays),
        (weighted_roi_align_backward_boxes, arrays),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
            function(Array(grad), *given, check=True, **how)
