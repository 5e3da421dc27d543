"""Ways for an array to lie in memory, all of which mean the same numbers.

Whoever takes an array takes it with its strides: slices, mirrored views, views of which all elements are one. A function that
steps through the memory instead reads numbers of nobody, and answers right for as long as arrays are contiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BESIDE = 77.0
"""In the gaps between elements, where nothing is to be read."""


def _fortran(array: np.ndarray) -> np.ndarray:
    return np.asfortranarray(array)


def _swapped(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array.swapaxes(-1, -2)).swapaxes(-1, -2)


def _sliced(array: np.ndarray) -> np.ndarray:
    around = np.full((*array.shape[:-1], 2 * array.shape[-1] + 1), BESIDE).astype(array.dtype)
    view = around[..., 1::2]
    view[...] = array
    return view


def _stepped(array: np.ndarray) -> np.ndarray:
    around = np.full((2 * array.shape[0] + 1, *(size + 1 for size in array.shape[1:])), BESIDE).astype(array.dtype)
    view = around[(slice(1, None, 2), *(slice(size) for size in array.shape[1:]))]
    view[...] = array
    return view


def _reversed(array: np.ndarray) -> np.ndarray:
    back = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[back])[back]


def _shifted(array: np.ndarray) -> np.ndarray:
    around = np.full(array.size + 1, BESIDE).astype(array.dtype)
    view = around[1:].reshape(array.shape)
    view[...] = array
    return view


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.copy()
    view.flags.writeable = False
    return view


def _expanded(array: np.ndarray) -> np.ndarray:
    first = array
    for axis in range(array.ndim if array.size else 0):
        one = first.take([0], axis)
        if (first == one).all():
            first = one
    return np.broadcast_to(first, array.shape)


def _misaligned(array: np.ndarray) -> np.ndarray:
    around = np.zeros(array.nbytes + 1, np.uint8)
    view = around[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def _foreign(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder())


WAYS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "fortran": _fortran,
    "swapped": _swapped,
    "sliced": _sliced,
    "stepped": _stepped,
    "reversed": _reversed,
    "shifted": _shifted,
    "read-only": _read_only,
    "expanded": _expanded,
    "misaligned": _misaligned,
    "foreign": _foreign,
}
"""All ways by name.

* ``fortran``: the first axis runs fastest; ``swapped``: the last two axes are exchanged.
* ``sliced``: every second element of the last axis; ``stepped``: every second one of the first axis, in rows with a gap.
* ``reversed``: all axes backwards.
* ``shifted``: begins one element after where memory is aligned to vectors.
* ``read-only``: as it says.
* ``expanded``: stride 0 along axes on which all elements are equal, as a gradient has that comes from a sum.
* ``misaligned``: begins one byte after where an element may; ``foreign``: the other byte order.
"""

MAY_BE_REFUSED = ("misaligned", "foreign")
"""Ways that a function may refuse to take, as long as it says so."""


def arranged(array: np.ndarray, way: str) -> np.ndarray:
    """``array`` in memory as one of `WAYS`; or as it is, for ``"contiguous"``."""
    return WAYS[way](array) if way in WAYS else array
