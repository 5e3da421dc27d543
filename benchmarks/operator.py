"""What an operator is here: what is timed of it and on what, who takes part, and what results and times are held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

    from .measuring.contestant import Contestants
    from .measuring.device_contestant import DeviceContestants, PrepareOnDevice
    from .measuring.exercise import Exercise
    from .measuring.floors import Floor, Rates
    from .measuring.judgement import Reference
    from .measuring.problem import Problem, Row


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """Which kernels of an operator the assembler is asked about.

    Attributes:
        specialisations: Their names.
        facts: Names of what is known of each.
        of: The facts of a specialisation for an architecture, by name.
        summary: A line that says what matters of the facts of a specialisation.
    """

    specialisations: tuple[str, ...]
    facts: tuple[str, ...]
    of: Callable[[str, str], dict[str, Any]]
    summary: Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator, for those who time it.

    Attributes:
        name: Of its folders, and in records.
        operations: What is timed of a row; the first is the operator itself. Each member says under which ``dialect`` its results
            are judged, and what a call works on (``calls``: "one per level" or "all levels in one").
        cpu_rows: The rows on a CPU, by name.
        gpu_rows: The rows on a GPU, under the same names.
        parameters: Those parameters of a row that only this operator has, by name.
        reference: What an operation should give for a problem, worked out by so many processes.
        geometry: What the calls of an operation touch: a dataclass of counts.
        floor: The least time of an operation on a GPU, given these counts and the size of an element.
        visited: How many elements an operation visits of what there are copies of (`DeviceContestants.inputs`).
        cpu: Who takes part on a CPU.
        gpu: Who takes part on a GPU.
        golden_dialects: The dialects whose golden cases ours must pass before a time is believed.
        exercise: What runs under sanitizers and the profiler.
        probes: First measurements on a GPU, by the names of their steps.
        assembled: Which of its kernels the assembler is asked about.
        common: How the kernel that most libraries have, in our own words, is prepared on a GPU for the operations that it has; it
            raises `ValueError` for layouts and data types that it lacks. What is counted of ours is compared with it.
    """

    name: str
    operations: type[StrEnum]
    cpu_rows: dict[str, Row]
    gpu_rows: dict[str, Row]
    parameters: Callable[[Any], dict[str, Any]]
    reference: Callable[[Problem, int, Any], Reference]
    geometry: Callable[[Problem, Any], Any]
    floor: Callable[[Problem, Any, int, Rates, Any], Floor]
    visited: Callable[[Problem, Any, Any], int]
    cpu: Contestants
    gpu: DeviceContestants
    golden_dialects: tuple[str, ...]
    exercise: Exercise
    probes: Mapping[str, Callable[[], dict[str, Any]]] = field(default_factory=dict)
    assembled: Assembled | None = None
    common: Mapping[Any, PrepareOnDevice] = field(default_factory=dict)

    @property
    def itself(self) -> StrEnum:
        """The first of its operations."""
        return next(iter(self.operations))
