"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of the command, as typed."""

    names: Sequence[str]
    operators: Sequence[str]
    callables: Sequence[str]
    arrays: str
    dialects: Sequence[str]
    patterns: Sequence[str]
    edition: str | None
    size: str
    full: bool
    dtypes: Sequence[str]
    layouts: Sequence[str]
    output: Path | None
    junit: Path | None
    markdown: Path | None
    pythons: Sequence[str]
    timeout: float
    jobs: int
    verbose: bool
    workers: Sequence[str] = ()
    cases: Path | None = None
    deviations: Path | None = None
    fail_on: Sequence[str] = ()
    baseline: Path | None = None
    badge: Path | None = None
    github: bool | None = None
    once: bool = False
    fail_fast: bool = False
    diagnose: bool | None = None
    diagnose_seconds: float | None = None

    @property
    def quick(self) -> bool:
        """Whether the quick tier is run: unless everything, or cases by name, or huge ones are asked for."""
        return not (self.full or self.patterns or self.cases or self.size == "huge")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the calls that an implementation could make are made; empty means all, or those of the ``quick`` tier."""

    dtypes: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    quick: bool = False
