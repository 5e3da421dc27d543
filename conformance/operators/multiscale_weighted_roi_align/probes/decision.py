"""Which dialect readings fit: what weighted RoIAlign's say of sampling, and the levels that boxes are pooled from."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects import roi_align
from .....kernels.dialects.multiscale_weighted_roi_align import DIALECTS, Dialect
from .....kernels.dialects.weighted_roi_align import DIALECTS as OF_WEIGHTED
from ...multiscale_roi_align.probes.asking import sampled
from ...multiscale_roi_align.probes.decision import Levels
from ...roi_align.probes.composed import nearest
from ...weighted_roi_align.probes.decision import detect as detect_pooling

if TYPE_CHECKING:
    from ....findings import Detection, Readings


def detect(readings: Readings, dtype: str) -> Detection:
    """What readings of a forward say."""
    found, levels = detect_pooling(sampled(readings).forward, dtype), Levels(readings, dtype)
    is_sound = found.is_sound and levels.are_sound
    decisions = (*levels.decisions, *found.decisions) if found.decisions else ()
    names = tuple(name for name in DIALECTS if _fits(name, found, levels)) if is_sound else ()
    near, differences = (None, ()) if names or not decisions else nearest(DIALECTS, decisions)
    return replace(
        found, decisions=decisions, names=names, nearest=near, differences=differences,
        unexplained=(*found.unexplained, *levels.strange), unsupported=(*found.unsupported, *levels.unsupported),
        best=None if found.best is None else _composed(levels, found.best), is_sound=is_sound,
    )  # fmt: skip


def _fits(name: str, found: Detection, levels: Levels) -> bool:
    """Whether a dialect pools as one of weighted RoIAlign's names that were found, and has the levels that were."""
    rules: Any = DIALECTS[name]
    return rules.pooling in [OF_WEIGHTED[known] for known in found.names] and levels.fit(rules)


def _composed(levels: Levels, pooling: roi_align.Dialect) -> Dialect:
    choices = {each.name: getattr(pooling, each.name) for each in fields(roi_align.Dialect)}
    return Dialect(level_rule=levels.best.level_rule, no_level=levels.best.no_level, **choices)
