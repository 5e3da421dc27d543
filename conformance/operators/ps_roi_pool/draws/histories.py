"""Histories of PSRoIPool: what its calls are, and what they change to."""

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

_BINS, _SCALE = (2, 1), Fraction(1, 2)
_PLACES = ("bottom", "right", "inside")  # so that the numbers of rows and of columns of a map matter


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    del history
    images, channels, *size = shape
    # What histories count are channels of the output.
    return integers(chance, (images, channels * _BINS[0] * _BINS[1], *size), range(-8, 9))


def _channels(arguments: dict[str, Any]) -> int:
    """How many channels an output has."""
    rows, columns = arguments["output_size"]
    channels: int = arguments["input"]["shape"][1]
    return channels // int(rows * columns)


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    del history
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in _PLACES]
    return [[IMAGES - 1 - k % IMAGES, *box(chance, spot, SIZE, _BINS, [_SCALE] * 2)] for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    pixels = (10, 9) if other else (9, 10)
    return Size(history.id, "", (1, 1), 1, pixels, 3, 129, 147, "avg", history.operation)


HISTORIES = Histories(
    asked=(("pp-h", Operation.FORWARD, "avg"), ("pp-hg", Operation.FEATURE_GRADIENT, "avg")),
    at_once="avg",
    given={"output_size": list(_BINS), "spatial_scale": [number(_SCALE)] * 2},
    others={
        "bins": {"output_size": [1, 2]},  # as many
        "scale": {"spatial_scale": [0.25, 0.25]},
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
