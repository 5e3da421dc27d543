"""How a dialect of poolers of rotated boxes is read off an implementation.

By boxes on maps that differ, and by rotated RoIAlign's probes on one map.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ...roi_align_rotated.probes import calls as of_rotated
from ..call import RotatedPyramidCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping


class RotatedPyramidProbes(CallProbes):
    """The probes of poolers of rotated boxes."""

    kind = RotatedPyramidCall
    points: Mapping[str, str] = MappingProxyType(
        {
            "level_rule": "MR-3",
            "no_level": "MR-5",
            "unit": "MR-6",
            "turn": "MR-6",
            "quarter_turns": "MR-6",
            "offset": "MR-6",
            "min_size": "MR-6",
        }
    )
    size = of_rotated.SIZE
    probes = calls.PROBES
