"""Histories of poolers: what their calls are, and what they change to."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....sizing import Size
from ...roi_align.draws.placements import PLACEMENTS, Draw
from ...roi_align.draws.systematic import box, integers, number
from ..claims import rules_of
from ..oracle.answers import MultiscaleRoiAlignOracle
from . import sizes, systematic
from .pyramids import Setting, scaled, sizes_of, whole_of

_BINS, _RATIO, _SCALE = (2, 1), 2, Fraction(1, 2)
_PLACES = ("bottom", "right", "inside")  # so that the numbers of rows and of columns of a map matter
_PYRAMID = Setting(0, 2)


def _levels(size: tuple[int, ...]) -> list[list[int]]:
    return [list(pair) for pair in sizes_of((size[0], size[1]), _PYRAMID)]


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    """What histories count are pixels of the first map."""
    del history
    images, channels, *size = shape
    return integers(chance, (images, channels, *whole_of(sizes_of((size[0], size[1]), _PYRAMID))), range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    places = _PLACES[:2] if history.operation == Operation.BOX_GRADIENT else _PLACES  # fewer samples on a kink
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in places]
    ratio, scale = (_RATIO, _RATIO), [_SCALE] * 2
    found = [[IMAGES - 1 - k % IMAGES, *box(chance, spot, SIZE, _BINS, ratio, scale)] for k, spot in enumerate(spots)]
    return [*found[:-1], scaled(found[-1], 2.0)]


def _large(history: History, other: bool) -> Size:
    # What a box gets adds up over channels, and must be exact in float32.
    channels = 33 if history.operation == Operation.BOX_GRADIENT else 129
    pixels = (10, 9) if other else (9, 10)
    return Size(history.id, "", (1, 1), 1, pixels, 3, channels, 147, "avg", history.operation)


@dataclass(frozen=True)
class OfLevels(Histories):
    """Histories whose maps are of several levels."""

    def _changes(self, chance: Any, history: History, arguments: dict[str, Any]) -> dict[str, Any]:
        changes = super()._changes(chance, history, arguments)
        if history.changed == "size":  # with the map the sizes of its levels change
            changes["level_sizes"] = _levels((SIZE[1], SIZE[0]))
        return changes


HISTORIES = OfLevels(
    asked=(
        ("ms-h", Operation.FORWARD, "avg"),
        ("ms-hg", Operation.FEATURE_GRADIENT, "avg"),
        ("ms-hb", Operation.BOX_GRADIENT, "avg"),
    ),
    at_once="avg",
    given={
        "output_size": list(_BINS),
        "level_sizes": _levels(SIZE),
        "spatial_scale": [number(_SCALE)] * 2,
        "canonical_size": 7,
        "canonical_level": 2,
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
    oracle=MultiscaleRoiAlignOracle(),
    choices=Draw,
)
