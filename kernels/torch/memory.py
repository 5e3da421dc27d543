"""Tensors as arrays over the same memory, and where the kernels that read them run."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


def place(device: torch.device) -> AbstractContextManager[Callable[[torch.Tensor], Any]]:
    """A function that makes of a tensor on ``device`` an array over its memory, strides kept: NumPy's, or on a GPU CuPy's.

    On a GPU CuPy works in PyTorch's current stream and with PyTorch's memory meanwhile.

    Raises:
        ImportError: CuPy is missing; the array may raise it for ml_dtypes.
    """
    return nullcontext(host_array) if device.type == "cpu" else _on_gpu(device)


def host_array(tensor: torch.Tensor) -> Any:
    """A NumPy array over the memory of a tensor on a CPU; over that of a copy where what the tensor holds is not yet there."""
    return _array(tensor, torch.Tensor.numpy)


def _array(tensor: torch.Tensor, over: Callable[[torch.Tensor], Any]) -> Any:
    tensor = _computed(tensor.detach())
    if tensor.dtype is torch.bfloat16:  # which neither library can be handed
        return over(tensor.view(torch.int16)).view(_bfloat16())
    return over(tensor)


def _computed(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor that has in memory what it holds: its sign, its conjugation or that it is all zeros may only be noted with it."""
    if tensor._is_zerotensor():  # noqa: SLF001 - there is no public way to ask
        return torch.zeros(tensor.shape, dtype=tensor.dtype, device=tensor.device)
    return tensor.resolve_conj().resolve_neg()


@contextmanager
def _on_gpu(device: torch.device) -> Iterator[Callable[[torch.Tensor], Any]]:
    cupy = _cupy()
    with (
        torch.cuda.device(device),
        cupy.cuda.Device(device.index),
        cupy.cuda.Stream.from_external(torch.cuda.current_stream(device)),
        cupy.cuda.using_allocator(_allocator().malloc),
    ):
        yield lambda tensor: _array(tensor, cupy.from_dlpack)


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
    """A context in which CuPy takes workspaces from PyTorch's caching allocator, so that the two share what memory there is."""
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
