"""The gradient of RoIAlign for the boxes, so that boxes can be learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...calls.problem import Asked, bins_of, kept
from ...dtypes import name_of
from ...execution import host
from ...execution.launch import Launch
from ...execution.run import run
from ...execution.source import Source, specialise
from ...staging.pooling_plan import Work, worthwhile_threads
from .forward import rule_macros
from .problem import RoiAlignProblem, asked_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from ...annotations import A, Array, Layout, Mode
    from ...dialects.roi_align import Dialect

# Lanes that share bins, and for each of these those that share channels; on a GPU as many in all as a block has threads.
_HOST_LANES, _DEVICE_LANES = (8, 1), (8, 32)
_HOST_VECTOR = 16  # channels, as many as the widest registers have lanes
_DEVICE_VECTOR = 4  # the sums of more channels would not fit into registers
_DEVICE_THREADS = 256


def roi_align_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: Mode = "avg",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `roi_align` (RA-16 of ``conformance/operators/roi_align/RULES.md``).

    The number of samples of an adaptive grid and the winner of a maximum are held fixed. Where there is no derivative (a sample
    exactly on a pixel, a RoI exactly as large as the least one) it is that from the right.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input: The maps that were pooled: ``(N, C, H, W)``, or ``(N, H, W, C)``; float16, bfloat16, float32 or float64.
        boxes: As they were given to `roi_align`; of a list of arrays the gradient is that of all rows, one after the other.
        spatial_scale, sampling_ratio, aligned, mode, layout, dialect: As they were given to `roi_align`.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 maps), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels: float32, or float64 for float64 maps. On a GPU, without ``check``, the row
        of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `roi_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = asked_for(
        input.dtype, (input.shape,), len(rows), bins_of(grad, layout), (spatial_scale,), sampling_ratio, mode, layout, dialect,
        aligned,
    )  # fmt: skip
    gradient: A = slope(xp, grad, (input,), rows, asked, out=out, check=check)
    return gradient


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A call of which all is settled but where its arrays are."""

    problem: RoiAlignProblem
    launch: Launch
    threads: int = 1


def box_gradient_source(
    problem: RoiAlignProblem, *, vector: int, lanes: tuple[int, int], rules_at_launch: bool = False
) -> Source:
    """The kernel; ``lanes`` are those that share the bins of a RoI, and for each of these those that share channels.

    ``rules_at_launch`` is that of `specialise`.
    """
    return specialise(
        "roi_align/box_gradient.cu",
        "roi_align_backward_boxes",
        problem.dtype,
        (
            *rule_macros(problem.dialect.for_gradient(problem.mode), problem.mode),
            ("LAYOUT", problem.layout),
            ("LEVELS", len(problem.heights)),
            ("VECTOR", vector if problem.layout == "NHWC" else 1),
            ("BIN_LANES", lanes[0]),
            ("CHANNEL_LANES", lanes[1]),
            ("ALIGNED", 0),
            ("THREADS", _DEVICE_THREADS),
            ("BLOCKS", 1 if problem.dtype == "float64" else 2),
        ),
        rules_at_launch=rules_at_launch,
    )


def host_source(problem: RoiAlignProblem) -> Source:
    """The kernel that a CPU runs for a gradient of this mode, layout, data type and dialect."""
    return box_gradient_source(problem, vector=_HOST_VECTOR, lanes=_HOST_LANES, rules_at_launch=True)


def device_source(problem: RoiAlignProblem) -> Source:
    """The kernel that a GPU runs for such a gradient."""
    return box_gradient_source(problem, vector=_DEVICE_VECTOR, lanes=_DEVICE_LANES)


def _planned(
    problem: RoiAlignProblem, source: Source, lanes: tuple[int, int], block: tuple[int, int], threads: int = 1
) -> Planned:
    memory = 4 * lanes[0] * lanes[1] * problem.wide_bytes  # four sums, one for each coordinate of a box
    grid = (max(1, min(problem.rois, 2**30)), 1, 1)
    return Planned(problem, Launch.of(source, grid, block, memory, problem.fields), threads)


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = RoiAlignProblem.of(asked)
    threads = worthwhile_threads(Work.of(problem), threads)
    return _planned(problem, host_source(problem), _HOST_LANES, (1, 1), threads)


@kept
def plan_on_device(asked: Asked) -> Planned:
    """A call on a GPU."""
    problem = RoiAlignProblem.of(asked)
    return _planned(problem, device_source(problem), _DEVICE_LANES, (_DEVICE_THREADS, 1))


def slope(
    xp: ModuleType, grad: Any, maps: tuple[Any, ...], rows: Any, asked: Asked, *, out: Any, check: bool,
    num_rois: Any = None,
) -> Any:  # fmt: skip
    """The gradient for the RoIs ``rows`` of checked ``maps``, one for each level."""
    if xp is np:
        return _run(np, plan_on_host(asked, host.thread_count()), grad, maps, rows, out, num_rois, check=True)
    arguments.check_same_device(xp, maps[0], grad=grad, boxes=rows, out=out, num_rois=num_rois)
    with maps[0].device:
        return _run(xp, plan_on_device(asked), grad, maps, rows, out, num_rois, check=check)


def _run(
    xp: ModuleType,
    planned: Planned,
    grad: Any,
    maps: tuple[Any, ...],
    rows: Any,
    out: Any,
    num_rois: Any,
    *,
    check: bool,
) -> Any:
    problem = planned.problem
    arguments.check_like(xp, "grad", grad, problem.output_shape, maps[0].dtype)
    shape = (problem.rois, 4)
    out = arguments.output_array(xp, out, shape, rows.dtype, grad=grad, boxes=rows, **arguments.named("input", maps))
    if math.prod(problem.output_shape) == 0:
        out.fill(0)
        return out
    grad = arguments.contiguous(xp, grad)
    maps = tuple(arguments.contiguous(xp, array) for array in maps)
    status = arguments.Status(xp, wanted=check)
    arrays = {"grad": grad, "boxes": rows, "number_of_rois": num_rois, "gradient": out, "status": status.array}
    run(xp, planned.launch, arrays, maps, planned.threads)
    status.check(rows, problem.images)
    return out
