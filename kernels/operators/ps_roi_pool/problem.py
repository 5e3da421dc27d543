"""What a call of PSRoIPool asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls.problem import Asked, Problem, common_parts
from ...calls.selected import SelectedGradient, channels_of
from ...dialects.choices import BinEdges
from ...dialects.ps_roi_pool import DIALECTS, Corners, Dialect, named_dialect

if TYPE_CHECKING:
    from ...staging.gathering import Macros

DEFAULT = "roikit"
"""The dialect of calls that name none: torchvision's, but that no data type gives a bin other pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PsRoiPoolProblem(Problem):
    """PSRoIPool of some RoIs. ``channels`` are those of the output, and the maps have as many for each bin.

    Attributes:
        dialect: The rules.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        parts = common_parts(asked)
        parts["channels"] = channels_of(parts["channels"], parts["bins"])
        return cls(**parts, dialect=resolve_dialect(asked.dialect))

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return self.roi_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientProblem(SelectedGradient):
    """The gradient of PSRoIPool for the maps.

    Attributes:
        dialect: The rules.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        parts = common_parts(asked)
        channels_of(parts["channels"], parts["bins"])
        return cls(**parts, dialect=resolve_dialect(asked.dialect))

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return self.roi_fields


def resolve_dialect(dialect: str | Dialect | None) -> Dialect:
    """The rules that ``dialect`` of `ps_roi_pool` asks for."""
    if dialect is None:
        return DIALECTS[DEFAULT]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a ps_roi_pool.Dialect or the name of one, not {dialect!r}")
    return rules


def rule_macros(rules: Dialect, dtype: str) -> Macros:
    """The macros by which a kernel for maps of ``dtype`` knows a dialect.

    Edges that are no whole numbers are formed in double precision: no call is judged in which that matters.
    """
    edges = dtype if rules.edges == BinEdges.MAP else rules.edges
    return (
        ("MODE", "avg"),
        ("CORNERS", rules.corners),
        ("MIN_SIZE", rules.min_size),
        ("EDGES", edges if rules.corners == Corners.AFTER_SCALE else BinEdges.EXACT),
        ("CLIP", rules.clip),
        ("CHANNEL_ORDER", "class_major"),
    )
