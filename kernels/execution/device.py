"""Runs a kernel's source on a GPU through CuPy, on the arrays' own device and the current stream."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from .launch import Launch
    from .source import Source

OPTIONS = ("-std=c++17",)
"""Compiler options; CuPy adds the architecture."""

SHARED_BYTES = 48 * 1024
"""Shared memory that every supported GPU gives a block without being asked."""


def _kernel(source: Source) -> Any:
    import cupy

    return _kernel_of(cupy, source)


@cache
def _kernel_of(cupy: ModuleType, source: Source) -> Any:
    """The kernel that CuPy, or what stands for it, makes of a source."""
    return cupy.RawKernel(source.text, source.entry, options=OPTIONS)


def compile_source(source: Source) -> None:
    """Compiles ``source`` for the current device now rather than at its first launch."""
    _kernel(source).compile()


def run(launch: Launch, addresses: Sequence[int]) -> None:
    """Queues a launch on the current stream of the current device; ``addresses`` are those that `Launch.values` packs."""
    count = len(launch.source.arrays)
    # CuPy passes a 0-d NumPy array by value.
    params = np.frombuffer(bytearray(launch.values(addresses)[8 * count :]), launch.source.params).reshape(())
    values = (*map(np.uintp, addresses[:count]), params)
    _kernel(launch.source)(launch.grid, (*launch.block, 1), values, shared_mem=launch.shared_bytes)


def multiprocessor_count() -> int:
    """The number of multiprocessors of the current device."""
    import cupy

    return _multiprocessors(cupy, cupy.cuda.Device().id)


@cache
def _multiprocessors(cupy: ModuleType, number: int) -> int:
    return int(cupy.cuda.Device(number).attributes["MultiProcessorCount"])
