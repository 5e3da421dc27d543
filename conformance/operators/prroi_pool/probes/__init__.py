"""How a dialect of PrRoIPool is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ..call import PrRoiPoolCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....findings import Detection, Readings
    from ....probing import Predictions


class PrRoiPoolProbes(CallProbes):
    """The probes of PrRoIPool. What they tell is worked out by modules that are loaded when they are asked."""

    kind = PrRoiPoolCall
    points: Mapping[str, str] = MappingProxyType({"flat_box": "PR-8"})
    size = calls.SIZE
    probes = calls.PROBES

    @property
    def predictions(self) -> Predictions:
        """What a probe may give under a dialect, in a data type, of an operation."""
        from .decision import predictions

        return predictions

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings say."""
        from .decision import detect

        return detect(readings.forward, dtype)
