"""The forward of an operator that averages the samples of each bin, in channels of its own.

What is the operator's is a `SelectedPooling`: its rules, and a kernel of its folder in ``cuda/``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..calls.levels import compiled_levels
from ..calls.problem import kept
from ..dialects.choices import Outside
from ..execution.source import specialise
from . import pooling_plan
from .pooling import Planned, Planners, nothing, planned_on_device, planned_on_host
from .pooling_plan import DEVICE_THREADS, Room, Work, device_vector, worthwhile_threads
from .tapped_plan import laid_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..calls.problem import Asked
    from ..calls.sampling import SampledProblem
    from ..execution.source import Source
    from .gathering import Macros
    from .pooling_plan import Plan

PREPARED_BYTES = 160
"""Room for a RoI's ``Prepared`` struct (``cuda/library/pooling/selected_average.cuh``), which asserts it."""

_HOST_VECTOR = 16  # channels of the output, as many as the widest registers have lanes
_PARTS = 8  # that a heavy RoI is split into


@dataclass(frozen=True, slots=True, eq=False)
class SelectedPooling:
    """What an operator adds to the averages of bins that each read channels of their own.

    Attributes:
        operator: Its name: that of its folder in ``cuda/``, and the beginning of its kernel's, ``…_forward``.
        problem: What it makes of what is asked for; ``channels`` are those of the output.
        macros: Those of its rules, for a problem.
    """

    operator: str
    problem: Callable[[Asked], SampledProblem]
    macros: Callable[[SampledProblem], Macros]

    @property
    def planners(self) -> Planners:
        """What its calls are planned by."""
        return Planners(
            lambda asked, threads: _plan_on_host(self, asked, threads),
            lambda asked, packed, multiprocessors: _plan_on_device(self, asked, packed, multiprocessors),
        )

    def host_source(self, problem: SampledProblem) -> Source:
        """The kernel that a CPU runs."""
        levels, vector = compiled_levels(len(problem.heights)), _HOST_VECTOR if problem.layout == "NHWC" else 1
        return self._source(problem, levels, vector, packed=False, rules_at_launch=True)

    def device_source(self, problem: SampledProblem, *, packed: bool) -> Source:
        """The kernel that a GPU runs, for aligned vectors of channels of the output if they are ``packed``."""
        vector = device_vector(problem.dtype, problem.layout)
        return self._source(problem, len(problem.heights), vector, packed=packed, rules_at_launch=False)

    def device_sources(self, problem: SampledProblem) -> list[Source]:
        """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
        alignments = (False, True) if problem.layout == "NHWC" else (False,)
        return [self.device_source(problem, packed=packed) for packed in alignments]

    def workspace_bytes(self, asked: Asked, multiprocessors: int) -> int:
        """How many bytes a GPU with so many multiprocessors needs as ``workspace``."""
        return _plan_on_device(self, asked, False, multiprocessors).workspace_bytes

    def _source(
        self, problem: SampledProblem, levels: int, vector: int, *, packed: bool, rules_at_launch: bool
    ) -> Source:
        """The kernel; ``vector`` is the number of neighbouring channels of the output that a thread takes together (NHWC)."""
        return specialise(
            f"{self.operator}/forward.cu",
            f"{self.operator}_forward",
            problem.dtype,
            (
                *self.macros(problem),
                ("LAYOUT", problem.layout),
                ("LEVELS", levels),
                ("VECTOR", vector),
                ("TOGETHER", vector),
                ("PREPARED_BYTES", PREPARED_BYTES),
                ("THREADS", DEVICE_THREADS),
                ("BLOCKS", blocks_per_multiprocessor(problem.dtype, problem.mode)),
                ("ALIGNED", int(packed)),
            ),
            rules_at_launch=rules_at_launch,
        )


def blocks_per_multiprocessor(dtype: str, mode: str) -> int:
    """How many blocks of `pooling_plan.DEVICE_THREADS` the registers of a multiprocessor must have room for at once.

    Two leave a thread 128 registers, with which nothing is spilled (``benchmarks/operators/ps_roi_align/compiled.json``).
    """
    del dtype, mode
    return 2


def _laid_out(problem: SampledProblem, plan: Callable[[Work, Room], Plan]) -> Plan:
    """A plan with room for the taps of each row and column of bins; what is outside is 0 in all dialects."""
    return laid_out(problem, problem.sampling, Outside.ZERO, PREPARED_BYTES, plan)


@kept
def _plan_on_host(pooling: SelectedPooling, asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = pooling.problem(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    threads = worthwhile_threads(Work.of(problem), threads)
    plan = _laid_out(problem, lambda work, room: pooling_plan.host_plan(work, room, threads))
    return planned_on_host(problem, pooling.host_source(problem), plan, threads)


@kept
def _plan_on_device(pooling: SelectedPooling, asked: Asked, packed: bool, multiprocessors: int) -> Planned:
    """A call on a GPU with so many multiprocessors, whose arrays are aligned to vectors if they are ``packed``."""
    problem = pooling.problem(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    vector = device_vector(problem.dtype, problem.layout)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    source = pooling.device_source(problem, packed=packed)
    parts = 1 if all(problem.sampling) else _PARTS
    plan = _laid_out(
        problem, lambda work, room: pooling_plan.device_plan(work, room, vector, parts=parts, in_lines=False)
    )
    return planned_on_device(problem, source, plan, multiprocessors)
