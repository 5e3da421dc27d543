"""What several adapters ask of a call before their library sees it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..call import Unsupported

if TYPE_CHECKING:
    from ..implementation import Description


class RoiCall(Protocol):
    """A call of an operator that pools boxes of maps."""

    @property
    def operator(self) -> str: ...
    @property
    def dialect(self) -> str: ...
    @property
    def layout(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def input(self) -> np.ndarray: ...
    @property
    def boxes(self) -> np.ndarray: ...


class ScaledCall(RoiCall, Protocol):
    """One that is told a scale."""

    def single_scale(self) -> float: ...


def require_described(call: RoiCall, description: Description) -> None:
    """Raises `Unsupported` unless the call stays within what the description claims."""
    capability = description.capability(call.operator)
    if capability is None:
        raise Unsupported(call.operator)
    for what, wanted, offered in (
        ("dialect", call.dialect, capability.dialects),
        ("mode", call.mode, capability.modes),
        ("layout", call.layout, capability.layouts),
        ("data type", call.input.dtype.name, capability.dtypes),
    ):
        if wanted not in offered:
            raise Unsupported(f"{what} {wanted}")


def boxes_like_input(call: RoiCall) -> np.ndarray:
    """The ``(K, 5)`` boxes in the data type of the input, if all five columns survive the conversion."""
    return _exactly(call.boxes, call.input.dtype)


def corners_and_indices(call: RoiCall) -> tuple[np.ndarray, np.ndarray]:
    """The ``(K, 4)`` corners in the data type of the input, if exact, and the ``(K,)`` batch indices as int64.

    Both are C-contiguous. A fractional batch index is truncated towards zero (RA-12).
    """
    if not (np.abs(call.boxes[:, 0]) < 2.0**63).all():
        raise Unsupported("a batch index that is no number of 64 bits")
    corners = _exactly(np.ascontiguousarray(call.boxes[:, 1:]), call.input.dtype)
    return corners, call.boxes[:, 0].astype(np.int64)


def float32_scale(call: ScaledCall) -> float:
    """The one scale, for formats that store it as a float32: with 64-bit maps only if that is exact."""
    scale = call.single_scale()
    if call.input.dtype == np.float64 and float(np.float32(scale)) != scale:
        raise Unsupported("spatial scale in float64")
    return scale


def channels_of_output(call: RoiCall, output_size: tuple[int, int]) -> int:
    """How many channels an output has whose bins, or groups of them, read channels of their own, for libraries that are told."""
    channels, bins = int(call.input.shape[1]), math.prod(output_size)
    if bins < 1 or channels % bins:
        raise Unsupported("channels that are not as many for each bin")
    return channels // bins


def one_side(output_size: tuple[int, int]) -> int:
    """The one number of bins along both axes, for libraries that take only one."""
    if output_size[0] != output_size[1]:
        raise Unsupported("as many rows of bins as columns")
    return output_size[0]


def require_selected(call: Any) -> None:
    """Raises `Unsupported` unless there are as many rows of bins as columns, and as many channels for each bin."""
    one_side(call.output_size)
    channels_of_output(call, call.output_size)


def require_grouped(call: Any) -> None:
    """Raises `Unsupported` unless rows and columns of bins, of groups and of parts are as many, and channels of each class."""
    one_side(call.output_size)
    if call.group_size[0] != call.group_size[1]:
        raise Unsupported("as many rows of groups as columns")
    if call.offset is not None and call.offset.ndim == 4 and call.offset.shape[2] != call.offset.shape[3]:
        raise Unsupported("as many rows of parts as columns")
    channels_of_output(call, call.group_size)


def parts_of(call: Any) -> int:
    """The number of parts along an axis, each with an offset; that of bins, if there are none."""
    return int(call.output_size[0] if call.offset is None else call.offset.shape[2])


def _exactly(boxes: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):
        converted = boxes.astype(dtype, copy=False)
    if not np.array_equal(converted.astype(boxes.dtype, copy=False), boxes, equal_nan=True):
        raise Unsupported(f"boxes in {boxes.dtype.name} with 16-bit maps")
    return converted
