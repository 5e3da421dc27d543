"""Where the memory of arrays begins."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from types import ModuleType


def host_address(array: np.ndarray) -> int:
    """Where the memory of a NumPy array of at least one element begins."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]  # a quarter of the time
    except (TypeError, ValueError, BufferError):  # read-only, not contiguous, or of a type that buffers do not know
        return array.ctypes.data


def address(xp: ModuleType, array: Any) -> int:
    """Where the memory of an array of ``xp`` begins; 0 for None."""
    if array is None:
        return 0
    return host_address(array) if xp is np else int(array.data.ptr)
