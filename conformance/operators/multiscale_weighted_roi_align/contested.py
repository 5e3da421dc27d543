"""What is contested about weighted RoIAlign on pyramids: what is of RoIAlign, the meaning of ``mode="max"`` (MW-6)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from ....kernels.dialects.choices import Max
from ....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from ..roi_align import contested
from .oracle.answers import name_of

if TYPE_CHECKING:
    from ....kernels.dialects.multiscale_weighted_roi_align import Dialect


@cache
def other_readings(dialect: str) -> tuple[str, ...]:
    """A name of each dialect that differs from this one in the meaning of a maximum only."""
    mine, found = DIALECTS[dialect].for_mode("max"), dict[object, str]()
    for name, other in DIALECTS.items():
        if _without_max(other) == _without_max(mine) and other.for_mode("max") != mine:
            found.setdefault(other.for_mode("max"), name)
    return tuple(found.values())


def _without_max(choices: Dialect) -> Dialect:
    return replace(choices.for_mode("max"), max=Max.SAMPLE, max_start=None)


MAXIMUM = replace(
    contested.MAXIMUM,
    rule="MW-6",
    describe=lambda name: contested.describe(name_of(DIALECTS[name])),
    others=other_readings,
)
"""What a maximum is the maximum of."""
