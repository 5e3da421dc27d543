"""What is contested about weighted RoIAlign: what is of RoIAlign, where libraries read ``mode="max"`` differently (SW-13)."""

from __future__ import annotations

from dataclasses import replace

from ....kernels.dialects.weighted_roi_align import DIALECTS
from ..roi_align import contested


def other_readings(dialect: str) -> tuple[str, ...]:
    """Names of dialects that differ from this one in the meaning of a maximum only."""
    return tuple(name for name in contested.other_readings(dialect) if name in DIALECTS)


MAXIMUM = replace(contested.MAXIMUM, rule="SW-13", others=other_readings)
"""What a maximum is the maximum of."""
