"""Checks that every operator makes of its arguments. An error names the argument, says what is wrong and what would do."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .source import C_NAMES, wider

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

MAX_SAMPLING_RATIO = 1024
"""More samples per bin and axis than this are refused: a bin would take longer than any use of it could be worth."""

_BATCH_INDEX_LIMIT = {"float16": 2048, "bfloat16": 256}


def array_namespace(name: str, array: object) -> ModuleType:
    """Returns the module that ``array`` comes from, numpy or cupy.

    Raises:
        TypeError: it is neither a NumPy nor a CuPy array.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, and its mask would be ignored; fill it first")
    if isinstance(array, np.ndarray):
        return np
    module = type(array).__module__.partition(".")[0]
    if module == "cupy":
        import cupy

        return cupy  # type: ignore[no-any-return]
    hint = ""
    if module == "torch":
        hint = "; hand a tensor over without a copy as cupy.from_dlpack(tensor), or tensor.numpy() on a CPU"
    raise TypeError(f"{name} must be a NumPy or a CuPy array, not {module}.{type(array).__name__}{hint}")


def choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """Returns ``value`` if it is one of ``allowed``."""
    # The element of ``allowed`` is returned, since a string enumeration may be equal to it and print as something else.
    found = next((item for item in allowed if isinstance(value, str) and value == item), None)
    if found is None:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")
    return found


def _pair(name: str, value: object) -> tuple[Any, Any]:
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError(f"{name} must be one number or a (height, width) pair, not {len(value)} numbers")
        return value[0], value[1]
    return value, value


def _integer(name: str, value: object) -> int:
    if not isinstance(value, bool):
        try:
            return operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
    raise TypeError(f"{name} must be an integer or a (height, width) pair of integers, not {value!r}")


def output_size_pair(value: object) -> tuple[int, int]:
    """Returns ``output_size`` as (P_h, P_w)."""
    height, width = (_integer("output_size", item) for item in _pair("output_size", value))
    if height < 0 or width < 0 or height * width >= 2**31:
        raise ValueError(f"output_size must not be negative, nor 2**31 bins or more, but is ({height}, {width})")
    return height, width


def sampling_ratio_pair(value: object) -> tuple[int, int]:
    """Returns ``sampling_ratio`` as (g_y, g_x), with 0 for adaptive sampling."""
    pair = tuple(_integer("sampling_ratio", item) for item in _pair("sampling_ratio", value))
    if max(pair) > MAX_SAMPLING_RATIO:
        raise ValueError(f"sampling_ratio must be at most {MAX_SAMPLING_RATIO}, not {max(pair)}")
    return max(pair[0], 0), max(pair[1], 0)


def spatial_scale_pair(value: object, dtype: str) -> tuple[float, float]:
    """Returns ``spatial_scale`` as (scale_y, scale_x), feature pixels per image pixel, for maps of data type ``dtype``."""
    pair = _pair("spatial_scale", value)
    if not all(isinstance(item, Real) and not isinstance(item, bool) for item in pair):
        raise TypeError(f"spatial_scale must be a number or a (height, width) pair, not {value!r}")
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.array([_finite(item) for item in pair]).astype(wider(dtype))
    if not (np.isfinite(rounded).all() and (rounded > 0).all()):
        raise ValueError(f"spatial_scale must be finite and greater than 0 in {wider(dtype)}, not {value!r}")
    return _finite(pair[0]), _finite(pair[1])


def _finite(number: Real) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _check_dtype(name: str, array: Any, allowed: Sequence[str]) -> None:
    if array.dtype.name not in allowed:
        raise TypeError(f"{name} has data type {array.dtype}; it must be {' or '.join(allowed)}")
    if not array.dtype.isnative:
        raise TypeError(
            f"{name} is in foreign byte order; convert it with {name}.astype({name}.dtype.newbyteorder('='))"
        )


def check_feature_map(array: Any) -> None:
    """Checks ``input``: four dimensions and a supported data type."""
    _check_dtype("input", array, tuple(C_NAMES))
    if array.ndim != 4:
        raise ValueError(f"input must have 4 dimensions, not shape {array.shape}")


