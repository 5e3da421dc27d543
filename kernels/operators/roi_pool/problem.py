"""What a call of RoIPool asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls.problem import Asked, Problem, common_parts
from ...dialects.choices import BinEdges
from ...dialects.roi_pool import DIALECTS, Dialect, NanPixel, named_dialect

if TYPE_CHECKING:
    from ...staging.gathering import Macros

DEFAULT = "roikit"
"""The dialect of calls that name none: edges in whole numbers, so that no data type gives a bin other pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiPoolProblem(Problem):
    """RoIPool of some RoIs.

    Attributes:
        dialect: The rules.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        return cls(**common_parts(asked), dialect=resolve_dialect(asked.dialect))

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return self.roi_fields


def resolve_dialect(dialect: str | Dialect | None) -> Dialect:
    """The rules that ``dialect`` of `roi_pool` asks for."""
    if dialect is None:
        return DIALECTS[DEFAULT]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a roi_pool.Dialect or the name of one, not {dialect!r}")
    return rules


def rule_macros(rules: Dialect, mode: str, dtype: str) -> Macros:
    """The macros by which a kernel for maps of ``dtype`` knows a dialect."""
    skips = rules.nan in (NanPixel.SKIPPED, NanPixel.UNKNOWN)
    return (
        ("MODE", mode),
        ("SNAP", rules.snap),
        ("END", rules.end),
        ("MIN_SIZE", rules.min_size),
        ("EDGES", dtype if rules.edges == BinEdges.MAP else rules.edges),
        ("SHIFT", rules.shift),
        ("EMPTY", rules.empty),
        ("START", rules.start),
        ("NAN", NanPixel.SKIPPED if skips else rules.nan),
    )
