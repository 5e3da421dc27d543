"""How a dialect of crop_and_resize is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ..call import CropAndResizeCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....findings import Detection, Readings
    from ....probing import Predictions


class CropAndResizeProbes(CallProbes):
    """The probes of crop_and_resize. What they tell is worked out by modules that are loaded when they are asked."""

    kind = CropAndResizeCall
    points: Mapping[str, str] = MappingProxyType({"last_point": "CR-2", "knot": "CR-8", "nearest_slope": "CR-8"})
    size = calls.SIZE
    probes = calls.PROBES

    @property
    def predictions(self) -> Predictions:
        """What a probe may give under a dialect, in a data type, of an operation."""
        from .prediction import predictions

        return predictions

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings say."""
        from .decision import detect

        return detect(readings.forward, dtype)
