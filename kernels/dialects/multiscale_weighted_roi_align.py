"""The vocabulary of weighted RoIAlign on feature pyramids: one choice for every point where those it is put together of differ.

This module is data, not arithmetic. A RoI is pooled by weighted RoIAlign from one of several maps: how that is chosen are choices
of `multiscale_roi_align`, where boxes lie and how they are sampled are choices of `weighted_roi_align`. The formulas behind them
stand in ``conformance/operators/multiscale_weighted_roi_align/RULES.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from . import roi_align, weighted_roi_align
from .multiscale_roi_align import WITHOUT_SIZE, LevelRule, NoLevel
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect(weighted_roi_align.Dialect):
    """One choice per decision point: those of poolers, and weighted RoIAlign's. The defaults are torchvision's."""

    level_rule: LevelRule = LevelRule.TORCHVISION
    no_level: NoLevel = NoLevel.ZERO

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist, or ``max_start`` is no number that float32 can hold.
        """
        super(Dialect, self).__post_init__()  # of slots there is a class made anew
        take_choices(self, _CHOICES)

    @property
    def pooling(self) -> weighted_roi_align.Dialect:
        """The dialect of weighted RoIAlign by which boxes are pooled from the map of their level."""
        return weighted_roi_align.Dialect(**{each.name: getattr(self, each.name) for each in fields(roi_align.Dialect)})

    @property
    def sampling(self) -> weighted_roi_align.Dialect:
        """That by which boxes are placed on the map of their level and sampled: the same."""
        return self.pooling


_CHOICES: Mapping[str, type[StrEnum]] = {"level_rule": LevelRule, "no_level": NoLevel}


def composed(rule: LevelRule, pooling: roi_align.Dialect) -> Dialect:
    """The dialect that chooses levels by a rule, and pools as one of weighted RoIAlign."""
    choices = {each.name: getattr(pooling, each.name) for each in fields(roi_align.Dialect)}
    return Dialect(level_rule=rule, no_level=WITHOUT_SIZE[rule], **choices)


def _named(rule: LevelRule, pooling: str) -> Dialect:
    return composed(rule, weighted_roi_align.DIALECTS[pooling])


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "torchvision": _named(LevelRule.TORCHVISION, "torchvision"),
        "roikit-aligned": _named(LevelRule.TORCHVISION, "torchvision-aligned"),
        "detectron2": _named(LevelRule.DETECTRON2, "detectron2"),
        "detectron2-legacy": _named(LevelRule.DETECTRON2, "torchvision"),
        "mmdetection": _named(LevelRule.MMDETECTION, "mmcv"),
        "mmdetection-legacy": _named(LevelRule.MMDETECTION, "mmcv-legacy"),
        "maskrcnn-benchmark": _named(LevelRule.MASKRCNN_BENCHMARK, "torchvision"),
        "roikit-matterport": _named(LevelRule.MATTERPORT, "torchvision-aligned"),
        "roikit-axlearn": _named(LevelRule.AXLEARN, "torchvision-aligned"),
        "roikit-onnx-16": _named(LevelRule.AXLEARN, "onnx-16"),
        "roikit-openvino": _named(LevelRule.AXLEARN, "openvino-half-pixel-for-nn"),
    }
)
"""The named dialects: those of `multiscale_roi_align`, and two that sample otherwise.

No library has weighted RoIAlign of a pyramid ready: they are what comes of a library's way to choose levels, and of the RoIAlign
by which its users put weights in.

``torchvision``: ``LevelMapper`` of ``MultiScaleRoIAlign``, and ``roi_align``, level by level, of weighed maps and of weights.
``detectron2``: ``assign_boxes_to_levels``, and its ``ROIAlign``; ``-legacy`` with ``aligned=False``. ``mmdetection``:
``SingleRoIExtractor``, and the RoIAlign of mmcv that it makes, whose maxima begin at -10000; ``-legacy`` likewise.
``maskrcnn-benchmark``: its ``Pooler``. Those that begin with ``roikit`` choose levels as one library does, and sample as another.
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="multiscale_weighted_roi_align")
