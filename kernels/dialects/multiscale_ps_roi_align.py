"""The vocabulary of PSRoIAlign on feature pyramids: one choice for every point where those it is put together of differ.

This module is data, not arithmetic. A RoI is pooled by PSRoIAlign from one of several maps: how that is chosen are choices of
`multiscale_roi_align`, which channels are read and how bins are sampled are choices of `ps_roi_align`. The formulas behind them
stand in ``conformance/operators/multiscale_ps_roi_align/RULES.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from . import multiscale_roi_align, ps_roi_align
from .choices import EmptyGrid, MinSize, Offset
from .multiscale_roi_align import WITHOUT_SIZE, LevelRule, NoLevel
from .ps_roi_align import ChannelOrder
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from . import roi_align


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect(multiscale_roi_align.Dialect):
    """One choice per decision point: those of poolers, and PSRoIAlign's. The defaults are ours."""

    level_rule: LevelRule = LevelRule.AXLEARN
    no_level: NoLevel = NoLevel.FIRST
    offset: Offset = Offset.HALF
    min_size: MinSize = MinSize.NONE
    channels: ChannelOrder = ChannelOrder.CLASS_MAJOR
    empty_grid: EmptyGrid = EmptyGrid.ZERO

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist.
        """
        take_choices(self, _CHOICES)

    @property
    def pooling(self) -> ps_roi_align.Dialect:
        """The dialect of PSRoIAlign by which boxes are pooled from the map of their level."""
        return ps_roi_align.Dialect(
            channels=self.channels, offset=self.offset, min_size=self.min_size, empty_grid=self.empty_grid
        )

    @property
    def sampling(self) -> roi_align.Dialect:
        """The dialect of RoIAlign by which boxes are placed on the map of their level and sampled."""
        return self.pooling.sampling

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at: there is one ``mode``, and it looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradients of ``mode`` do not look at."""
        return replace(self, empty_grid=self.pooling.for_gradient(mode).empty_grid)


_CHOICES: Mapping[str, type[StrEnum]] = {
    "level_rule": LevelRule,
    "no_level": NoLevel,
    "channels": ChannelOrder,
    "offset": Offset,
    "min_size": MinSize,
    "empty_grid": EmptyGrid,
}


def composed(rule: LevelRule, pooling: ps_roi_align.Dialect) -> Dialect:
    """The dialect that chooses levels by a rule, and pools as one of PSRoIAlign."""
    return Dialect(
        level_rule=rule,
        no_level=WITHOUT_SIZE[rule],
        channels=pooling.channels,
        offset=pooling.offset,
        min_size=pooling.min_size,
        empty_grid=pooling.empty_grid,
    )


def _named(rule: LevelRule, pooling: str) -> Dialect:
    return composed(rule, ps_roi_align.DIALECTS[pooling])


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "roikit": _named(LevelRule.AXLEARN, "roikit"),
        "roikit-bin-major": _named(LevelRule.AXLEARN, "roikit-bin-major"),
        "torchvision": _named(LevelRule.TORCHVISION, "torchvision"),
        "mmdetection": _named(LevelRule.MMDETECTION, "torchvision"),
        "detectron2": _named(LevelRule.DETECTRON2, "torchvision"),
        "gluoncv": _named(LevelRule.MASKRCNN_BENCHMARK, "mxnet"),
    }
)
"""The named dialects. No library has PSRoIAlign of a pyramid ready: but for ours they are what comes of a library's way to choose
levels, and of the PSRoIAlign that its users have.

``torchvision``: ``LevelMapper`` of ``MultiScaleRoIAlign``, and ``ps_roi_align``, level by level. ``mmdetection``:
``SingleRoIExtractor``, whose ``roi_layer`` may be of any class, torchvision's ``PSRoIAlign`` among them. ``detectron2``:
``assign_boxes_to_levels``, and torchvision's ``ps_roi_align``, level by level, since ``ROIPooler`` makes no such layer.
``gluoncv``: how GluonCV's Faster R-CNN chooses levels, and the operator that it calls for each, MXNet's ``contrib.ROIAlign``,
with ``position_sensitive=True``.
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="multiscale_ps_roi_align")
