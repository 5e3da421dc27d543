"""Histories of rotation-invariant RoIAlign: what its calls are, and what they change to."""

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
from .placements import PLACEMENTS

if TYPE_CHECKING:
    from ....draw import Draw

_BINS, _SCALE = (2, 2), Fraction(1, 2)
_PLACES = ("quarters-high", "quarters", "quarters-low")


def orientations_of(history: History) -> int:
    """Of a gradient for boxes one, for how an angle mixes several is irrational."""
    return 1 if history.operation == Operation.BOX_GRADIENT else 2


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    images, features, *size = shape
    return integers(chance, (images, features * orientations_of(history), *size), range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    del history
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in _PLACES]
    return [spot.spot(chance, SIZE, _BINS).row(IMAGES - 1 - k % IMAGES, _SCALE) for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    # What a box gets adds up over channels, and must be exact in float32.
    channels = 33 if history.operation == Operation.BOX_GRADIENT else 129
    bins, pixels = ((1, 4), (10, 9)) if other else ((2, 2), (9, 10))
    return Size(history.id, "", bins, 1, pixels, 3, channels, 147, "avg", history.operation, coarse=True)


@dataclass(frozen=True)
class _Oriented(Histories):
    """Histories whose numbers of orientations go with what is asked for."""

    def _means_nothing(self, history: History) -> bool:
        is_exact_of_one = history.changed == "orientations" and history.operation == Operation.BOX_GRADIENT
        return is_exact_of_one or super()._means_nothing(history)

    def _arguments(self, chance: Any, history: History) -> dict[str, Any]:
        return {**super()._arguments(chance, history), "num_orientations": orientations_of(history)}


HISTORIES = _Oriented(
    asked=(
        ("ri-h", Operation.FORWARD, "avg"),
        ("ri-hg", Operation.FEATURE_GRADIENT, "avg"),
        ("ri-hb", Operation.BOX_GRADIENT, "avg"),
    ),
    at_once="avg",
    given={"output_size": list(_BINS), "spatial_scale": [number(_SCALE)] * 2, "sampling_ratio": [2, 2]},
    others={
        "bins": {"output_size": [1, 4]},  # as many
        "scale": {"spatial_scale": [0.25, 0.25]},
        "ratio": {"sampling_ratio": [1, 1]},
        "orientations": {"num_orientations": 4},
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
