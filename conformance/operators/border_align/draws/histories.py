"""Histories of BorderAlign: what its calls are, and what they change to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....placing import integers
from ....sizing import Size
from ..call import SIDES
from ..claims import rules_of
from ..oracle.face import ORACLE
from . import sizes, systematic
from .placements import PLACEMENTS

if TYPE_CHECKING:
    from ....draw import Draw

_PLACES = ("high", "low", "band")  # so that the numbers of rows and of columns of a map matter


class _Histories(Histories):
    """Histories of calls that have sides, and not bins."""

    def _grad(self, chance: Draw, arguments: dict[str, Any]) -> dict[str, Any]:
        shape = len(arguments["boxes"]), self.channels_of(arguments), SIDES
        return self.integers(chance, shape, range(-4, 5))


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    del history
    images, channels, rows, columns = shape
    return integers(chance, (images, channels, SIDES * rows, columns), range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    del history
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in _PLACES]
    return [spot.row(chance, SIZE, IMAGES - 1 - k % IMAGES) for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    # What a box gets adds up over channels, and must be exact in float32.
    channels = 33 if history.operation == Operation.BOX_GRADIENT else 129
    pixels = (10, 9) if other else (9, 10)
    return Size(history.id, "", (1, 1), 4, pixels, 3, channels, 147, "max", history.operation)


HISTORIES = _Histories(
    asked=(
        ("ba-h", Operation.FORWARD, "max"),
        ("ba-hg", Operation.FEATURE_GRADIENT, "max"),
        ("ba-hb", Operation.BOX_GRADIENT, "max"),
    ),
    at_once="max",
    given={"pool_size": 2},
    others={"pool": {"pool_size": 4}},
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
