"""The vocabulary of rotation-invariant RoIAlign's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. Where boxes lie and how they are sampled has rotated RoIAlign's choices. The formulas behind
each choice stand in ``conformance/operators/riroi_align_rotated/RULES.md``; the rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from . import roi_align_rotated
from .choices import MinSize, Offset
from .roi_align_rotated import QuarterTurns, Turn
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are ours; but for quarter turns they are mmcv's."""

    turn: Turn = Turn.COUNTER_CLOCKWISE
    quarter_turns: QuarterTurns = QuarterTurns.EXACT

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist.
        """
        take_choices(self, _CHOICES)

    @property
    def sampling(self) -> roi_align_rotated.Dialect:
        """RI-1: the dialect of rotated RoIAlign by which boxes are placed and sampled."""
        return roi_align_rotated.Dialect(
            turn=self.turn, quarter_turns=self.quarter_turns, offset=Offset.NONE, min_size=MinSize.ONE
        )

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at; there is one ``mode``, which looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradients of ``mode`` do not look at."""
        return self.for_mode(mode)


_CHOICES: Mapping[str, type[StrEnum]] = {"turn": Turn, "quarter_turns": QuarterTurns}

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "roikit": Dialect(),
        "roikit-clockwise": Dialect(turn=Turn.CLOCKWISE),
        "mmcv": Dialect(quarter_turns=QuarterTurns.COMPUTED),
        "mmcv-clockwise": Dialect(turn=Turn.CLOCKWISE, quarter_turns=QuarterTurns.COMPUTED),
    }
)
"""The named dialects. A bare name is what the library does by default; ``clockwise`` is mmcv's argument of that name."""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="riroi_align_rotated")
