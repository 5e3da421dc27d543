"""Histories of RoIAlign: what its calls are, and what they change to."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....sizing import Size
from ..oracle.answers import RoiAlignOracle
from . import sizes, systematic
from .placements import PLACEMENTS, Draw

if TYPE_CHECKING:
    from collections.abc import Mapping

_BINS, _RATIO, _SCALE = (2, 2), 2, Fraction(1, 2)
_OTHERS: Mapping[str, dict[str, Any]] = {
    "bins": {"output_size": [1, 4]},  # as many
    "scale": {"spatial_scale": [0.25, 0.25]},
    "ratio": {"sampling_ratio": [1, 1]},
    "mode": {"mode": "avg"},
}
_PLACES = ("bottom", "right", "inside")  # so that the numbers of rows and of columns of a map matter


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    wide = history.mode == "max" and history.sends_back  # fewer ties
    return systematic.integers(chance, shape, range(-32, 33) if wide else range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    places = _PLACES[:2] if history.operation == Operation.BOX_GRADIENT else _PLACES  # fewer samples on a kink
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in places]
    ratio, scale = (_RATIO, _RATIO), [_SCALE] * 2
    return [
        [IMAGES - 1 - k % IMAGES, *systematic.box(chance, spot, SIZE, _BINS, ratio, scale)]
        for k, spot in enumerate(spots)
    ]


def _large(history: History, other: bool) -> Size:
    # What a box gets adds up over channels, and must be exact in float32.
    ratio, channels = (1, 33) if history.operation == Operation.BOX_GRADIENT else (2, 129)
    bins, pixels = ((1, 4), (10, 7)) if other else ((2, 2), (9, 10))
    return Size(history.id, "", bins, ratio, pixels, 3, channels, 147, history.mode, history.operation)


HISTORIES = Histories(
    asked=(
        ("h", Operation.FORWARD, "avg"),
        ("hm", Operation.FORWARD, "max"),
        ("hg", Operation.FEATURE_GRADIENT, "avg"),
        ("hgm", Operation.FEATURE_GRADIENT, "max"),
        ("hb", Operation.BOX_GRADIENT, "avg"),
    ),
    at_once="avg",
    given={
        "output_size": list(_BINS),
        "spatial_scale": [systematic.number(_SCALE)] * 2,
        "sampling_ratio": [_RATIO] * 2,
    },
    others=_OTHERS,
    values=_map,
    integers=systematic.integers,
    boxes=_boxes,
    large=_large,
    draw_large=sizes.draw,
    rules_of=systematic.rules_of,
    suits_small=systematic.suits,
    suits_large=sizes.suits,
    oracle=RoiAlignOracle(),
    choices=Draw,
)
