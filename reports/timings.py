"""Timings of a record, as reports show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    verdict: str
    reason: str
    times: Mapping[str, Mapping[str, float]]
    ns: Mapping[str, float]
    floor: Mapping[str, float]
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
    """A workload of an operation on a machine, in one number of threads."""

    about: Mapping[str, Any]
    timings: list[Timing]

    @property
    def is_calm(self) -> bool:
        """Whether it can be believed."""
        return is_calm(self.about)


@dataclass(frozen=True, slots=True)
class Group:
    """The workloads of an operation in one place, and their drawing."""

    operation: str
    place: str
    workloads: list[Workload]
    figure: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine: its newest record and what that says."""

    name: str
    record: Record
    groups: list[Group]
    roofline: str
    versions: Mapping[str, str]
