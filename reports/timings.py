"""What a record of benchmarks timed, as reports show it: a machine has groups of workloads, and these have timings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .model import operator_title
from .tables import OURS, is_calm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .files import Record


@dataclass(frozen=True, slots=True)
class Timing:
    """An entry of a workload: what was timed, and how much faster ours is than it."""

    library: str
    layout: str
    dtype: str
    dialect: str
    """Whose rules it follows; empty if those of the workload."""
    verdict: str
    reason: str
    times: Mapping[str, Mapping[str, float]]
    """By kind of time, such as with hot or cold caches: the median and its spread, in seconds."""
    ns: Mapping[str, float]
    """By kind of time: nanoseconds per element of the output."""
    floor: Mapping[str, float]
    """By kind of time: the floor that the memory's rate sets, as a fraction of the time."""
    faster: Mapping[str, str]
    """By kind of time: how many times as fast ours is in the same layout and data type; "≈" if that is noise."""

    @property
    def is_ours(self) -> bool:
        """Whether it is roikit's."""
        return self.library == OURS

    @property
    def is_correct(self) -> bool:
        """Whether the result that was timed was within its bound of the exact one."""
        return self.verdict == "correct"


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload of an operation on a machine, in one number of threads; ``about`` is the row of the record."""

    about: Mapping[str, Any]
    timings: list[Timing]

    @property
    def is_calm(self) -> bool:
        """Whether nothing disturbed it, so that its times can be believed."""
        return is_calm(self.about)


@dataclass(frozen=True, slots=True)
class Group:
    """The workloads of an operation of an operator in one place, and their drawings: of times, and of fractions of the floor."""

    operator: str
    operation: str
    place: str
    workloads: list[Workload]
    figure: str
    floors: str

    @property
    def title(self) -> str:
        """The operator as texts call it, and the operation."""
        return f"{operator_title(self.operator)} {self.operation}"


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, and what its newest record says: ``versions`` are those of the libraries that were timed."""

    name: str
    record: Record
    groups: list[Group]
    versions: Mapping[str, str]

    @property
    def has_floors(self) -> bool:
        """Whether its rates were measured, so that times are held against a floor."""
        return any(group.floors for group in self.groups)
