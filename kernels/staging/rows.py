"""Rows of boxes with the offsets of their parts, as kernels read them: ``rows.cu`` of an operator's folder in ``cuda/``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..calls import arguments
from ..calls.problem import kept
from ..dtypes import name_of
from ..execution import host
from ..execution.launch import Launch
from ..execution.run import run
from ..execution.source import specialise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from ..execution.source import Source

BOX_NUMBERS = 1 + len(arguments.CORNERS)
"""Of a row of boxes."""

_THREADS = 128  # of a block: as many as a RoI of 7 × 7 bins has numbers
_MOST_BLOCKS = 2**16
_SMALL = 2**15  # numbers, for which threads take longer to start than to help


def source(operator: str, dtype: str) -> Source:
    """The kernel of an operator that puts rows together, for offsets of a data type (by name)."""
    return specialise(f"{operator}/rows.cu", f"{operator}_join", dtype, (("THREADS", _THREADS),))


@kept
def _launch(operator: str, dtype: str, rois: int, offsets: int, threads: int) -> Launch:
    """The rows of so many RoIs, on a CPU with so many threads, or with none on a GPU."""
    most, block = (8 * threads, (1, 1)) if threads else (_MOST_BLOCKS, (_THREADS, 1))
    fields = {"rois": rois, "box_numbers": BOX_NUMBERS, "offsets": offsets}
    return Launch.of(source(operator, dtype), (max(1, min(rois, most)), 1, 1), block, 0, fields)


def _check_offset(xp: ModuleType, offset: Any, wanted: Sequence[int], like: Any) -> None:
    """Checks that offsets have the shape ``wanted``, and the data type of ``like``.

    Raises:
        TypeError: they come from elsewhere, or are of another data type.
        ValueError: they are of another shape, or on another device.
    """
    arguments.check_from(xp, "offset", offset)
    arguments.check_feature_map(offset, "offset")
    if offset.dtype != like.dtype:
        raise TypeError(f"offset has data type {offset.dtype}; it must be {name_of(like.dtype)}, that of input")
    if tuple(offset.shape) != tuple(wanted):
        raise ValueError(f"offset must have shape {tuple(wanted)}, not {tuple(offset.shape)}")
    if xp is not np:
        arguments.check_same_device(xp, like, offset=offset)


def joined(xp: ModuleType, operator: str, boxes: Any, offset: Any, wanted: Sequence[int], like: Any) -> Any:
    """Rows of ``boxes`` with the offsets after them; ``boxes`` as they are if there are none.

    ``offset`` is checked here: it must have the shape ``wanted``, whose first number is that of the RoIs. ``like`` is an array of
    the data type that it must have, on the device where it must be.
    """
    if offset is None:
        return boxes
    _check_offset(xp, offset, wanted, like)
    if math.prod(wanted) == 0:
        return boxes
    if xp is np:
        return _join(xp, operator, boxes, offset)
    arguments.check_same_device(xp, like, boxes=boxes)
    with like.device:
        return _join(xp, operator, boxes, offset)


def _join(xp: ModuleType, operator: str, boxes: Any, offset: Any) -> Any:
    rois, offsets = offset.shape[0], math.prod(offset.shape[1:])
    rows = xp.empty((rois, BOX_NUMBERS + offsets), boxes.dtype)
    threads = 0
    if xp is np:
        threads = host.thread_count() if rows.size > _SMALL else 1
    launch = _launch(operator, name_of(offset.dtype), rois, offsets, threads)
    run(xp, launch, {"boxes": boxes, "offset": arguments.contiguous(xp, offset), "rows": rows}, (), max(threads, 1))
    return rows
