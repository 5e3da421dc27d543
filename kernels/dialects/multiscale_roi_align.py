"""The vocabulary of poolers of feature pyramids: one choice for every point where public implementations differ.

This module is data, not arithmetic. A RoI is pooled by RoIAlign from one of several maps: how that is chosen has choices of its
own, how the RoI is sampled has RoIAlign's. The formulas behind them stand in
``conformance/operators/multiscale_roi_align/RULES.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from . import roi_align
from .choices import MinSize, Offset
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping


class LevelRule(StrEnum):
    """How a box becomes a level. ``size`` is ``sqrt(width * height) / canonical_size``, with corners in image pixels."""

    TORCHVISION = "torchvision"
    """``floor(canonical_level + log2(size) + 1e-6)``"""
    DETECTRON2 = "detectron2"
    """``floor(canonical_level + log2(size + 1e-8))``"""
    MMDETECTION = "mmdetection"
    """``floor(log2(size + 1e-6))`` levels above the first, with a canonical size of 56"""
    MASKRCNN_BENCHMARK = "maskrcnn-benchmark"
    """``floor(canonical_level + log2(size + 1e-6))``, with 1 added to width and height"""
    MATTERPORT = "matterport"
    """``canonical_level + round(log2(size))``, halves to even"""
    AXLEARN = "axlearn"
    """``canonical_level + floor(log2(size))``"""


class NoLevel(StrEnum):
    """MS-6: what becomes of a box of negative area, which has no size."""

    ZERO = "zero"
    """It is on none of the levels: its output is 0, and it sends nothing back."""
    FIRST = "first"
    """It is on the first level."""


WITHOUT_SIZE: Mapping[LevelRule, NoLevel] = MappingProxyType(
    {rule: NoLevel.FIRST if rule in (LevelRule.MATTERPORT, LevelRule.AXLEARN) else NoLevel.ZERO for rule in LevelRule}
)
"""What becomes of a box of negative area where libraries choose levels by a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are torchvision's."""

    level_rule: LevelRule = LevelRule.TORCHVISION
    no_level: NoLevel = NoLevel.ZERO
    offset: Offset = Offset.NONE
    min_size: MinSize = MinSize.ONE

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist.
        """
        take_choices(self, _CHOICES)

    @property
    def sampling(self) -> roi_align.Dialect:
        """The dialect of RoIAlign by which boxes are placed on the map of their level and sampled."""
        return roi_align.Dialect(offset=self.offset, min_size=self.min_size)

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at: there is one ``mode``, and it looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradient of ``mode`` does not look at: it looks at all."""
        del mode
        return self


_CHOICES: Mapping[str, type[StrEnum]] = {
    "level_rule": LevelRule,
    "no_level": NoLevel,
    "offset": Offset,
    "min_size": MinSize,
}


def _levels(rule: LevelRule, *, aligned: bool) -> Dialect:
    placed = (Offset.HALF, MinSize.NONE) if aligned else (Offset.NONE, MinSize.ONE)
    return Dialect(level_rule=rule, no_level=WITHOUT_SIZE[rule], offset=placed[0], min_size=placed[1])


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "torchvision": _levels(LevelRule.TORCHVISION, aligned=False),
        "roikit-aligned": _levels(LevelRule.TORCHVISION, aligned=True),
        "detectron2": _levels(LevelRule.DETECTRON2, aligned=True),
        "detectron2-legacy": _levels(LevelRule.DETECTRON2, aligned=False),
        "mmdetection": _levels(LevelRule.MMDETECTION, aligned=True),
        "mmdetection-legacy": _levels(LevelRule.MMDETECTION, aligned=False),
        "maskrcnn-benchmark": _levels(LevelRule.MASKRCNN_BENCHMARK, aligned=False),
        "roikit-matterport": _levels(LevelRule.MATTERPORT, aligned=True),
        "roikit-axlearn": _levels(LevelRule.AXLEARN, aligned=True),
    }
)
"""The named dialects. Those that begin with ``roikit`` choose levels as a library does, and sample as RoIAlign: torchvision's
pooler has no ``aligned``, matterport's Mask R-CNN pools by crop_and_resize, and axlearn has a RoIAlign of its own."""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="multiscale_roi_align")
