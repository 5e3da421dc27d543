"""The way to a GPU, without one: a stand-in for CuPy hands every launch to the host executor.

This shows that shapes, launch geometry, arguments and sources fit together, blocks of many threads included. It cannot show
that a GPU agrees; that is what the conformance run of ``roikit-cuda`` is for.
"""

import sys
from struct import Struct
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from roikit.kernels import InvalidRoiError, device, host, roi_align
from roikit.kernels.dialect import Outside
from roikit.kernels.launch import Launch
from roikit.kernels.plan import Shape, device_plan

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

    shape = property(lambda self: self.host.shape)
    ndim = property(lambda self: self.host.ndim)
    dtype = property(lambda self: self.host.dtype)
    flags = property(lambda self: self.host.flags)
    size = property(lambda self: self.host.size)

    def __len__(self):
        return len(self.host)

    def __getitem__(self, key):
        return self.host[key]


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
    host.run(Launch(source, grid, block, shared_bytes, packed[count:], Struct(f"={len(addresses)}q")), addresses)


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
