"""Runs a kernel's source on a GPU through CuPy, on the arrays' own device and the current stream."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .source import Source

OPTIONS = ("-std=c++17",)
"""Compiler options; CuPy adds the architecture."""

SHARED_BYTES = 48 * 1024
"""Shared memory that every supported GPU gives a block without being asked."""


@cache
def _kernel(source: Source) -> Any:
    import cupy

    return cupy.RawKernel(source.text, source.entry, options=OPTIONS)


def compile_source(source: Source) -> None:
    """Compiles ``source`` for the current device now rather than at its first launch."""
    _kernel(source).compile()


def launch(
    source: Source, grid: tuple[int, int, int], block: tuple[int, int], arguments: Sequence[Any], *, shared_bytes: int
) -> None:
    """Queues ``source`` on the current stream of the current device.

    ``arguments`` are arrays (or None) for pointers and a packed struct, as `Source.check` has it.
    """
    source.check(arguments)
    # CuPy passes a 0-d NumPy array by value, and would turn None into an argument that is not there.
    values = tuple(np.uintp(0) if argument is None else argument for argument in arguments)
    _kernel(source)(grid, (*block, 1), values, shared_mem=shared_bytes)


def multiprocessor_count() -> int:
    """Returns the number of multiprocessors of the current device."""
    import cupy

    return int(cupy.cuda.Device().attributes["MultiProcessorCount"])
