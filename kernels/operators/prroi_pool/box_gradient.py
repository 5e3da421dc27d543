"""The gradient of PrRoIPool for the boxes, so that boxes can be learned."""

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
from .problem import MODE, RULES, PrRoiPoolProblem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from ...annotations import A, Array, Layout
    from ...dialects.prroi_pool import Dialect

# Lanes that share bins, and for each of these those that share channels; on a GPU as many in all as a block has threads.
_HOST_LANES, _DEVICE_LANES = (8, 1), (8, 32)
_HOST_VECTOR = 16  # channels, as many as the widest registers have lanes
_DEVICE_VECTOR = 4  # the sums of more channels would not fit into registers
_DEVICE_THREADS = 256


def prroi_pool_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    spatial_scale: float | tuple[float, float] = 1.0,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `prroi_pool` (PR-8 of ``conformance/operators/prroi_pool/RULES.md``).

    It is the derivative, which is continuous: the output of a RoI that has an area has no kinks. Nothing cancels where bins are
    thin.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input: The maps that were pooled: ``(N, C, H, W)``, or ``(N, H, W, C)``; float16, bfloat16, float32 or float64.
        boxes: As they were given to `prroi_pool`; of a list of arrays the gradient is that of all rows, one after the other.
        spatial_scale, layout, dialect: As they were given to `prroi_pool`. Of a RoI without area the gradient is 0, or NaN under
            the dialect ``"paddle-legacy"``.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 maps), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels: float32, or float64 for float64 maps. On a GPU, without ``check``, the row
        of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `prroi_pool`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    bins = bins_of(grad, layout)
    asked = Asked.of(input.dtype, (input.shape,), len(rows), bins, (spatial_scale,), MODE, layout, dialect)
    gradient: A = _slope(xp, grad, input, rows, asked, out=out, check=check)
    return gradient


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A call of which all is settled but where its arrays are."""

    problem: PrRoiPoolProblem
    launch: Launch
    threads: int = 1


def _source(problem: PrRoiPoolProblem, *, vector: int, lanes: tuple[int, int], rules_at_launch: bool = False) -> Source:
    """The kernel; ``lanes`` are those that share the bins of a RoI, and for each of these those that share channels."""
    return specialise(
        "prroi_pool/box_gradient.cu",
        "prroi_pool_backward_boxes",
        problem.dtype,
        (
            *RULES,
            ("FLAT_BOX", problem.dialect.flat_box),
            ("LAYOUT", problem.layout),
            ("LEVELS", 1),
            ("VECTOR", vector if problem.layout == "NHWC" else 1),
            ("BIN_LANES", lanes[0]),
            ("CHANNEL_LANES", lanes[1]),
            ("ALIGNED", 0),
            ("THREADS", _DEVICE_THREADS),
            ("BLOCKS", 1 if problem.dtype == "float64" else 2),
        ),
        rules_at_launch=rules_at_launch,
    )


def host_source(problem: PrRoiPoolProblem) -> Source:
    """The kernel that a CPU runs for a gradient of this layout, data type and dialect."""
    return _source(problem, vector=_HOST_VECTOR, lanes=_HOST_LANES, rules_at_launch=True)


def device_source(problem: PrRoiPoolProblem) -> Source:
    """The kernel that a GPU runs for such a gradient."""
    return _source(problem, vector=_DEVICE_VECTOR, lanes=_DEVICE_LANES)


def _planned(
    problem: PrRoiPoolProblem, source: Source, lanes: tuple[int, int], block: tuple[int, int], threads: int = 1
) -> Planned:
    memory = 4 * lanes[0] * lanes[1] * problem.wide_bytes  # four sums, one for each coordinate of a box
    grid = (max(1, min(problem.rois, 2**30)), 1, 1)
    return Planned(problem, Launch.of(source, grid, block, memory, problem.fields), threads)


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = PrRoiPoolProblem.of(asked)
    threads = worthwhile_threads(Work.of(problem), threads)
    return _planned(problem, host_source(problem), _HOST_LANES, (1, 1), threads)


@kept
def plan_on_device(asked: Asked) -> Planned:
    """A call on a GPU."""
    problem = PrRoiPoolProblem.of(asked)
    return _planned(problem, device_source(problem), _DEVICE_LANES, (_DEVICE_THREADS, 1))


def _slope(xp: ModuleType, grad: Any, maps: Any, rows: Any, asked: Asked, *, out: Any, check: bool) -> Any:
    """The gradient for the RoIs ``rows`` of checked maps."""
    if xp is np:
        return _run(np, plan_on_host(asked, host.thread_count()), grad, maps, rows, out, check=True)
    arguments.check_same_device(xp, maps, grad=grad, boxes=rows, out=out)
    with maps.device:
        return _run(xp, plan_on_device(asked), grad, maps, rows, out, check=check)


def _run(xp: ModuleType, planned: Planned, grad: Any, maps: Any, rows: Any, out: Any, *, check: bool) -> Any:
    problem = planned.problem
    arguments.check_like(xp, "grad", grad, problem.output_shape, maps.dtype)
    out = arguments.output_array(xp, out, (problem.rois, 4), rows.dtype, grad=grad, boxes=rows, input=maps)
    if math.prod(problem.output_shape) == 0:
        out.fill(0)
        return out
    grad, maps = arguments.contiguous(xp, grad), arguments.contiguous(xp, maps)
    status = arguments.Status(xp, wanted=check)
    arrays = {"grad": grad, "boxes": rows, "number_of_rois": None, "gradient": out, "status": status.array}
    run(xp, planned.launch, arrays, (maps,), planned.threads)
    status.check(rows, problem.images)
    return out
