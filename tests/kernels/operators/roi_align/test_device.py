"""The way to a GPU, without one: a stand-in for CuPy hands every launch to the host executor.

This shows that shapes, launch geometry, arguments and sources fit together, blocks of many threads included. It cannot show
that a GPU agrees; that is what the conformance run of ``roikit-cuda`` is for.
"""

import sys
from struct import Struct
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    multiscale_roi_align,
    multiscale_roi_align_backward,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
    roi_align_backward_workspace,
)
from roikit.kernels.dialects.choices import Outside
from roikit.kernels.execution import device, host
from roikit.kernels.execution.launch import Launch
from roikit.kernels.operators.roi_align.feature_gradient import GRADIENT
from roikit.kernels.operators.roi_align.forward_plan import Shape, device_plan
from roikit.kernels.operators.roi_align.problem import RoiAlignProblem, asked_for
from roikit.kernels.staging.gather_plan import device_geometry, workspace_bytes

LAUNCHES = []


class Device:
    def __init__(self, number=0):
        self.id = number
        self.attributes = {"MultiProcessorCount": 2}

    def __eq__(self, other):
        return self.id == other.id

    def __hash__(self):
        return self.id

    def __repr__(self):
        return f"<CUDA Device {self.id}>"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class Array:
    """Enough of cupy.ndarray: a NumPy array that is not one."""

    __module__ = "cupy"

    def __init__(self, array, number=0):
        self.host, self.device = array, Device(number)
        self.data = SimpleNamespace(ptr=array.ctypes.data)

    def fill(self, value):
        self.host.fill(value)

    shape = property(lambda self: self.host.shape)
    ndim = property(lambda self: self.host.ndim)
    dtype = property(lambda self: self.host.dtype)
    flags = property(lambda self: self.host.flags)
    size = property(lambda self: self.host.size)

    def __len__(self):
        return len(self.host)

    def __getitem__(self, key):
        return Array(self.host[key], self.device.id) if isinstance(key, slice) else self.host[key]


def stand_in():
    cupy = ModuleType("cupy")
    cupy.empty = lambda shape, dtype: Array(np.full(shape, 0x7A, dtype))
    cupy.full = lambda shape, value, dtype: Array(np.full(shape, value, dtype))
    cupy.ascontiguousarray = lambda array, dtype=None: Array(np.ascontiguousarray(array.host, dtype), array.device.id)
    cupy.may_share_memory = lambda a, b: np.may_share_memory(a.host, b.host)
    cupy.int64, cupy.uint8, cupy.float32 = np.int64, np.uint8, np.float32
    cupy.cuda = SimpleNamespace(Device=Device)
    return cupy


def kernel(source):
    """Stands for cupy.RawKernel of ``source``."""

    def launch(grid, block, values, *, shared_mem):
        for value in values:  # CuPy would pass a Python number as 64 bits, and None as no argument at all
            assert isinstance(value, (np.ndarray, np.uintp)), type(value)
        LAUNCHES.append((source, grid, block, shared_mem))
        *pointers, params = values
        assert params.dtype == source.params
        assert params.shape == ()
        run_on_host(source, grid, block[:2], shared_mem, pointers, params)

    return launch


def run_on_host(source, grid, block, shared_bytes, pointers, params):
    packed = params.tobytes()
    count = 8 * source.addresses
    addresses = (*map(int, pointers), *np.frombuffer(packed[:count], np.int64).tolist())
    all_packed = Struct(f"={len(addresses)}q")
    host.run(Launch(source, (), grid, block, shared_bytes, packed[count:], all_packed), addresses)


@pytest.fixture(autouse=True)
def gpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", stand_in())
    monkeypatch.setattr(device, "_kernel", kernel)
    LAUNCHES.clear()


