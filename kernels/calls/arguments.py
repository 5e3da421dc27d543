"""Checks that every operator makes of its arguments. An error names the argument, says what is wrong and what would do."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import C_NAMES, name_of, numpy_dtype, wider
from ..errors import InvalidRoiError
from ..memory import device_address, host_address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_DTYPES = tuple(C_NAMES)

# All integers up to here have significands of 11 bits, or of 8.
_BATCH_INDEX_LIMIT = {"float16": 2048, "bfloat16": 256}
NO_STATUS = np.iinfo(np.int64).max
"""What a kernel leaves in ``status`` if every RoI could be pooled."""
_UNTOUCHED = np.array([NO_STATUS])  # copied in a fraction of the time that another would be made in

# By the numbers of `Refusal` in ``cuda/library/roi.cuh``.
_REASONS = {
    1: "its batch index {value:.9g} is not one of the N = {images} images",
    2: "it has a coordinate that is not finite, or it overflows when scaled",
    3: "with adaptive sampling it may not reach farther than 2**20 feature pixels from the origin",
}


def dtype_called(name: str) -> np.dtype[Any]:
    """The data type of maps that is called so."""
    return numpy_dtype(choice("dtype", name, _DTYPES))


def array_namespace(name: str, array: object) -> ModuleType:
    """The module that ``array`` comes from, numpy or cupy.

    Raises:
        TypeError: it is neither a NumPy nor a CuPy array.
    """
    if type(array) is np.ndarray:
        return np
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, and its mask would be ignored; fill it first")
    if isinstance(array, np.ndarray):
        return np
    module = type(array).__module__.partition(".")[0]
    if module == "cupy":
        import cupy

        return cupy  # type: ignore[no-any-return]
    raise TypeError(
        f"{name} must be a NumPy or a CuPy array, not {module}.{type(array).__name__}{_conversion(name, array, module)}"
    )


def _conversion(name: str, array: object, module: str) -> str:
    """How to make an array of what is none, without a copy where that can be, as the end of a message."""
    if module == "torch":
        return "; hand a tensor over without a copy as cupy.from_dlpack(tensor), or tensor.numpy() on a CPU"
    if hasattr(array, "__cuda_array_interface__"):
        return f"; cupy.asarray({name}) is one over the same memory"
    if hasattr(array, "__dlpack__"):
        return f"; numpy.from_dlpack({name}), or on a GPU cupy.from_dlpack({name}), is one over the same memory"
    if hasattr(array, "__array_interface__") or isinstance(array, (memoryview, bytearray)):
        return f"; numpy.asarray({name}) is one over the same memory"
    return f"; numpy.asarray({name}, numpy.float32) makes one" if isinstance(array, (list, tuple)) else ""


def choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """``value`` if it is one of ``allowed``."""
    # The element of ``allowed`` is returned, since a string enumeration may be equal to it and print as something else.
    found = next((item for item in allowed if isinstance(value, str) and value == item), None)
    if found is None:
        raise ValueError(f"{name} must be one of {', '.join(repr(str(item)) for item in allowed)}, not {value!r}")
    return found


def pair(name: str, value: object) -> tuple[Any, ...]:
    """``value``, one for both axes or a pair, as a pair."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError(f"{name} must be one number or a (height, width) pair, not {len(value)} numbers")
        return value[0], value[1]
    return value, value


