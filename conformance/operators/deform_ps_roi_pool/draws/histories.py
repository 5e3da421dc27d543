"""Histories of deformable PSRoIPool: what its calls are, and what they change to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....placing import integers, number
from ....sizing import Size
from ...deform_roi_pool.draws.placements import offsets
from ..call import groups_of
from ..claims import rules_of
from ..oracle.face import ORACLE
from . import sizes, systematic
from .placements import PLACEMENTS

if TYPE_CHECKING:
    from ....draw import Draw

_BINS, _GROUPS, _SCALE = (2, 2), (2, 1), Fraction(1, 2)
_PLACES = ("high", "within", "low")


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    del history
    images, channels, *size = shape
    # What histories count are channels of the output.
    return integers(chance, (images, channels * _GROUPS[0] * _GROUPS[1], *size), range(-8, 9))


def _channels(arguments: dict[str, Any]) -> int:
    """How many channels an output has."""
    channels: int = arguments["input"]["shape"][1]
    return channels // math.prod(groups_of(arguments))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    del history
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in _PLACES]
    return [spot.row(chance, IMAGES - 1 - k % IMAGES, SIZE, _BINS, [_SCALE] * 2) for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    # What an offset gets adds up over channels, and must be exact in float32.
    channels = 3 if history.operation == Operation.OFFSET_GRADIENT else 129
    bins, pixels = ((1, 4), (10, 9)) if other else ((2, 2), (9, 10))
    return Size(history.id, "", bins, 1, pixels, 3, channels, 147, "avg", history.operation, coarse=True)


@dataclass(frozen=True)
class _Moved(Histories):
    """Histories that have an offset for each bin."""

    def _arguments(self, chance: Any, history: History) -> dict[str, Any]:
        arguments = super()._arguments(chance, history)
        return {**arguments, "offset": offsets(chance, (len(arguments["boxes"]), 2, *arguments["output_size"]))}

    def _changes(self, chance: Any, history: History, arguments: dict[str, Any]) -> dict[str, Any]:
        changes = super()._changes(chance, history, arguments)
        if history.changed in ("rois", "bins", "offset"):
            given = {**arguments, **changes}
            changes["offset"] = offsets(chance, (len(given["boxes"]), 2, *given["output_size"]))
        return changes


HISTORIES = _Moved(
    asked=(
        ("dq-h", Operation.FORWARD, "avg"),
        ("dq-hg", Operation.FEATURE_GRADIENT, "avg"),
        ("dq-ho", Operation.OFFSET_GRADIENT, "avg"),
    ),
    at_once="avg",
    given={
        "output_size": list(_BINS),
        "group_size": list(_GROUPS),
        "spatial_scale": [number(_SCALE)] * 2,
        "sampling_ratio": [2, 2],
        "gamma": 0.25,
    },
    others={
        "bins": {"output_size": [1, 4]},  # as many
        "scale": {"spatial_scale": [0.25, 0.25]},
        "ratio": {"sampling_ratio": [1, 1]},
        "groups": {"group_size": [1, 2]},  # as many
        "offset": {},  # drawn
        "gamma": {"gamma": 0.5},
    },
    values=_map,
    integers=integers,
    boxes=_boxes,
    large=_large,
    draw_large=sizes.draw,
    rules_of=rules_of,
    suits_small=systematic.suits,
    suits_large=sizes.suits,
    oracle=ORACLE,
    channels_of=_channels,
)
