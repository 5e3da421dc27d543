"""Rows of boxes with the offsets of their bins, as kernels read them (``cuda/deform_roi_pool/rows.cu``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...calls.problem import kept
from ...execution import host
from ...execution.launch import Launch
from ...execution.run import run
from ...execution.source import specialise
from .problem import BOX_NUMBERS

if TYPE_CHECKING:
    from types import ModuleType

    from ...execution.source import Source
    from .problem import DeformedProblem

_THREADS = 128  # of a block: as many as a RoI of 7 × 7 bins has numbers
_MOST_BLOCKS = 2**16
_SMALL = 2**15  # numbers, for which threads take longer to start than to help


def source(dtype: str) -> Source:
    """The kernel that puts rows together, for offsets of a data type (by name)."""
    return specialise("deform_roi_pool/rows.cu", "deform_roi_pool_join", dtype, (("THREADS", _THREADS),))


@kept
def _launch(dtype: str, rois: int, offsets: int, threads: int) -> Launch:
    """The rows of so many RoIs, on a CPU with so many threads, or with none on a GPU."""
    most, block = (8 * threads, (1, 1)) if threads else (_MOST_BLOCKS, (_THREADS, 1))
    fields = {"rois": rois, "box_numbers": BOX_NUMBERS, "offsets": offsets}
    return Launch.of(source(dtype), (max(1, min(rois, most)), 1, 1), block, 0, fields)


def _check_offset(xp: ModuleType, offset: Any, problem: DeformedProblem, like: Any) -> None:
    """Checks that there is an offset for each bin of each RoI, of the data type of ``like``.

    Raises:
        TypeError: they come from elsewhere, or are of another data type.
        ValueError: they are of another shape, or on another device.
    """
    arguments.check_from(xp, "offset", offset)
    arguments.check_feature_map(offset, "offset")
    if offset.dtype != like.dtype:
        raise TypeError(f"offset has data type {offset.dtype}; it must be {problem.dtype}, that of input")
    wanted = (problem.rois, 2, *problem.bins)
    if tuple(offset.shape) != wanted:
        raise ValueError(f"offset must have shape {wanted}, not {tuple(offset.shape)}")
    if xp is not np:
        arguments.check_same_device(xp, like, offset=offset)


def joined(xp: ModuleType, boxes: Any, offset: Any, problem: DeformedProblem, like: Any) -> Any:
    """Rows of ``boxes`` with the offsets after them; ``boxes`` as they are if there are none.

    ``offset`` is checked here; ``like`` is an array of the data type that it must have, on the device where it must be.
    """
    if offset is None:
        return boxes
    _check_offset(xp, offset, problem, like)
    if problem.rois == 0 or problem.offsets == 0:
        return boxes
    if xp is np:
        return _join(xp, boxes, offset, problem)
    arguments.check_same_device(xp, like, boxes=boxes)
    with like.device:
        return _join(xp, boxes, offset, problem)


def _join(xp: ModuleType, boxes: Any, offset: Any, problem: DeformedProblem) -> Any:
    rows = xp.empty((problem.rois, BOX_NUMBERS + problem.offsets), boxes.dtype)
    threads = 0
    if xp is np:
        threads = host.thread_count() if rows.size > _SMALL else 1
    launch = _launch(problem.dtype, problem.rois, problem.offsets, threads)
    run(xp, launch, {"boxes": boxes, "offset": arguments.contiguous(xp, offset), "rows": rows}, (), max(threads, 1))
    return rows
