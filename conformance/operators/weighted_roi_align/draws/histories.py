"""Histories of weighted RoIAlign: what its calls are, and what they change to."""

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
from ..oracle.answers import WeightedRoiAlignOracle
from . import sizes, systematic
from .weighing import constant

_BINS, _RATIO, _SCALE = (2, 1), 2, Fraction(1, 2)
_PLACES = ("bottom", "right", "inside")  # so that the numbers of rows and of columns of a map matter
_WEIGHTS = {
    "shape": [IMAGES, 1, *SIZE],
    "rows": [[(3 * y + x) % 4 for x in range(SIZE[1])] for y in range(IMAGES * SIZE[0])],
}


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    del history
    return integers(chance, shape, range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    places = _PLACES[:2] if history.operation == Operation.BOX_GRADIENT else _PLACES  # fewer samples on a kink
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in places]
    ratio, scale = (_RATIO, _RATIO), [_SCALE] * 2
    return [[IMAGES - 1 - k % IMAGES, *box(chance, spot, SIZE, _BINS, ratio, scale)] for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    # What a box, or a weight, gets adds up over channels, and must be exact in float32.
    channels = 33 if history.operation in (Operation.BOX_GRADIENT, Operation.WEIGHT_GRADIENT) else 129
    pixels = (10, 9) if other else (9, 10)
    return Size(history.id, "", (1, 1), 1, pixels, 3, channels, 147, "avg", history.operation)


@dataclass(frozen=True)
class Weighed(Histories):
    """Histories whose weights are of the shape of the map."""

    def _means_nothing(self, history: History) -> bool:
        """Whether a change changes nothing, or too few calls with it have an answer, or one that is exact."""
        is_unread = history.changed == "weights" and history.operation == Operation.WEIGHT_GRADIENT
        is_unread &= history.mode == "avg"
        is_inexact = history.changed == "normalise" and history.operation == Operation.BOX_GRADIENT
        is_inexact |= history.changed == "normalise" and history.mode == "max"  # which is refused
        return is_unread or is_inexact or super()._means_nothing(history)

    def _changes(self, chance: Any, history: History, arguments: dict[str, Any]) -> dict[str, Any]:
        changes = super()._changes(chance, history, arguments)
        if "input" in changes:
            images, _, *size = changes["input"]["shape"]
            changes["weights"] = constant((images, 1, *size))
        return changes


HISTORIES = Weighed(
    asked=(
        ("sw-h", Operation.FORWARD, "avg"),
        ("sw-hg", Operation.FEATURE_GRADIENT, "avg"),
        ("sw-hb", Operation.BOX_GRADIENT, "avg"),
        ("sw-hw", Operation.WEIGHT_GRADIENT, "avg"),
        ("sw-hx", Operation.FORWARD, "max"),
        ("sw-hgx", Operation.FEATURE_GRADIENT, "max"),
        ("sw-hwx", Operation.WEIGHT_GRADIENT, "max"),
    ),
    at_once="avg",
    given={
        "weights": constant((IMAGES, 1, *SIZE)),
        "output_size": list(_BINS),
        "spatial_scale": [number(_SCALE)] * 2,
        "sampling_ratio": [_RATIO] * 2,
        "normalise": False,
    },
    others={
        "bins": {"output_size": [1, 2]},  # as many
        "scale": {"spatial_scale": [0.25, 0.25]},
        "ratio": {"sampling_ratio": [1, 1]},
        "weights": {"weights": _WEIGHTS},
        "normalise": {"normalise": True},
        "mode": {"mode": "max"},
    },
    values=_map,
    integers=integers,
    boxes=_boxes,
    large=_large,
    draw_large=sizes.draw,
    rules_of=rules_of,
    suits_small=systematic.suits,
    suits_large=sizes.suits,
    oracle=WeightedRoiAlignOracle(),
    choices=Draw,
)
