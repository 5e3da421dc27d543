"""Volumes as maps: of ``(N, C, D, H, W)`` the slices lie one below the other in memory, and so do those of bins in an output."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...dtypes import C_NAMES, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

NUMBERS = ("x1", "y1", "z1", "x2", "y2", "z2")
"""What a row of boxes has after its batch index."""

_DIMENSIONS = 5


def check_volumes(array: Any, name: str = "input") -> None:
    """Checks ``input``, or what is like it: five dimensions and a supported data type.

    Raises:
        TypeError: it has another data type, or is in foreign byte order.
        ValueError: it has another number of dimensions.
    """
    if array.ndim != _DIMENSIONS:
        raise ValueError(f"{name} must have 5 dimensions, not shape {tuple(array.shape)}")
    if name_of(array.dtype) in C_NAMES and array.dtype.isnative:
        return
    arguments.check_feature_map(array[..., 0], name)


def shape_of_volumes(name: str, value: Any) -> tuple[int, ...]:
    """The shape ``value`` of volumes: five numbers that are not negative."""
    try:
        shape = tuple(operator.index(size) for size in value)
    except TypeError:
        raise TypeError(f"{name} must be five integers, not {value!r}") from None
    if len(shape) != _DIMENSIONS or min(shape) < 0:
        raise ValueError(f"{name} must be five integers, none of them negative, not {value!r}")
    return shape


def triple(name: str, value: object) -> tuple[Any, ...]:
    """``value``, one for all three axes or one for each, as three: along z, y and x."""
    if isinstance(value, (tuple, list)):
        if len(value) != 3:
            raise ValueError(f"{name} must be one number or (depth, height, width), not {len(value)} numbers")
        return tuple(value)
    return value, value, value


def size_of_volume(shape: Sequence[int], layout: object) -> tuple[int, ...]:
    """D, H and W of volumes, or the bins of what is like an output."""
    return tuple(shape[1:4] if layout == "NHWC" else shape[2:5])


def folded_shape(shape: Sequence[int], layout: object) -> tuple[int, ...]:
    """The shape of maps, whose rows are those of all slices."""
    first = 1 if layout == "NHWC" else 2
    return (*shape[:first], shape[first] * shape[first + 1], *shape[first + 2 :])


def folded(xp: ModuleType, array: Any, layout: object) -> Any:
    """An array of volumes as maps: over the same memory, or a copy if it is not contiguous."""
    shape = folded_shape(array.shape, layout)
    if xp is np or array.flags.c_contiguous:
        return arguments.contiguous(xp, array).reshape(shape)
    with array.device:
        return arguments.contiguous(xp, array).reshape(shape)


def folded_output(xp: ModuleType, out: Any, shape: tuple[int, ...], dtype: Any, layout: object) -> Any:
    """``out``, checked, as maps over the same memory; None if there is none.

    Raises:
        TypeError: it comes from elsewhere, or is of another data type.
        ValueError: it is of another shape, or not contiguous.
    """
    if out is None:
        return None
    arguments.check_like(xp, "out", out, shape, dtype)
    if not out.flags.c_contiguous:
        raise ValueError("out must be C-contiguous")
    return out.reshape(folded_shape(shape, layout))


def bins_of_volume(value: object) -> tuple[int, int, int]:
    """``output_size`` as (P_d, P_h, P_w)."""
    depth, height, width = (_integer("output_size", item) for item in triple("output_size", value))
    if min(depth, height, width) < 0 or depth * height * width >= 2**31:
        raise ValueError(
            f"output_size must not be negative, nor 2**31 bins or more, but is ({depth}, {height}, {width})"
        )
    return depth, height, width


def ratios(value: object) -> tuple[int, int, int]:
    """``sampling_ratio`` as (g_d, g_h, g_w), as it is given."""
    z, y, x = (_integer("sampling_ratio", item) for item in triple("sampling_ratio", value))
    return z, y, x


def _integer(name: str, value: object) -> int:
    try:
        return arguments.integer(name, value)
    except TypeError:
        raise TypeError(f"{name} must be an integer or (depth, height, width), three integers, not {value!r}") from None


def elements(shape: Sequence[int]) -> int:
    """How many elements an array of this shape has."""
    return math.prod(shape)
