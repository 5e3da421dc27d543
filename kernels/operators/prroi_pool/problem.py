"""What a call of PrRoIPool asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls.problem import Asked, Problem, common_parts
from ...dialects.prroi_pool import DIALECTS, Dialect, named_dialect

if TYPE_CHECKING:
    from ...staging.gathering import Macros

DEFAULT = "mmcv"
"""The dialect of calls that name none."""

MODE = "avg"
"""What becomes of the surface over a bin."""

RULES: Macros = (("MODE", MODE),)
"""The macros of the rules in a kernel that no dialect changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrRoiPoolProblem(Problem):
    """PrRoIPool of some RoIs.

    Attributes:
        dialect: The rules.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        return cls(**common_parts(asked), dialect=resolve_dialect(asked.dialect))

    @property
    def samples(self) -> int:
        """What a bin reads of a channel, at least, if it is as large as a pixel."""
        return 4

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return self.roi_fields


def resolve_dialect(dialect: str | Dialect | None) -> Dialect:
    """The rules that ``dialect`` of `prroi_pool` asks for."""
    if dialect is None:
        return DIALECTS[DEFAULT]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a prroi_pool.Dialect or the name of one, not {dialect!r}")
    return rules
