"""The gradient of deformable PSRoIPool for offsets, so that they can be learned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...calls.problem import bins_of, kept
from ...dtypes import name_of, numpy_dtype
from ...execution import host
from ...execution.launch import Launch
from ...execution.run import run
from ...execution.source import specialise
from ...staging.pooling_plan import DEVICE_THREADS, Work, worthwhile_threads
from ...staging.rows import joined
from .problem import MODE, DeformedPsProblem, asked_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from ...annotations import A, Array, Layout
    from ...calls.problem import Asked
    from ...dialects.deform_ps_roi_pool import Dialect
    from ...execution.source import Source

SUMS = 2  # of a bin in a class
_HOST_LANES, _HOST_VECTOR = 1, 16  # channels, as many as the widest registers have lanes
_DEVICE_LANES = 64  # of a bin, each for some of its channels: as many as a block has threads
_DEVICE_VECTOR = 4  # channels that are neighbours
_MOST_BLOCKS = 2**30


def deform_ps_roi_pool_backward_offset(
    grad: A,
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    offset: A,
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = 4,
    gamma: float = 0.1,
    *,
    group_size: int | tuple[int, int] | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the offsets of `deform_ps_roi_pool` (DQ-9 of its ``RULES.md``).

    It is the derivative wherever there is one, and at a pixel's row or column that of the cell after it; with ``dialect="mxnet"``
    it is 0 there. Sums are added up in one order, and so are the same from run to run; two numbers for each class and bin are
    allocated.

    Args:
        grad: The gradient that arrives at the output: ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with
            ``layout="NHWC"``; of the data type of ``input``.
        input, boxes, offset: As they were given to `deform_ps_roi_pool`.
        spatial_scale, sampling_ratio, gamma, group_size, layout, dialect: As they were given to `deform_ps_roi_pool`.
        out: Array to write to: shape and data type of ``offset``, C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 2 n, T_h, T_w)`` of the data type of ``offset``; 0 for a part whose offset is not finite. On a GPU, without
        ``check``, that of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `deform_ps_roi_pool`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    plain = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    arguments.check_from(xp, "offset", offset)
    arguments.check_feature_map(offset, "offset")
    asked = asked_for(
        input.dtype, input.shape, len(plain), bins_of(grad, layout), spatial_scale, sampling_ratio, offset, gamma, group_size,
        layout, dialect,
    )  # fmt: skip
    problem = DeformedPsProblem.of(asked)
    arguments.check_like(xp, "grad", grad, problem.output_shape, input.dtype)
    rows = joined(xp, "deform_ps_roi_pool", plain, offset, problem.offset_shape, input)
    others = {"grad": grad, "boxes": plain, "input": input, "offset": offset}
    gradient: A = _where_arrays_are(xp, grad, input, rows, asked, out, others, check=check)
    return gradient


def motions_source(problem: DeformedPsProblem, *, on_host: bool) -> Source:
    """The kernel that makes the sums of bins."""
    of_device = _DEVICE_VECTOR if problem.layout == "NHWC" else 1
    macros: tuple[tuple[str, str | int], ...] = (
        ("PART", problem.dialect.part),
        ("KNOT", problem.dialect.knot),
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
        "deform_ps_roi_pool/motions.cu", "deform_ps_roi_pool_motions", problem.dtype, macros, rules_at_launch=on_host
    )


def gradient_source(problem: DeformedPsProblem, *, on_host: bool) -> Source:
    """The kernel that makes the gradient of the sums of bins."""
    macros: tuple[tuple[str, str | int], ...] = (
        ("PART", problem.dialect.part),
        ("LEVELS", 1),
        ("THREADS", DEVICE_THREADS),
    )
    entry = "deform_ps_roi_pool_backward_offset"
    return specialise("deform_ps_roi_pool/offset_gradient.cu", entry, problem.dtype, macros, rules_at_launch=on_host)


@kept
def _launches(asked: Asked, threads: int) -> tuple[Launch, Launch, int]:
    """Both kernels on a CPU, and on how many of so many threads; on a GPU with none."""
    problem = DeformedPsProblem.of(asked)
    on_host = threads > 0
    bins = problem.rois * problem.classes * math.prod(problem.bins)
    items = problem.rois * problem.classes * math.prod(problem.parts)
    source, finish = motions_source(problem, on_host=on_host), gradient_source(problem, on_host=on_host)
    if on_host:
        threads = worthwhile_threads(Work.of(problem), threads)
        grids, block = (min(bins, 64 * threads), min(items, 8 * threads)), (1, 1)
    else:
        grids, block = (min(bins, _MOST_BLOCKS), min(-(-items // DEVICE_THREADS), _MOST_BLOCKS)), (_DEVICE_LANES, 1)
    memory = SUMS * (_HOST_LANES if on_host else _DEVICE_LANES) * problem.wide_bytes
    return (
        Launch.of(source, (max(1, grids[0]), 1, 1), block, memory, problem.fields),
        Launch.of(finish, (max(1, grids[1]), 1, 1), block if on_host else (DEVICE_THREADS, 1), 0, problem.fields),
        max(threads, 1),
    )


def _where_arrays_are(
    xp: ModuleType, grad: Any, maps: Any, rows: Any, asked: Asked, out: Any, others: dict[str, Any], *, check: bool
) -> Any:
    """The gradient, of checked arrays, on the CPU or the GPU that has them."""
    if xp is np:
        return _run(np, grad, maps, rows, asked, out, others, host.thread_count(), check=True)
    arguments.check_same_device(xp, maps, grad=grad, boxes=rows, out=out)
    with maps.device:
        return _run(xp, grad, maps, rows, asked, out, others, 0, check=check)


def _run(
    xp: ModuleType, grad: Any, maps: Any, rows: Any, asked: Asked, out: Any, others: dict[str, Any], threads: int, *,
    check: bool,
) -> Any:  # fmt: skip
    problem = DeformedPsProblem.of(asked)
    out = arguments.output_array(xp, out, problem.offset_shape, maps.dtype, **others)
    if math.prod(problem.output_shape) == 0:
        out.fill(0)
        return out
    grad, maps = arguments.contiguous(xp, grad), arguments.contiguous(xp, maps)
    measure, finish, threads = _launches(asked, threads)
    shape = (problem.rois, problem.classes, math.prod(problem.bins), SUMS)
    motions = xp.empty(shape, dtype=numpy_dtype(problem.wide))
    status = arguments.Status(xp, wanted=check)
    arrays = {"grad": grad, "boxes": rows, "motions": motions, "status": status.array}
    run(xp, measure, arrays, (maps,), threads)
    run(xp, finish, {"boxes": rows, "motions": motions, "gradient": out}, (), threads)
    status.check(rows, problem.images)
    return out
