"""Which choice an implementation makes at each decision point, of what was read off it (`deduction`)."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.ps_roi_pool import DIALECTS, Corners, Dialect
from ....deduction import Detective
from .prediction import GEOMETRIES, predictions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....findings import Choice, Detection, Reading
    from .calls import Probe

POINTS = tuple(field.name for field in fields(Dialect))
"""The decision points."""


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings of a forward say."""
    return _Detective(readings, dtype).report()


class _Detective(Detective):
    dialects = DIALECTS
    points = POINTS
    not_seen = "not looked at where RoIs are no whole feature pixels"
    predictions = staticmethod(predictions)

    @cached_property
    def remaining(self) -> list[Any]:
        scores = [sum(self.fits(probe, each) is True for probe in self.values) for each in GEOMETRIES]
        return [each for each, score in zip(GEOMETRIES, scores, strict=True) if score == max(scores)]

    @cached_property
    def explained(self) -> list[Any]:
        return [probe for probe in self.values if any(self.fits(probe, each) is True for each in GEOMETRIES)]

    def left(self, point: str) -> tuple[Choice, ...]:
        if not self.values or (point == "edges" and self.best.corners != Corners.AFTER_SCALE):
            return ()
        return tuple(dict.fromkeys(getattr(dialect, point) for dialect in self.remaining))
