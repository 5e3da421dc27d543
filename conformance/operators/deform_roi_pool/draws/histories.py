"""Histories of deformable RoI pooling: what its calls are, and what they change to."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....placing import integers, number
from ....sizing import Size
from ..claims import rules_of
from ..oracle.face import ORACLE
from . import sizes, systematic
from .placements import PLACEMENTS, offsets

if TYPE_CHECKING:
    from ....draw import Draw

_BINS, _SCALE, _ROIS = (2, 2), Fraction(1, 2), 3
_PLACES = ("high", "within", "low")


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    del history
    return integers(chance, shape, range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    del history
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in _PLACES]
    return [spot.row(chance, IMAGES - 1 - k % IMAGES, SIZE, _BINS, [_SCALE] * 2) for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    # What a box or an offset gets adds up over channels, and must be exact in float32.
    channels = {Operation.BOX_GRADIENT: 33, Operation.OFFSET_GRADIENT: 3}.get(history.operation, 129)
    bins, pixels = ((1, 4), (10, 9)) if other else ((2, 2), (9, 10))
    return Size(history.id, "", bins, 1, pixels, 3, channels, 147, "avg", history.operation, coarse=True)


@dataclass(frozen=True)
class _Moved(Histories):
    """Histories whose offsets are of the shape of the output."""

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
        ("dp-h", Operation.FORWARD, "avg"),
        ("dp-hg", Operation.FEATURE_GRADIENT, "avg"),
        ("dp-ho", Operation.OFFSET_GRADIENT, "avg"),
        ("dp-hb", Operation.BOX_GRADIENT, "avg"),
    ),
    at_once="avg",
    given={
        "output_size": list(_BINS),
        "spatial_scale": [number(_SCALE)] * 2,
        "sampling_ratio": [2, 2],
        "gamma": 0.25,
    },
    others={
        "bins": {"output_size": [1, 4]},  # as many
        "scale": {"spatial_scale": [0.25, 0.25]},
        "ratio": {"sampling_ratio": [1, 1]},
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
)
