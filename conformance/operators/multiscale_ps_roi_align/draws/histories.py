"""Histories of PSRoIAlign on pyramids: those of poolers, on maps with channels for each bin."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...multiscale_roi_align.draws.histories import HISTORIES as OF_POOLERS
from ...ps_roi_align.selection import channels_of
from ..claims import rules_of
from ..oracle.answers import PsPyramidOracle
from . import sizes, systematic

if TYPE_CHECKING:
    from ....draw import Draw
    from ....histories import History


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    """What histories count are channels of the output."""
    images, channels, *size = shape
    bins = math.prod(OF_POOLERS.given["output_size"])
    return OF_POOLERS.values(chance, history, (images, channels * bins, *size))


HISTORIES = replace(
    OF_POOLERS,
    asked=tuple((f"mp{prefix.removeprefix('ms')}", operation, mode) for prefix, operation, mode in OF_POOLERS.asked),
    values=_map,
    draw_large=sizes.draw,
    rules_of=rules_of,
    suits_small=systematic.suits,
    suits_large=sizes.suits,
    oracle=PsPyramidOracle(),
    channels_of=channels_of,
)
