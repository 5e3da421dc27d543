"""The vocabulary of rotated poolers of feature pyramids: one choice for every point where public implementations differ.

This module is data, not arithmetic. A rotated RoI is pooled by rotated RoIAlign from one of several maps: how that is chosen are
choices of `multiscale_roi_align`, how the RoI is turned and sampled are choices of `roi_align_rotated`. The formulas behind them
stand in ``conformance/operators/multiscale_roi_align_rotated/RULES.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from . import roi_align_rotated
from .choices import MinSize, Offset
from .multiscale_roi_align import WITHOUT_SIZE, LevelRule, NoLevel
from .roi_align_rotated import QuarterTurns, Turn, Unit
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are ours."""

    level_rule: LevelRule = LevelRule.AXLEARN
    no_level: NoLevel = NoLevel.FIRST
    unit: Unit = Unit.RADIANS
    turn: Turn = Turn.COUNTER_CLOCKWISE
    quarter_turns: QuarterTurns = QuarterTurns.EXACT
    offset: Offset = Offset.HALF
    min_size: MinSize = MinSize.NONE

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist, or no rotated pooler has it.
        """
        take_choices(self, _CHOICES)
        if self.level_rule not in LEVEL_RULES:
            raise ValueError(
                f"no rotated pooler has level_rule={str(self.level_rule)!r}; those that there are: {', '.join(LEVEL_RULES)}"
            )
        self.sampling  # noqa: B018 - refuses what rotated RoIAlign has not

    @property
    def sampling(self) -> roi_align_rotated.Dialect:
        """The dialect of rotated RoIAlign by which boxes are placed on the map of their level and sampled."""
        return roi_align_rotated.Dialect(
            unit=self.unit,
            turn=self.turn,
            quarter_turns=self.quarter_turns,
            offset=self.offset,
            min_size=self.min_size,
        )

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at: there is one ``mode``, and it looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradients of ``mode`` do not look at: they look at all."""
        return self.for_mode(mode)


LEVEL_RULES = (LevelRule.AXLEARN, LevelRule.DETECTRON2, LevelRule.MMDETECTION)
"""The rules by which rotated boxes are given levels: nothing is added to the size, or what detectron2 and mmdetection add."""

_CHOICES: Mapping[str, type[StrEnum]] = {
    "level_rule": LevelRule,
    "no_level": NoLevel,
    "unit": Unit,
    "turn": Turn,
    "quarter_turns": QuarterTurns,
    "offset": Offset,
    "min_size": MinSize,
}


def composed(rule: LevelRule, sampling: roi_align_rotated.Dialect) -> Dialect:
    """The dialect that chooses levels by a rule, and samples as one of rotated RoIAlign."""
    return Dialect(
        level_rule=rule,
        no_level=WITHOUT_SIZE[rule],
        unit=sampling.unit,
        turn=sampling.turn,
        quarter_turns=sampling.quarter_turns,
        offset=sampling.offset,
        min_size=sampling.min_size,
    )


def _named(rule: LevelRule, sampling: str) -> Dialect:
    return composed(rule, roi_align_rotated.DIALECTS[sampling])


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "roikit": _named(LevelRule.AXLEARN, "roikit"),
        "roikit-clockwise": _named(LevelRule.AXLEARN, "roikit-clockwise"),
        "roikit-legacy": _named(LevelRule.AXLEARN, "roikit-legacy"),
        "roikit-legacy-clockwise": _named(LevelRule.AXLEARN, "roikit-legacy-clockwise"),
        "detectron2": _named(LevelRule.DETECTRON2, "detectron2"),
        "mmrotate": _named(LevelRule.MMDETECTION, "mmcv"),
        "mmrotate-clockwise": _named(LevelRule.MMDETECTION, "mmcv-clockwise"),
    }
)
"""The named dialects: detectron2's ``ROIPooler`` of type ``ROIAlignRotated``, and mmrotate's ``RotatedSingleRoIExtractor`` of
layers ``RoIAlignRotated``, as mmcv makes them and as mmrotate's configurations do, ``clockwise``."""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="multiscale_roi_align_rotated")
