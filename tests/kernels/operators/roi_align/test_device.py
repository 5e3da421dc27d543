"""The way to a GPU, without one: a stand-in for CuPy hands every launch to the host executor.

This shows that shapes, launch geometry, arguments and sources fit together, blocks of many threads included. It cannot show
that a GPU agrees; that is what the conformance run of ``roikit-cuda`` is for.
"""

import numpy as np
import pytest

from roikit.kernels import (
    multiscale_roi_align,
    multiscale_roi_align_backward,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
    roi_align_backward_workspace,
)
from roikit.kernels.dialects.choices import Outside
from roikit.kernels.execution import device
from roikit.kernels.operators.roi_align.feature_gradient import GRADIENT
from roikit.kernels.operators.roi_align.forward_plan import Shape, device_plan
from roikit.kernels.operators.roi_align.problem import RoiAlignProblem, asked_for
from roikit.kernels.staging.gather_plan import device_geometry, workspace_bytes
from tests.kernels.operators import stand_in

Array, LAUNCHES, case, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.case, stand_in.gpu


def test_lists_too_long_for_shared_memory_go_to_global_memory():
    x = np.random.default_rng(0).standard_normal((1, 2, 5, 7000)).astype(np.float32)
    boxes = np.array([[0, 0, 0, 7000, 5], [0, 10, 1, 6500, 4]] * 10, np.float32)
    out = roi_align(Array(x), Array(boxes), 2)
    assert np.array_equal(out.host, roi_align(x, boxes, 2))
    ((_, grid, _, shared),) = LAUNCHES
    assert shared == 0
    assert grid[0] == 16


def test_arrays_of_two_devices_are_refused():
    x, boxes = case("NCHW")
    with pytest.raises(ValueError, match="boxes is on <CUDA Device 1>, but input is on <CUDA Device 0>"):
        roi_align(Array(x), Array(boxes, 1), 2)


def test_arrays_of_two_libraries_are_refused():
    x, boxes = case("NCHW")
    with pytest.raises(TypeError, match="boxes must come from cupy, as input does"):
        roi_align(Array(x), boxes, 2)
    with pytest.raises(TypeError, match="out must come from cupy, as input does"):
        roi_align(Array(x), Array(boxes), 2, out=np.empty((4, 20, 2, 2), np.float32))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("channels", [1, 3, 256, 1000, 2**21])
@pytest.mark.parametrize("bins", [1, 7, 14, 1000])
@pytest.mark.parametrize("ratio", [0, 2])
def test_launches_stay_within_what_cuda_allows_and_cover_the_work(layout, mode, channels, bins, ratio):
    shape = Shape(1000, channels, 50, 84, bins, bins, ratio, ratio, 4, mode, layout, Outside.ZERO)
    plan = device_plan(shape, 4 if layout == "NHWC" else 1)
    assert plan.block[0] * plan.block[1] <= 256
    assert plan.grid[0] == 1000
    assert 0 < plan.grid[1] <= 65535
    assert plan.grid[2] == 1 if ratio else plan.grid[2] <= bins
    assert plan.grid[1] * plan.fields["channels_per_block"] >= channels
    assert plan.fields["channels_per_block"] % 4 == 0 or plan.grid[1] == 1


def gradient_case(layout, mode, channels):
    x, boxes = case(layout, channels)
    how = {"spatial_scale": 0.5, "mode": mode, "layout": layout}
    grad = np.random.default_rng(4).standard_normal(roi_align(x, boxes, (3, 2), **how).shape).astype(np.float32)
    return x, boxes, grad, how


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_a_gradient_for_the_boxes_is_that_of_the_cpu_but_for_the_order_of_sums(layout, mode):
    x, boxes, grad, how = gradient_case(layout, mode, 21)
    expected = roi_align_backward_boxes(grad, x, boxes, **how)
    got = roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), **how)
    assert np.allclose(got.host, expected, rtol=1e-5, atol=1e-5)
    again = roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), **how)
    assert np.array_equal(got.host, again.host)


def test_a_workspace_of_the_size_said_is_enough_and_one_byte_less_is_refused():
    x, boxes, grad, how = gradient_case("NHWC", "max", 20)
    size = roi_align_backward_workspace(x.shape, len(boxes), (3, 2), mode="max", layout="NHWC")
    memory = np.full(size + 48, 0x5A, np.uint8)
    begin = -memory.ctypes.data % 16 + 16
    part = memory[begin : begin + size]
    got = roi_align_backward(Array(grad), Array(boxes), x.shape, **how, input=Array(x), workspace=Array(part)).host
    assert np.array_equal(got, roi_align_backward(grad, boxes, x.shape, **how, input=x))
    assert (memory[:begin] == 0x5A).all()
    assert (memory[begin + size :] == 0x5A).all()
    with pytest.raises(ValueError, match=f"workspace has {size - 1} bytes, but this call needs {size}"):
        roi_align_backward(
            Array(grad), Array(boxes), x.shape, **how, input=Array(x), workspace=Array(memory[begin : begin + size - 1])
        )


def test_levels_are_chosen_in_the_launch_and_rows_beyond_the_number_are_left_alone():
    rng = np.random.default_rng(0)
    maps = [rng.standard_normal((2, 4, 64 // s, 96 // s)).astype(np.float32) for s in (4, 8, 16)]
    boxes = np.array([[0, 5, 5, 60, 40], [1, 0, 0, 20, 20], [0, 2, 3, 90, 60], [1, 9, 9, 12, 30]], np.float32)
    scales, how = [1 / 4, 1 / 8, 1 / 16], {"canonical_size": 30, "canonical_level": 3}
    expected = multiscale_roi_align(maps, boxes, 2, scales, **how)
    out = Array(np.full(expected.shape, -7, np.float32))
    count = Array(np.array([3]))
    multiscale_roi_align([*map(Array, maps)], Array(boxes), 2, scales, **how, num_rois=count, out=out)
    assert np.array_equal(out.host[:3], expected[:3])
    assert (out.host[3] == -7).all()
    assert [source.entry for source, *_ in LAUNCHES] == ["roi_align_forward"]
    shapes = [m.shape for m in maps]
    got = multiscale_roi_align_backward(out, Array(boxes), shapes, scales, **how, num_rois=count)
    wanted = multiscale_roi_align_backward(expected[:3], boxes[:3], shapes, scales, **how)
    assert all(np.array_equal(a.host, b) for a, b in zip(got, wanted, strict=True))
    assert all((b != 0).any() for b in wanted), "every level has a RoI"


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("channels", [1, 3, 256, 1000, 2**21])
@pytest.mark.parametrize("bins", [1, 7, 14, 1000])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_gradients_fit_into_the_memory_of_a_block_and_cover_the_channels(layout, mode, channels, bins, dtype):
    shape = (2, channels, 50, 84) if layout == "NCHW" else (2, 50, 84, channels)
    asked = asked_for(np.dtype(dtype), (shape,), 1000, bins, (1.0,), 0, mode, layout, None, False)
    problem = RoiAlignProblem.of(asked)
    geometry = device_geometry(problem, GRADIENT.piece(problem), 16 // problem.itemsize)
    assert 0 < geometry.memory <= device.SHARED_BYTES
    assert 0 < geometry.channels <= channels
    assert 0 < geometry.rois <= 32
    assert geometry.tiles == 2 * -(-50 // geometry.tile_y) * -(-84 // geometry.tile_x)
    assert workspace_bytes(problem, geometry.tiles, with_winners=mode == "max") > 20 * 1000 + 8 * 1000 * 2 * bins
