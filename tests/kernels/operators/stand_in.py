"""A stand-in for CuPy and a GPU: every launch runs on the host, in blocks of real threads, and is written down.

Whose tests want it says ``gpu = stand_in.gpu``.
"""

import sys
from struct import Struct
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from roikit.kernels.execution import device, host
from roikit.kernels.execution.launch import Launch

LAUNCHES = []
"""Source, grid, block and bytes of shared memory of each since the test began."""


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

    def __setitem__(self, key, value):
        self.host[key] = getattr(value, "host", value)

    def reshape(self, *shape):
        return Array(self.host.reshape(*shape), self.device.id)


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
    """Stands in for CuPy in a test."""
    monkeypatch.setitem(sys.modules, "cupy", stand_in())
    monkeypatch.setattr(device, "_kernel", kernel)
    LAUNCHES.clear()


def case(layout, channels=20, seed=3):
    rng = np.random.default_rng(seed)
    shape = (2, channels, 9, 10) if layout == "NCHW" else (2, 9, 10, channels)
    corners = rng.uniform(-3, 8, (4, 2))
    boxes = np.column_stack([rng.integers(0, 2, 4), corners, corners + rng.uniform(0, 9, (4, 2))])
    return rng.standard_normal(shape).astype(np.float32), boxes.astype(np.float32)
