"""Histories of RoIPool: what its calls are, and what they change to."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....placing import box, integers, number
from ....sizing import Size
from ..claims import rules_of
from ..oracle.face import ORACLE
from . import sizes, systematic
from .placements import PLACEMENTS

if TYPE_CHECKING:
    from ....draw import Draw

_BINS, _SCALE = (2, 2), Fraction(1, 2)
_PLACES = ("bottom", "right", "inside")  # so that the numbers of rows and of columns of a map matter


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    return integers(chance, shape, range(-32, 33) if history.mode == "max" else range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    del history
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in _PLACES]
    return [[IMAGES - 1 - k % IMAGES, *box(chance, spot, SIZE, _BINS, [_SCALE] * 2)] for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    bins, pixels = ((1, 4), (10, 9)) if other else ((2, 2), (9, 10))
    return Size(history.id, "", bins, 1, pixels, 3, 129, 147, history.mode, history.operation)


HISTORIES = Histories(
    asked=(
        ("rp-h", Operation.FORWARD, "max"),
        ("rp-ha", Operation.FORWARD, "avg"),
        ("rp-hg", Operation.FEATURE_GRADIENT, "max"),
        ("rp-hga", Operation.FEATURE_GRADIENT, "avg"),
    ),
    at_once="max",
    given={"output_size": list(_BINS), "spatial_scale": [number(_SCALE)] * 2},
    others={
        "bins": {"output_size": [1, 4]},  # as many
        "scale": {"spatial_scale": [0.25, 0.25]},
        "mode": {"mode": "avg"},
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
