"""A launch of a kernel of which all is settled but the addresses of the arrays, so that it can be kept and used again."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..dtypes import numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from .source import Source


@dataclass(frozen=True, slots=True, eq=False)
class Launch:
    """A kernel with its grid, block, shared memory and numbers.

    Attributes:
        source: The kernel.
        arrays: Names and data types of the arrays that it takes, in order.
        grid: Blocks along x, y, z.
        block: Threads of a block along x and y.
        shared_bytes: Memory that a block asks for.
        params: The kernel's struct without the addresses that it begins with.
        packed: Packs all addresses: those of the parameters, then those in the struct.
    """

    source: Source
    arrays: tuple[tuple[str, np.dtype[Any]], ...]
    grid: tuple[int, int, int]
    block: tuple[int, int]
    shared_bytes: int
    params: bytes
    packed: struct.Struct

    @classmethod
    def of(
        cls,
        source: Source,
        grid: tuple[int, int, int],
        block: tuple[int, int],
        shared_bytes: int,
        fields: Mapping[str, Any],
    ) -> Launch:
        """The launch of ``source`` with the numbers ``fields`` in its struct.

        Raises:
            TypeError: the kernel's struct has other fields.
        """
        arrays = tuple((name, numpy_dtype(dtype)) for name, dtype in source.arrays.items())
        count = len(arrays) + source.addresses
        return cls(source, arrays, grid, block, shared_bytes, source.pack(fields), struct.Struct(f"={count}q"))

    def values(self, addresses: Sequence[int]) -> bytes:
        """What the kernel is passed: ``addresses`` of its parameters and in its struct, then the numbers of that."""
        return self.packed.pack(*addresses) + self.params
