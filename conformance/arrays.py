"""Arrays of case files as NumPy arrays, and the memory they lie in."""

from __future__ import annotations

import math
import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

from .call import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SPARSE_ELEMENTS = 2**31 + 2**20
"""How many elements, at least, a sparse map has: more than a 32-bit index can count."""


def leaves(values: Any) -> Iterator[Any]:
    """The elements of nested lists."""
    if isinstance(values, list):
        for value in values:
            yield from leaves(value)
    else:
        yield values


def sparse_images(shape: Sequence[int]) -> int:
    """How many images of this shape, C × H × W, are more than a 32-bit index can count the elements of."""
    return math.ceil(SPARSE_ELEMENTS / math.prod(shape))


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The NumPy data type called ``name``.

    Raises:
        Unsupported: it is bfloat16, and the package ml_dtypes, which defines it for NumPy, is not installed.
    """
    if name != "bfloat16":
        return np.dtype(name)
    try:
        import ml_dtypes
    except ImportError:
        raise Unsupported("bfloat16 without the package ml_dtypes") from None
    dtype: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return dtype


def feature_map(data: Mapping[str, Any]) -> np.ndarray:
    """The float64 array ``(N, C, H, W)`` of a case's ``input`` or ``grad``: its shape, and its values row by row.

    Or, in place of rows, ``outer``: for every image and channel the factors of its rows, and of its columns, of which each pixel
    is a product. They begin again where they end.
    """
    if "outer" in data:
        return outer(data["outer"], data["shape"])
    values = np.array([float(v) for row in data["rows"] for v in row], dtype=np.float64)
    return values.reshape(data["shape"])


def outer(factors: Sequence[Sequence[Any]], shape: Sequence[int]) -> np.ndarray:
    """The float64 array of this shape, of whose last two axes each element is a product of two factors.

    The factors along an axis begin again where there are fewer of them; or they begin at a place, and all others are 0.
    """
    *_, height, width = shape
    planes = [np.outer(_along(rows, height), _along(columns, width)) for rows, columns in factors]
    return np.array(planes, np.float64).reshape(shape)


def _along(factors: Any, length: int) -> np.ndarray:
    if not isinstance(factors, dict):
        return np.resize(np.array(factors, np.float64), length)
    along = np.zeros(length)
    along[factors["at"] : factors["at"] + len(factors["values"])] = factors["values"]
    return along


def as_outer(values: np.ndarray) -> list[list[Any]] | None:
    """The factors that `outer` makes an array of finite float64 of; None if it is no such product."""
    factors = []
    for plane in values.reshape(-1, *values.shape[-2:]):
        row, column = (int(i) for i in np.unravel_index(np.abs(plane).argmax(), plane.shape))
        along, down = plane[row], plane[:, column]
        columns = along / _common_unit(along)
        rows = down / columns[column] if columns[column] else down
        if not np.array_equal(np.outer(rows, columns), plane):
            return None
        factors.append([_stated(rows), _stated(columns)])
    return factors


def _stated(factors: np.ndarray) -> Any:
    """Factors as case files have them, without the zeros around them if these are most."""
    (places,) = factors.nonzero()
    first, last = (int(places[0]), int(places[-1])) if places.size else (0, 0)
    if 2 * (last + 1 - first) > len(factors):
        return factors.tolist()
    return {"at": first, "values": factors[first : last + 1].tolist()}


def _common_unit(values: np.ndarray) -> float:
    """The greatest number of which all values are multiples, all being multiples of some power of two."""
    scale = 2.0**60
    found = math.gcd(*(int(value * scale) for value in values))
    return found / scale if found else 1.0


def box_rows(rows: Sequence[Sequence[Any]], numbers: int = 5) -> np.ndarray:
    """The float64 array of a case's ``boxes``: ``(K, numbers)``, unless the case is about boxes of another shape."""
    width = len(rows[0]) if rows else numbers
    return np.array([[float(v) for v in row] for row in rows], dtype=np.float64).reshape(-1, width)


def in_memory(array: np.ndarray, memory: str) -> np.ndarray:
    """``array`` (four dimensions) in the memory that ``memory`` asks for.

    Raises:
        Unsupported: this machine has not enough memory for a sparse map.
    """
    if memory == "transposed":
        return np.ascontiguousarray(array.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)
    if memory != "sparse":
        return array
    images = sparse_images(array.shape[1:])
    try:
        # Pages that nobody touches take no memory; those of calloc are touched where malloc is told to fill what it hands out.
        pages = mmap.mmap(-1, images * array[0].nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError):
        raise Unsupported(f"maps of {images * array[0].nbytes / 2**30:.0f} GiB on this machine") from None
    maps = np.frombuffer(pages, array.dtype).reshape(images, *array.shape[1:])
    maps[-1] = array[-1]
    return maps
