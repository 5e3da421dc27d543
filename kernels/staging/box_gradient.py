"""The gradient for the boxes of an operator: a RoI for a block, and lanes that share its bins and channels.

What is the operator's is a `BoxGradient`: its rules, and a kernel of its folder in ``cuda/``, which says what a bin reads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..calls import arguments
from ..calls.levels import compiled_levels
from ..calls.problem import kept
from ..execution import host
from ..execution.launch import Launch
from ..execution.run import run
from ..execution.source import specialise
from .pooling_plan import DEVICE_THREADS, Work, worthwhile_threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from ..calls.problem import Asked, Problem
    from ..execution.source import Source
    from .gathering import Macros

# Lanes that share bins, and for each of these those that share channels; on a GPU as many in all as a block has threads.
_HOST_LANES, _DEVICE_LANES = (8, 1), (8, 32)
_HOST_VECTOR = 16  # channels, as many as the widest registers have lanes
_MOST_TURNED = 2**19
"""Bytes of pixels that are brought together, which stay in the cache of a core."""
_DEVICE_VECTOR = 4  # channels that are neighbours; the sums of more would not fit into registers


@dataclass(frozen=True, slots=True, eq=False)
class BoxGradient:
    """What an operator adds to the gradient for its boxes.

    Attributes:
        operator: Its name: that of its folder in ``cuda/``, and the beginning of its kernel's, ``…_backward_boxes``.
        problem: What it makes of what is asked for.
        macros: Those of its rules, for a problem whose gradient is wanted.
        neighbours: Whether the channels that a bin reads are neighbours, where channels are last in memory.
        numbers: Of a box, for each of which there is a gradient.
        vector: Channels that a lane of a GPU takes together, where they are neighbours.
    """

    operator: str
    problem: Callable[[Asked], Problem]
    macros: Callable[[Problem], Macros]
    neighbours: bool
    numbers: int = 4
    vector: int = _DEVICE_VECTOR

    def host_source(self, problem: Problem) -> Source:
        """The kernel that a CPU runs for a gradient of this mode, layout, data type and dialect."""
        levels = compiled_levels(len(problem.heights))
        return self._source(problem, levels, _HOST_VECTOR, _HOST_LANES, rules_at_launch=True)

    def device_source(self, problem: Problem) -> Source:
        """The kernel that a GPU runs for such a gradient."""
        vector = self.vector if problem.layout == "NHWC" and self.neighbours else 1
        return self._source(problem, len(problem.heights), vector, _DEVICE_LANES)

    def _source(
        self, problem: Problem, levels: int, vector: int, lanes: tuple[int, int], *, rules_at_launch: bool = False
    ) -> Source:
        """The kernel; ``lanes`` are those that share the bins of a RoI, and for each of these those that share channels."""
        return specialise(
            f"{self.operator}/box_gradient.cu",
            f"{self.operator}_backward_boxes",
            problem.dtype,
            (
                *self.macros(problem),
                ("LAYOUT", problem.layout),
                ("LEVELS", levels),
                ("NUMBERS", self.numbers),
                ("VECTOR", vector),
                ("BIN_LANES", lanes[0]),
                ("CHANNEL_LANES", lanes[1]),
                ("ALIGNED", 0),
                ("THREADS", DEVICE_THREADS),
                ("BLOCKS", 1 if problem.dtype == "float64" else 2),
            ),
            rules_at_launch=rules_at_launch,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A call of which all is settled but where its arrays are."""

    problem: Problem
    launch: Launch
    numbers: int
    threads: int = 1


def _planned(
    problem: Problem,
    source: Source,
    numbers: int,
    lanes: tuple[int, int],
    block: tuple[int, int],
    threads: int = 1,
    turned: int = 0,
) -> Planned:
    memory = numbers * lanes[0] * lanes[1] * problem.wide_bytes  # a sum for each number of a box
    memory += turned * _HOST_VECTOR * problem.itemsize
    grid = (max(1, min(problem.rois, 2**30)), 1, 1)
    fields = {**problem.fields, "turned_pixels": turned}
    return Planned(problem, Launch.of(source, grid, block, memory, fields), numbers, threads)


@kept
def plan_on_host(gradient: BoxGradient, asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = gradient.problem(asked)
    threads = worthwhile_threads(Work.of(problem), threads)
    source, turned = gradient.host_source(problem), _turned_pixels(problem) if gradient.neighbours else 0
    return _planned(problem, source, gradient.numbers, _HOST_LANES, (1, 1), threads, turned)


def _turned_pixels(problem: Problem) -> int:
    """How many pixels of `_HOST_VECTOR` channels there is to be room for, with channels first (turned.cuh)."""
    if problem.layout == "NHWC" or problem.channels < _HOST_VECTOR:
        return 0
    largest = max(height * width for height, width in zip(problem.heights, problem.widths, strict=True))
    return min(largest, _MOST_TURNED // (_HOST_VECTOR * problem.itemsize))


@kept
def plan_on_device(gradient: BoxGradient, asked: Asked) -> Planned:
    """A call on a GPU."""
    problem = gradient.problem(asked)
    return _planned(problem, gradient.device_source(problem), gradient.numbers, _DEVICE_LANES, (DEVICE_THREADS, 1))


def slope(
    xp: ModuleType,
    gradient: BoxGradient,
    grad: Any,
    maps: tuple[Any, ...],
    rows: Any,
    asked: Asked,
    *,
    out: Any,
    check: bool,
    num_rois: Any = None,
) -> Any:
    """The gradient for the RoIs ``rows`` of checked ``maps``, one for each level."""
    if xp is np:
        planned = plan_on_host(gradient, asked, host.thread_count())
        return _run(np, planned, grad, maps, rows, out, num_rois, check=True)
    arguments.check_same_device(xp, maps[0], grad=grad, boxes=rows, out=out, num_rois=num_rois)
    with maps[0].device:
        return _run(xp, plan_on_device(gradient, asked), grad, maps, rows, out, num_rois, check=check)


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
    shape = (problem.rois, planned.numbers)
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