def _concatenate(xp: ModuleType, boxes: Sequence[Any], images: int) -> Any:
    """Returns a list of one ``(L_i, 4)`` array per image as ``(K, 5)`` rows with their batch index."""
    if len(boxes) != images:
        raise ValueError(f"boxes is a list of {len(boxes)} arrays, but input has N = {images} images")
    if not boxes:
        return None
    rows = []
    for i, part in enumerate(boxes):
        if array_namespace(f"boxes[{i}]", part) is not xp:
            raise TypeError(f"boxes[{i}] must come from {xp.__name__}, as input does")
        if part.ndim != 2 or part.shape[1] != 4:
            raise ValueError(f"boxes[{i}] must have shape (L, 4), not {part.shape}")
        if part.dtype != boxes[0].dtype:
            raise TypeError(f"boxes[{i}] has data type {part.dtype}, but boxes[0] has {boxes[0].dtype}")
        # 16-bit boxes are widened, which is exact, because 16 bits would not hold every batch index.
        dtype = xp.float32 if part.dtype.name in _BATCH_INDEX_LIMIT else part.dtype
        row = xp.empty((part.shape[0], 5), dtype)
        row[:, 0] = i
        row[:, 1:] = part
        rows.append(row)
    return xp.concatenate(rows)


def box_rows(xp: ModuleType, boxes: Any, feature: Any) -> Any:
    """Returns ``boxes`` as a contiguous ``(K, 5)`` array of the namespace ``xp`` of ``input``, float32 or float64."""
    dtype = feature.dtype.name
    allowed = (dtype, "float32") if dtype in _BATCH_INDEX_LIMIT else (dtype,)
    images = int(feature.shape[0])
    if isinstance(boxes, (list, tuple)):
        joined = _concatenate(xp, boxes, images)
        boxes = xp.empty((0, 5), allowed[-1]) if joined is None else joined
    elif array_namespace("boxes", boxes) is not xp:
        raise TypeError(f"boxes must come from {xp.__name__}, as input does")
    _check_dtype("boxes", boxes, allowed)
    if boxes.ndim != 2 or boxes.shape[1] != 5:
        raise ValueError(
            f"boxes must have shape (K, 5), rows [batch_index, x1, y1, x2, y2], or be a list of one (L, 4) array per "
            f"image; its shape is {boxes.shape}"
        )
    limit = _BATCH_INDEX_LIMIT.get(boxes.dtype.name)
    if limit is not None and images > limit:
        raise TypeError(f"boxes in {boxes.dtype} cannot hold the batch indices of N = {images} images; pass float32")
    return contiguous(xp, boxes, wider(dtype))


def contiguous(xp: ModuleType, array: Any, dtype: Any = None) -> Any:
    """Returns ``array``, or a copy if it is not contiguous and aligned, in ``dtype``."""
    return np.require(array, dtype, ["C", "A"]) if xp is np else xp.ascontiguousarray(array, dtype=dtype)


def check_list_sizes(**capacities: int) -> None:
    """Checks that the lists of taps or samples of an axis can be counted in 32 bits."""
    for axis, capacity in capacities.items():
        if capacity >= 2**31:
            raise ValueError(
                f"input, output_size and sampling_ratio ask for {capacity} samples or taps of a RoI along {axis}; "
                "there must be fewer than 2**31"
            )


def output_array(xp: ModuleType, out: Any, shape: tuple[int, ...], feature: Any, boxes: Any) -> Any:
    """Returns ``out`` if it can be written to, or a new array if it is None."""
    if out is None:
        return xp.empty(shape, feature.dtype)
    if array_namespace("out", out) is not xp:
        raise TypeError(f"out must come from {xp.__name__}, as input does")
    if out.dtype != feature.dtype:
        raise TypeError(f"out has data type {out.dtype}, but input has {feature.dtype}")
    if tuple(out.shape) != shape:
        raise ValueError(f"out must have shape {shape}, not {tuple(out.shape)}")
    if not out.flags.c_contiguous:
        raise ValueError("out must be C-contiguous")
    if xp is np and not out.flags.writeable:
        raise ValueError("out is read-only")
    if xp is np and not out.flags.aligned:
        raise ValueError("out is not aligned to its data type")
    for name, other in (("input", feature), ("boxes", boxes)):
        if xp.may_share_memory(out, other):
            raise ValueError(f"out overlaps {name} in memory")
    return out


def check_same_device(feature: Any, **others: Any) -> None:
    """Checks that CuPy arrays lie on the device of ``input``."""
    for name, array in others.items():
        if array.device != feature.device:
            raise ValueError(f"{name} is on {array.device}, but input is on {feature.device}")
