"""Which choice an implementation makes at each decision point, of what was read off it (`probing`)."""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from .....kernels.dialects.crop_and_resize import DIALECTS, Dialect
from ....probing import CallDetective, combinations
from .calls import LAST_POINTS, OF_NEAREST, ON_PIXELS
from .prediction import is_beyond, predictions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....findings import Choice, Detection, Reading
    from .calls import Probe


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings say."""
    return _Detective(readings, dtype).report()


class _Detective(CallDetective):
    dialects = DIALECTS
    points = tuple(field.name for field in fields(Dialect))
    not_seen = "no gradient for boxes is offered"
    predictions = staticmethod(predictions)
    candidates = combinations(Dialect)
    shown_by = MappingProxyType(
        {
            "last_point": LAST_POINTS.__contains__,
            "knot": ON_PIXELS.__eq__,
            "nearest_slope": OF_NEAREST.__eq__,
        }
    )

    def left(self, point: str) -> tuple[Choice, ...]:
        if point == "last_point" and not any(is_beyond(probe, self.dtype) for probe in self.explained):
            return ()
        return super().left(point)
