"""Tensors as arrays over the same memory, and where the kernels that read them run."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import cache
from typing import Any

import torch


def array(tensor: torch.Tensor) -> Any:
    """Returns a NumPy array, or of a tensor on a GPU a CuPy array, over the memory of ``tensor``, strides kept.

    On a GPU to be called within `place`.
    """
    tensor = tensor.detach()
    over = _cupy().from_dlpack if tensor.is_cuda else torch.Tensor.numpy
    if tensor.dtype is torch.bfloat16:  # which neither library can be handed
        return over(tensor.view(torch.int16)).view(_bfloat16())
    return over(tensor)


def place(device: torch.device) -> AbstractContextManager[Any]:
    """Has CuPy work on ``device``, in PyTorch's current stream and with PyTorch's memory; on a CPU there is nothing to do."""
    if device.type == "cpu":
        return nullcontext()
    cupy = _cupy()
    with ExitStack() as stack:
        stack.enter_context(torch.cuda.device(device))
        stack.enter_context(cupy.cuda.Device(device.index))
        stack.enter_context(cupy.cuda.Stream.from_external(torch.cuda.current_stream(device)))
        stack.enter_context(cupy.cuda.using_allocator(_allocator().malloc))
        return stack.pop_all()


def _cupy() -> Any:
    try:
        import cupy
    except ImportError as error:
        raise ImportError(
            "tensors on a GPU need CuPy, of the CUDA version that PyTorch was built for: pip install 'roikit[cuda13]' or "
            "'roikit[cuda12]'"
        ) from error
    return cupy


@cache
def _allocator() -> Any:
    """Returns what makes CuPy take workspaces from PyTorch's caching allocator, so that the two share what memory there is."""
    cupy = _cupy()

    def allocate(size: int, device: int) -> int:
        stream = cupy.cuda.get_current_stream().ptr
        return int(torch.cuda.caching_allocator_alloc(size, device, stream))

    def free(pointer: int, device: int) -> None:
        del device
        torch.cuda.caching_allocator_delete(pointer)

    return cupy.cuda.PythonFunctionAllocator(allocate, free)


@cache
def _bfloat16() -> Any:
    try:
        import ml_dtypes
    except ImportError as error:
        raise ImportError("bfloat16 tensors need ml_dtypes: pip install 'roikit[bfloat16]'") from error
    return ml_dtypes.bfloat16