def truth(name: str, value: object) -> bool:
    """``value`` if it is a truth value, which a word such as "False" is not."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return bool(value)


def integer(name: str, value: object) -> int:
    """``value`` if it is an integer, which a truth value is not."""
    if not isinstance(value, bool):
        try:
            return operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
    raise TypeError(f"{name} must be an integer or a (height, width) pair of integers, not {value!r}")


def output_size_pair(value: object) -> tuple[int, int]:
    """``output_size`` as (P_h, P_w)."""
    height, width = (integer("output_size", item) for item in pair("output_size", value))
    if height < 0 or width < 0 or height * width >= 2**31:
        raise ValueError(f"output_size must not be negative, nor 2**31 bins or more, but is ({height}, {width})")
    return height, width


def spatial_scale_pair(value: object, dtype: str) -> tuple[float, float]:
    """``spatial_scale`` as (scale_y, scale_x), feature pixels per image pixel, for maps of data type ``dtype``."""
    scales = pair("spatial_scale", value)
    if not all(isinstance(item, Real) and not isinstance(item, bool) for item in scales):
        raise TypeError(f"spatial_scale must be a number or a (height, width) pair, not {value!r}")
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.array([_finite(item) for item in scales]).astype(wider(dtype))
    if not (np.isfinite(rounded).all() and (rounded > 0).all()):
        raise ValueError(f"spatial_scale must be finite and greater than 0 in {wider(dtype)}, not {value!r}")
    return _finite(scales[0]), _finite(scales[1])


def _finite(number: Real) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _check_dtype(name: str, array: Any, allowed: Sequence[str]) -> None:
    if name_of(array.dtype) not in allowed:
        wanted = "float32" if "float32" in allowed else allowed[-1]
        raise TypeError(
            f"{name} has data type {array.dtype}; it must be {' or '.join(allowed)}: {name}.astype({wanted!r}) is such a copy"
        )
    if not array.dtype.isnative:
        raise TypeError(
            f"{name} is in foreign byte order; convert it with {name}.astype({name}.dtype.newbyteorder('='))"
        )


def check_feature_map(array: Any, name: str = "input") -> None:
    """Checks ``input``, or what is like it: four dimensions and a supported data type."""
    _check_dtype(name, array, _DTYPES)
    if array.ndim != 4:
        raise ValueError(f"{name} must have 4 dimensions, not shape {array.shape}")


CORNERS = ("x1", "y1", "x2", "y2")
"""What a row of boxes has after its batch index: those that are given by two corners."""

CENTRES = ("cx", "cy", "w", "h", "angle")
"""Those that are given by centre, size and angle."""


def _concatenate(xp: ModuleType, boxes: Sequence[Any], images: int, numbers: Sequence[str]) -> Any:
    """A list of one ``(L_i, numbers)`` array per image as rows with their batch index."""
    if boxes and isinstance(boxes[0], (list, tuple)):
        raise TypeError(
            f"boxes is a {type(boxes).__name__} of {type(boxes[0]).__name__}s: "
            f"{xp.__name__}.asarray(boxes, {xp.__name__}.float32) makes rows [batch_index, {', '.join(numbers)}] of it; "
            f"a list of boxes has one (L, {len(numbers)}) array for each image"
        )
    if len(boxes) != images:
        raise ValueError(f"boxes is a list of {len(boxes)} arrays, but input has N = {images} images")
    if not boxes:
        return None
    rows = []
    for i, part in enumerate(boxes):
        if array_namespace(f"boxes[{i}]", part) is not xp:
            raise TypeError(f"boxes[{i}] must come from {xp.__name__}, as input does")
        if part.ndim != 2 or part.shape[1] != len(numbers):
            raise ValueError(f"boxes[{i}] must have shape (L, {len(numbers)}), not {part.shape}")
        if part.dtype != boxes[0].dtype:
            raise TypeError(f"boxes[{i}] has data type {part.dtype}, but boxes[0] has {boxes[0].dtype}")
        # 16-bit boxes are widened, which is exact, because 16 bits would not hold every batch index.
        dtype = xp.float32 if part.dtype.name in _BATCH_INDEX_LIMIT else part.dtype
        row = xp.empty((part.shape[0], 1 + len(numbers)), dtype)
        row[:, 0] = i
        row[:, 1:] = part
        rows.append(row)
    return xp.concatenate(rows)


def box_rows(xp: ModuleType, boxes: Any, dtype: str, images: int, numbers: Sequence[str] = CORNERS) -> Any:
    """``boxes`` as a contiguous array of ``xp``, float32 or float64, for N ``images`` of ``dtype``.

    It has a row for each box: its batch index, and these ``numbers``.
    """
    width = 1 + len(numbers)
    if isinstance(boxes, (list, tuple)):
        joined = _concatenate(xp, boxes, images, numbers)
        boxes = xp.empty((0, width), wider(dtype)) if joined is None else joined
    else:
        check_from(xp, "boxes", boxes)
    allowed = (dtype, "float32") if dtype in _BATCH_INDEX_LIMIT else (dtype,)
    _check_dtype("boxes", boxes, allowed)
    if boxes.ndim != 2 or boxes.shape[1] != width:
        raise ValueError(
            f"boxes must have shape (K, {width}), rows [batch_index, {', '.join(numbers)}], or be a list of one "
            f"(L, {width - 1}) array per image; its shape is {boxes.shape}"
        )
    limit = _BATCH_INDEX_LIMIT.get(name_of(boxes.dtype))
    if limit is not None and images > limit:
        raise TypeError(f"boxes in {boxes.dtype} cannot hold the batch indices of N = {images} images; pass float32")
    if name_of(boxes.dtype) == wider(dtype):
        return contiguous(xp, boxes)
    return contiguous(xp, boxes, wider(dtype))


def shape_of_maps(name: str, value: Any) -> tuple[int, ...]:
    """The shape ``value`` of maps: four numbers that are not negative."""
    try:
        shape = tuple(operator.index(size) for size in value)
    except TypeError:
        raise TypeError(f"{name} must be four integers, not {value!r}") from None
    if len(shape) != 4 or min(shape) < 0:
        raise ValueError(f"{name} must be four integers, none of them negative, not {value!r}")
    return shape


def check_from(xp: ModuleType, name: str, array: Any) -> None:
    """Checks that ``array`` comes from ``xp``."""
    if array_namespace(name, array) is not xp:
        raise TypeError(f"{name} must come from {xp.__name__}, as input does")


def check_like(xp: ModuleType, name: str, array: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """Checks that ``array`` comes from ``xp`` and has this shape and data type."""
    check_from(xp, name, array)
    if tuple(array.shape) != shape:
        raise ValueError(f"{name} must have shape {shape}, not {tuple(array.shape)}")
    if array.dtype != dtype:
        raise TypeError(f"{name} has data type {array.dtype}; it must be {dtype}")


def count_of_rois(xp: ModuleType, number: Any) -> Any:
    """Checks ``num_rois``: None, or an int64 array of one element, of ``xp``."""
    if number is None:
        return None
    check_from(xp, "num_rois", number)
    _check_dtype("num_rois", number, ("int64",))
    if number.size != 1:
        raise ValueError(f"num_rois must have one element, not shape {tuple(number.shape)}")
    return contiguous(xp, number)


def contiguous(xp: ModuleType, array: Any, dtype: Any = None) -> Any:
    """``array``, or a copy if it is not contiguous and aligned, in ``dtype``."""
    if dtype is None and array.flags.c_contiguous and (xp is not np or array.flags.aligned):
        return array
    return np.require(array, dtype, ["C", "A"]) if xp is np else xp.ascontiguousarray(array, dtype=dtype)


def output_array(xp: ModuleType, out: Any, shape: tuple[int, ...], dtype: Any, **others: Any) -> Any:
    """``out`` if it can be written to and shares no memory with ``others``, or a new array if it is None."""
    if out is None:
        return xp.empty(shape, dtype)
    _check_writable(xp, "out", out, **others)
    if out.dtype != dtype:
        raise TypeError(f"out has data type {out.dtype}; it must be {dtype}")
    if tuple(out.shape) != shape:
        raise ValueError(f"out must have shape {shape}, not {tuple(out.shape)}")
    return out


def workspace_array(xp: ModuleType, workspace: Any, size: int, **others: Any) -> Any:
    """``workspace`` if it has ``size`` bytes that can be written to, or a new array if it is None; None for no bytes."""
    if workspace is None:
        return xp.empty(size, "uint8") if size else None
    _check_writable(xp, "workspace", workspace, **others)
    if name_of(workspace.dtype) != "uint8" or workspace.ndim != 1:
        raise TypeError(f"workspace must be an array of bytes of one dimension (uint8), not {workspace.dtype}")
    if len(workspace) < size:
        raise ValueError(f"workspace has {len(workspace)} bytes, but this call needs {size}")
    if size and (host_address if xp is np else device_address)(workspace) % 16:
        raise ValueError("workspace must begin at a multiple of 16 bytes")
    return workspace


def _check_writable(xp: ModuleType, name: str, array: Any, **others: Any) -> None:
    check_from(xp, name, array)
    if not array.flags.c_contiguous:
        raise ValueError(f"{name} must be C-contiguous")
    if xp is np and not array.flags.writeable:
        raise ValueError(f"{name} is read-only")
    if xp is np and not array.flags.aligned:
        raise ValueError(f"{name} is not aligned to its data type")
    for other_name, other in others.items():
        if xp.may_share_memory(array, other):
            raise ValueError(f"{name} overlaps {other_name} in memory")


class Status:
    """Where kernels write which RoI they could not pool.

    Attributes:
        array: One int64; None on a GPU unless it is ``wanted``, since one must wait for it.
    """

    def __init__(self, xp: ModuleType, *, wanted: bool) -> None:
        if xp is np:
            self.array: Any = _UNTOUCHED.copy()
        else:
            self.array = xp.full(1, NO_STATUS, xp.int64) if wanted else None

    def check(self, boxes: Any, images: int) -> None:
        """Raises InvalidRoiError if a RoI of ``boxes`` could not be pooled; waits for the GPU."""
        if self.array is None:
            return
        status = int(self.array[0])
        if status != NO_STATUS:
            index, reason = divmod(status, 4)
            text = _REASONS[reason].format(value=float(boxes[index, 0]), images=images)
            raise InvalidRoiError(f"boxes[{index}] cannot be pooled: {text}")


def named(name: str, arrays: Sequence[Any]) -> dict[str, Any]:
    """The arrays of the levels by the names that messages give them: just ``name`` if there is one."""
    return {name: arrays[0]} if len(arrays) == 1 else {f"{name}[{i}]": array for i, array in enumerate(arrays)}


def check_same_device(xp: ModuleType, feature: Any, **others: Any) -> None:
    """Checks that ``others``, but for those that are None, are CuPy arrays on the device of ``input``."""
    for name, array in others.items():
        if array is None:
            continue
        check_from(xp, name, array)
        if array.device != feature.device:
            raise ValueError(f"{name} is on {array.device}, but input is on {feature.device}")
