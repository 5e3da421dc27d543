"""The forward of an operator whose samples are points: a RoI for a block, a bin and some channels for a thread.

What is the operator's is a `PointPooling`: its rules, and a kernel of its folder in ``cuda/``, which says where its samples lie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..calls.levels import compiled_levels
from ..calls.problem import kept
from ..execution.launch import Launch
from ..execution.source import specialise
from .pooling import Planned, Planners, nothing
from .pooling_plan import DEVICE_THREADS, Work, device_vector, worthwhile_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..calls.problem import Asked, Problem
    from ..execution.source import Source
    from .gathering import Macros

_HOST_VECTOR = 64  # channels: four of the widest registers have so many lanes
_HOST_BROUGHT = (
    1024  # pixels of so many channels that are brought together with channels first, and stay in a core's cache
)
_DEVICE_APART = 4  # channels that are not neighbours, for which a thread works out once where a sample lies
_ITEMS = 4  # vectors of channels of bins that a thread takes, for which it places its RoI once
_MOST_SLICES = 65535  # blocks along y: the most that CUDA allows
_MOST_BLOCKS = 2**30  # along x, where CUDA allows twice as many


@dataclass(frozen=True, slots=True, eq=False)
class PointPooling:
    """What an operator adds to the pooling of points.

    Attributes:
        operator: Its name: that of its folder in ``cuda/``, and the beginning of its kernel's, ``…_forward``.
        problem: What it makes of what is asked for.
        macros: Those of its rules, for a problem.
        brings: Whether a CPU may bring the pixels of a RoI together with channels first: a channel of the output is made of
            that of the map.
    """

    operator: str
    problem: Callable[[Asked], Problem]
    macros: Callable[[Problem], Macros]
    brings: bool = False

    @property
    def planners(self) -> Planners:
        """What its calls are planned by."""
        return Planners(
            lambda asked, threads: _plan_on_host(self, asked, threads),
            lambda asked, packed, _multiprocessors: _plan_on_device(self, asked, packed),
        )

    def host_source(self, problem: Problem) -> Source:
        """The kernel that a CPU runs."""
        levels = compiled_levels(len(problem.heights))
        return self._source(
            problem, levels, _HOST_VECTOR, packed=False, rules_at_launch=True, brought=self.brought(problem)
        )

    def brought(self, problem: Problem) -> int:
        """How many pixels a CPU brings together at most."""
        return _HOST_BROUGHT if self.brings and problem.layout == "NCHW" else 0

    def device_source(self, problem: Problem, *, packed: bool) -> Source:
        """The kernel that a GPU runs, for aligned vectors of channels if they are ``packed``."""
        return self._source(problem, len(problem.heights), _vector(problem), packed=packed, rules_at_launch=False)

    def device_sources(self, problem: Problem) -> list[Source]:
        """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
        alignments = (False, True) if problem.layout == "NHWC" else (False,)
        return [self.device_source(problem, packed=packed) for packed in alignments]

    def _source(
        self, problem: Problem, levels: int, vector: int, *, packed: bool, rules_at_launch: bool, brought: int = 0
    ) -> Source:
        return specialise(
            f"{self.operator}/forward.cu",
            f"{self.operator}_forward",
            problem.dtype,
            (
                *self.macros(problem),
                ("LAYOUT", problem.layout),
                ("LEVELS", levels),
                ("VECTOR", vector),
                ("ALIGNED", int(packed)),
                ("BROUGHT", brought),
                ("THREADS", DEVICE_THREADS),
                ("BLOCKS", 2),
            ),
            rules_at_launch=rules_at_launch,
        )


def _vector(problem: Problem) -> int:
    return device_vector(problem.dtype, "NHWC") if problem.layout == "NHWC" else _DEVICE_APART


@kept
def _plan_on_host(pooling: PointPooling, asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = pooling.problem(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    threads = worthwhile_threads(Work.of(problem), threads)
    memory = pooling.brought(problem) * _HOST_VECTOR * problem.itemsize
    launch = Launch.of(pooling.host_source(problem), (problem.rois, 1, 1), (1, 1), memory, problem.fields)
    return Planned(problem, problem.output_shape, launch, threads)


@kept
def _plan_on_device(pooling: PointPooling, asked: Asked, packed: bool) -> Planned:
    """A call on a GPU, whose arrays are aligned to vectors if they are ``packed``."""
    problem = pooling.problem(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    vector = _vector(problem)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    items = math.prod(problem.bins) * -(-problem.channels // vector)
    slices = min(-(-items // (_ITEMS * DEVICE_THREADS)), _MOST_SLICES)
    grid = (min(problem.rois, _MOST_BLOCKS), slices, 1)
    source = pooling.device_source(problem, packed=packed)
    return Planned(problem, problem.output_shape, Launch.of(source, grid, (DEVICE_THREADS, 1), 0, problem.fields))
