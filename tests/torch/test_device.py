"""The way of a tensor to a GPU, without one: stand-ins for CuPy and for CUDA tensors, kernels run by the host executor.

This shows that every tensor is handed over where it is, in the right stream, and comes back. That a GPU agrees it cannot show.
"""

import sys
from contextlib import contextmanager

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit.kernels.execution import device  # noqa: E402
from roikit.torch import memory, roi_align  # noqa: E402
from roikit.torch import registration as operators  # noqa: E402
from tests.kernels.operators import stand_in  # noqa: E402

STREAM = object()
ENTERED, HANDED, TAKEN = [], [], []


class Cuda(torch.Tensor):
    """A tensor on a CPU that says that it is on a GPU."""

    device = torch.device("cuda:0")


class Array(stand_in.Array):
    __module__ = "cupy"

    def view(self, dtype):
        return Array(self.host.view(dtype))


def from_dlpack(tensor):
    assert ENTERED == [0, STREAM, "allocator"]
    assert not tensor.requires_grad
    HANDED.append(tensor.data_ptr())
    return Array(tensor.as_subclass(torch.Tensor).numpy())


@contextmanager
def entered(what):
    ENTERED.append(what)
    yield
    assert ENTERED.pop() == what


class Allocator:
    def __init__(self, allocate, free):
        self.allocate, self.free = allocate, free

    def malloc(self, size):
        return self.allocate(size, 0)


@pytest.fixture(autouse=True)
def gpu(monkeypatch):
    cupy = stand_in.stand_in()
    cupy.from_dlpack = from_dlpack
    stream = type("Stream", (), {"from_external": staticmethod(entered), "ptr": 7})
    cupy.cuda.Device = lambda number=0: stand_in.Device(number) if ENTERED else entered(number)
    cupy.cuda.Stream, cupy.cuda.get_current_stream = stream, stream
    cupy.cuda.PythonFunctionAllocator = Allocator
    cupy.cuda.using_allocator = lambda malloc: TAKEN.append(malloc) or entered("allocator")
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(device, "_kernel", stand_in.kernel)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: STREAM)
    monkeypatch.setattr(torch.cuda, "device", on_first_gpu)
    memory._allocator.cache_clear()
    for log in (ENTERED, HANDED, TAKEN):
        log.clear()
    yield
    assert not ENTERED
    memory._allocator.cache_clear()


@contextmanager
def on_first_gpu(where):
    assert where == torch.device("cuda:0")
    yield


X = torch.randn(2, 4, 9, 11, generator=torch.Generator().manual_seed(1))
B = torch.tensor([[0, 1.2, 0.7, 8.1, 6.4], [1, 3.3, 2.1, 4.7, 7.2], [1, -2.0, 0.4, 2.2, 3.1]])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_tensors_are_handed_over_where_they_are(dtype, memory_format):
    x = X.to(dtype).to(memory_format=memory_format)
    out = roi_align(x.as_subclass(Cuda), B.as_subclass(Cuda), 2)
    assert [x.data_ptr(), B.data_ptr(), out.data_ptr()] == HANDED
    assert out.is_contiguous(memory_format=memory_format)
    assert torch.equal(out.as_subclass(torch.Tensor), roi_align(x, B, 2))


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_gradients_take_the_same_way(mode):
    how = operators.How([0.5, 0.5, 0.25, 0.25], [2, 2], False, mode, "NCHW", None, "torchvision", 0, 3.0, 1)
    maps, grad = [X, X[:, :, ::2, ::2].contiguous()], torch.randn(3, 4, 2, 2)
    shapes = [size for x in maps for size in x.shape]
    results = []
    for kind in (torch.Tensor, Cuda):
        g, boxes, *levels = (tensor.as_subclass(kind) for tensor in (grad, B, *maps))
        for_maps = operators._gather(g, boxes, shapes, levels if mode == "max" else [], *how)
        for_boxes = operators._slope(g, levels, boxes, *how)
        results.append([gradient.as_subclass(torch.Tensor).numpy() for gradient in (*for_maps, for_boxes)])
    given = [tensor.data_ptr() for tensor in (grad, B, *maps)]
    assert [pointer in given for pointer in HANDED].count(False) == 3  # the gradients
    assert all(gradient.any() for gradient in results[0])
    for theirs, ours in zip(*results, strict=True):
        assert np.allclose(theirs, ours, rtol=1e-5, atol=1e-6)


def test_memory_is_pytorchs(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.cuda, "caching_allocator_alloc", lambda *how: calls.append(how) or 4096)
    monkeypatch.setattr(torch.cuda, "caching_allocator_delete", calls.append)
    roi_align(X.as_subclass(Cuda), B.as_subclass(Cuda), 2)
    (malloc,) = TAKEN
    assert malloc(100) == 4096
    malloc.__self__.free(4096, 0)
    assert calls == [(100, 0, 7), 4096]


def test_tensors_on_a_cpu_and_a_gpu_do_not_go_together():
    with pytest.raises(ValueError, match="boxes is on cpu, but the maps are on cuda:0"):
        roi_align(X.as_subclass(Cuda), B, 2)