def case(layout, channels=20, seed=3):
    rng = np.random.default_rng(seed)
    shape = (2, channels, 9, 10) if layout == "NCHW" else (2, 9, 10, channels)
    corners = rng.uniform(-3, 8, (4, 2))
    boxes = np.column_stack([rng.integers(0, 2, 4), corners, corners + rng.uniform(0, 9, (4, 2))])
    return rng.standard_normal(shape).astype(np.float32), boxes.astype(np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("channels", [1, 20, 21])
def test_a_gpu_launch_gives_what_the_cpu_gives(layout, mode, channels):
    x, boxes = case(layout, channels)
    out = roi_align(Array(x), Array(boxes), (3, 2), 0.5, mode=mode, layout=layout)
    assert type(out) is Array
    assert np.array_equal(out.host, roi_align(x, boxes, (3, 2), 0.5, mode=mode, layout=layout))
    ((source, grid, block, shared),) = LAUNCHES
    assert grid[0] == 4
    assert block[0] * block[1] <= 256
    assert 0 < shared <= device.SHARED_BYTES
    assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == (layout == "NHWC" and channels % 4 == 0)


def test_lists_too_long_for_shared_memory_go_to_global_memory():
    x = np.random.default_rng(0).standard_normal((1, 2, 5, 7000)).astype(np.float32)
    boxes = np.array([[0, 0, 0, 7000, 5], [0, 10, 1, 6500, 4]] * 10, np.float32)
    out = roi_align(Array(x), Array(boxes), 2)
    assert np.array_equal(out.host, roi_align(x, boxes, 2))
    ((_, grid, _, shared),) = LAUNCHES
    assert shared == 0
    assert grid[0] == 16


def test_check_raises_and_without_it_the_bins_are_nan():
    x, boxes = case("NCHW")
    boxes[2, 0] = 2
    out = roi_align(Array(x), Array(boxes), 2).host
    assert np.isnan(out[2]).all()
    assert np.array_equal(out[[0, 1, 3]], roi_align(x, boxes[[0, 1, 3]], 2))
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled: its batch index 2"):
        roi_align(Array(x), Array(boxes), 2, check=True)


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
@pytest.mark.parametrize("channels", [1, 20, 21])
def test_a_gradient_for_the_maps_is_that_of_the_cpu_to_the_last_bit(layout, mode, channels):
    x, boxes, grad, how = gradient_case(layout, mode, channels)
    expected = roi_align_backward(grad, boxes, x.shape, **how, input=x)
    LAUNCHES.clear()
    got = roi_align_backward(Array(grad), Array(boxes), x.shape, **how, input=Array(x))
    assert type(got) is Array
    assert np.array_equal(got.host, expected)
    entries = [source.entry for source, *_ in LAUNCHES]
    winners = ["find_winners"] if mode == "max" else []
    assert entries == ["find_extents", "find_touching", "order_tiles", *winners, "roi_align_backward"]
    assert all(shared <= device.SHARED_BYTES and np.prod(block) <= 256 for _, _, block, shared in LAUNCHES)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_a_gradient_for_the_boxes_is_that_of_the_cpu_but_for_the_order_of_sums(layout, mode):
    x, boxes, grad, how = gradient_case(layout, mode, 21)
    expected = roi_align_backward_boxes(grad, x, boxes, **how)
    got = roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), **how)
    assert np.allclose(got.host, expected, rtol=1e-5, atol=1e-5)
    again = roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), **how)
    assert np.array_equal(got.host, again.host)


def test_a_roi_that_cannot_be_pooled_sends_nothing_and_has_nan_for_a_gradient():
    x, boxes, grad, how = gradient_case("NCHW", "avg", 4)
    boxes[2, 3] = np.inf
    good = [0, 1, 3]
    got = roi_align_backward(Array(grad), Array(boxes), x.shape, **how).host
    assert np.array_equal(got, roi_align_backward(grad[good], boxes[good], x.shape, **how))
    of_boxes = roi_align_backward_boxes(Array(grad), Array(x), Array(boxes), **how).host
    assert np.isnan(of_boxes[2]).all()
    assert np.isfinite(of_boxes[good]).all()
    with pytest.raises(InvalidRoiError, match=r"boxes\[2\] cannot be pooled"):
        roi_align_backward(Array(grad), Array(boxes), x.shape, **how, check=True)


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
