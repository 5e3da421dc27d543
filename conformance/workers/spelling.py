"""The same number in other types: a scale that somebody computed is one of NumPy, and 1 is an integer as often as not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..call import Call

_SCALE = "spatial_scale"


def respelled(call: Call) -> Call:
    """A call whose scale has another type and the same value: an integer, or one of NumPy's numbers."""
    scales = call.parameters().get(_SCALE)
    if scales is None:
        return call
    which = sum(getattr(call, "output_size", ())) + len(call.arrays().get("boxes", ()))
    changed: dict[str, Any] = {_SCALE: tuple(_spelled(float(scale), which) for scale in scales)}
    return replace(call, **changed)


def said_of(call: Call) -> str:
    """What is said of a call whose scale has another type; nothing if it has none."""
    scale = next(iter(call.parameters().get(_SCALE, ())), None)
    return "" if scale is None else f"with a spatial_scale of type {type(scale).__name__}"


def is_promoted(call: Call) -> bool:
    """Whether NumPy computes in a wider type with such a scale and boxes: a right answer then is rounded otherwise."""
    boxes, scales = call.arrays()["boxes"], call.parameters().get(_SCALE, ())
    return any(np.result_type(boxes.dtype, scale) != boxes.dtype for scale in scales)


def _spelled(scale: float, which: int) -> Any:
    """A number in one of the types that hold it, another for each call; if it may be taken for a stride, an integer."""
    is_whole = scale.is_integer() and abs(scale) < 2**53
    if is_whole and abs(scale) > 1:
        return int(scale)
    whole: list[type] = [int, np.int64] if is_whole else []
    narrow: list[type] = [np.float32] if float(np.float32(scale)) == scale else []
    types: list[type] = [*whole, *narrow, np.float64]
    return types[which % len(types)](scale)
