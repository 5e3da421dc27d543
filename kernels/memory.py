"""Where the memory of arrays begins."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def host_address(array: np.ndarray) -> int:
    """Where the memory of a NumPy array of at least one element begins."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]  # a quarter of the time
    except (TypeError, ValueError, BufferError):  # read-only, not contiguous, or of a type that buffers do not know
        return array.ctypes.data


def device_address(array: Any) -> int:
    """Where the memory of a CuPy array begins."""
    return int(array.data.ptr)
