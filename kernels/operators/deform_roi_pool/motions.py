"""Sums over the samples of bins (``cuda/deform_roi_pool/motions.cu``), and the gradients that are made of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...calls.problem import Asked, kept
from ...dtypes import numpy_dtype
from ...execution import host
from ...execution.launch import Launch
from ...execution.run import run
from ...execution.source import specialise
from ...staging.pooling_plan import DEVICE_THREADS, Work, worthwhile_threads
from .problem import MODE, DeformedProblem
from .rows import joined

if TYPE_CHECKING:
    from types import ModuleType

    from ...dialects.deform_roi_pool import Slope
    from ...execution.source import Source

SUMS = 4  # of a bin
_HOST_LANES, _HOST_VECTOR = 1, 16  # channels, as many as the widest registers have lanes
_DEVICE_LANES = 64  # of a bin, each for some of its channels: as many as a block has threads
_DEVICE_VECTOR = 4  # channels that are neighbours; the sums of more would not fit into registers
_MOST_BLOCKS = 2**30


def motions_source(problem: DeformedProblem, slope: Slope, *, on_host: bool) -> Source:
    """The kernel that makes the sums of bins, with this slope."""
    of_device = _DEVICE_VECTOR if problem.layout == "NHWC" else 1
    macros: tuple[tuple[str, str | int], ...] = (
        ("SLOPE", slope),
        ("MODE", MODE),
        ("LAYOUT", problem.layout),
        ("LEVELS", 1),
        ("VECTOR", _HOST_VECTOR if on_host else of_device),
        ("CHANNEL_LANES", _HOST_LANES if on_host else _DEVICE_LANES),
        ("ALIGNED", 0),
        ("THREADS", _DEVICE_LANES),
        # Of float64 more would leave a thread too few registers.
        ("BLOCKS", 4 if problem.dtype == "float64" else 8),
    )
    return specialise(
        "deform_roi_pool/motions.cu", "deform_roi_pool_motions", problem.dtype, macros, rules_at_launch=on_host
    )


def gradient_source(of: str, problem: DeformedProblem) -> Source:
    """The kernel that makes the gradient for ``"offset"`` or ``"boxes"`` of the sums of bins."""
    macros: tuple[tuple[str, str | int], ...] = (("LEVELS", 1), ("THREADS", DEVICE_THREADS))
    return specialise("deform_roi_pool/gradients.cu", f"deform_roi_pool_backward_{of}", problem.dtype, macros)


@kept
def _launches(asked: Asked, of: str, slope: Slope, threads: int) -> tuple[Launch, Launch, int]:
    """Both kernels on a CPU, and on how many of so many threads; on a GPU with none."""
    problem = DeformedProblem.of(asked)
    bins = problem.rois * math.prod(problem.bins)
    items = bins if of == "offset" else problem.rois
    source, finish = motions_source(problem, slope, on_host=threads > 0), gradient_source(of, problem)
    if threads:
        threads = worthwhile_threads(Work.of(problem), threads)
        grids, block = (min(bins, 64 * threads), min(items, 8 * threads)), (1, 1)
    else:
        grids, block = (min(bins, _MOST_BLOCKS), min(-(-items // DEVICE_THREADS), _MOST_BLOCKS)), (_DEVICE_LANES, 1)
    lanes = _HOST_LANES if threads else _DEVICE_LANES
    memory = SUMS * lanes * problem.wide_bytes
    return (
        Launch.of(source, (max(1, grids[0]), 1, 1), block, memory, problem.fields),
        Launch.of(finish, (max(1, grids[1]), 1, 1), block if threads else (DEVICE_THREADS, 1), 0, problem.fields),
        max(threads, 1),
    )


def gradient_for(
    xp: ModuleType, of: str, slope: Slope, grad: Any, maps: Any, boxes: Any, offset: Any, asked: Asked, *, out: Any, check: bool
) -> Any:  # fmt: skip
    """The gradient for ``"offset"`` or ``"boxes"``, of checked maps and boxes."""
    problem = DeformedProblem.of(asked)
    arguments.check_like(xp, "grad", grad, problem.output_shape, maps.dtype)
    others = {"grad": grad, "boxes": boxes, "input": maps} | ({} if offset is None else {"offset": offset})
    if xp is np:
        rows = joined(np, boxes, offset, problem, maps)
        return _run(np, of, slope, grad, maps, rows, asked, out, others, host.thread_count(), check=True)
    arguments.check_same_device(xp, maps, grad=grad, boxes=boxes, out=out)
    rows = joined(xp, boxes, offset, problem, maps)
    with maps.device:
        return _run(xp, of, slope, grad, maps, rows, asked, out, others, 0, check=check)


def _run(
    xp: ModuleType, of: str, slope: Slope, grad: Any, maps: Any, rows: Any, asked: Asked, out: Any, others: dict[str, Any],
    threads: int, *, check: bool,
) -> Any:  # fmt: skip
    problem = DeformedProblem.of(asked)
    of_offset = of == "offset"
    shape: tuple[int, ...] = (problem.rois, 2, *problem.bins) if of_offset else (problem.rois, 4)
    dtype = maps.dtype if of_offset else numpy_dtype(problem.wide)
    out = arguments.output_array(xp, out, shape, dtype, **others)
    if math.prod(problem.output_shape) == 0:
        out.fill(0)
        return out
    grad, maps = arguments.contiguous(xp, grad), arguments.contiguous(xp, maps)
    measure, finish, threads = _launches(asked, of, slope, threads)
    motions = xp.empty((problem.rois, math.prod(problem.bins), SUMS), dtype=numpy_dtype(problem.wide))
    status = arguments.Status(xp, wanted=check)
    arrays = {"grad": grad, "boxes": rows, "motions": motions, "status": status.array}
    run(xp, measure, arrays, (maps,), threads)
    run(xp, finish, {"boxes": rows, "motions": motions, "gradient": out}, (), threads)
    status.check(rows, problem.images)
    return out
