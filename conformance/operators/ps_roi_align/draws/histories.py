"""Histories of PSRoIAlign: what its calls are, and what they change to."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....sizing import Size
from ...roi_align.draws.placements import PLACEMENTS, Draw
from ...roi_align.draws.systematic import box, integers, number
from ..claims import rules_of
from ..oracle.answers import PsRoiAlignOracle
from ..selection import channels_of
from . import sizes, systematic

_BINS, _RATIO, _SCALE = (2, 1), 2, Fraction(1, 2)
_PLACES = ("bottom", "right", "inside")  # so that the numbers of rows and of columns of a map matter


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    del history
    images, channels, *size = shape
    # What histories count are channels of the output.
    return integers(chance, (images, channels * _BINS[0] * _BINS[1], *size), range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    places = _PLACES[:2] if history.operation == Operation.BOX_GRADIENT else _PLACES  # fewer samples on a kink
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in places]
    ratio, scale = (_RATIO, _RATIO), [_SCALE] * 2
    return [[IMAGES - 1 - k % IMAGES, *box(chance, spot, SIZE, _BINS, ratio, scale)] for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    # What a box gets adds up over channels, and must be exact in float32.
    channels = 33 if history.operation == Operation.BOX_GRADIENT else 129
    pixels = (10, 9) if other else (9, 10)
    return Size(history.id, "", (1, 1), 1, pixels, 3, channels, 147, "avg", history.operation)


HISTORIES = Histories(
    asked=(
        ("pa-h", Operation.FORWARD, "avg"),
        ("pa-hg", Operation.FEATURE_GRADIENT, "avg"),
        ("pa-hb", Operation.BOX_GRADIENT, "avg"),
    ),
    at_once="avg",
    given={
        "output_size": list(_BINS),
        "spatial_scale": [number(_SCALE)] * 2,
        "sampling_ratio": [_RATIO] * 2,
    },
    others={
        "bins": {"output_size": [1, 2]},  # as many
        "scale": {"spatial_scale": [0.25, 0.25]},
        "ratio": {"sampling_ratio": [1, 1]},
    },
    values=_map,
    integers=integers,
    boxes=_boxes,
    large=_large,
    draw_large=sizes.draw,
    rules_of=rules_of,
    suits_small=systematic.suits,
    suits_large=sizes.suits,
    oracle=PsRoiAlignOracle(),
    channels_of=channels_of,
    choices=Draw,
)
