"""What several adapters ask of a call before their library sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..operator import Unsupported

if TYPE_CHECKING:
    from ..implementation import Description
    from ..operators.roi_align.call import RoiAlignCall


def require_described(call: RoiAlignCall, description: Description) -> None:
    """Raises `Unsupported` unless the call stays within what the description claims."""
    for what, wanted, offered in (
        ("dialect", call.dialect, description.dialects),
        ("mode", call.mode, description.modes),
        ("layout", call.layout, description.layouts),
        ("data type", call.input.dtype.name, description.dtypes),
    ):
        if wanted not in offered:
            raise Unsupported(f"{what} {wanted}")


def boxes_like_input(call: RoiAlignCall) -> np.ndarray:
    """Returns the ``(K, 5)`` boxes in the data type of the input, if all five columns survive the conversion."""
    return _exactly(call.boxes, call.input.dtype)


def corners_and_indices(call: RoiAlignCall) -> tuple[np.ndarray, np.ndarray]:
    """Returns the ``(K, 4)`` corners in the data type of the input, if exact, and the ``(K,)`` batch indices as int64.

    Both are C-contiguous. A fractional batch index is truncated towards zero (RA-12).
    """
    if not np.isfinite(call.boxes[:, 0]).all():
        raise Unsupported("a batch index that is not a number")
    corners = _exactly(np.ascontiguousarray(call.boxes[:, 1:]), call.input.dtype)
    return corners, call.boxes[:, 0].astype(np.int64)


def float32_scale(call: RoiAlignCall) -> float:
    """Returns the one scale, for formats that store it as a float32: with 64-bit maps only if that is exact."""
    scale = call.single_scale()
    if call.input.dtype == np.float64 and float(np.float32(scale)) != scale:
        raise Unsupported("spatial scale in float64")
    return scale


def _exactly(boxes: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):
        converted = boxes.astype(dtype, copy=False)
    if not np.array_equal(converted.astype(boxes.dtype, copy=False), boxes, equal_nan=True):
        raise Unsupported(f"boxes in {boxes.dtype.name} with 16-bit maps")
    return converted
