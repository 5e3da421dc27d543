"""How a dialect of rotated RoIAlign is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ..call import RotatedCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping


class RotatedProbes(CallProbes):
    """The probes of rotated RoIAlign."""

    kind = RotatedCall
    points: Mapping[str, str] = MappingProxyType(
        {
            "unit": "RR-3",
            "turn": "RR-3",
            "quarter_turns": "RR-4",
            "offset": "RR-2",
            "min_size": "RR-5",
        }
    )
    size = calls.SIZE
    probes = calls.PROBES
