"""Histories of crop_and_resize: what its calls are, and what they change to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....placing import integers, number
from ....sizing import Size
from ..claims import rules_of
from ..oracle.face import CropAndResizeOracle
from . import sizes, systematic
from .placements import PLACEMENTS

if TYPE_CHECKING:
    from ....draw import Draw

_POINTS = (2, 3)
_PLACES = ("bottom", "right", "inside")  # so that the numbers of rows and of columns of an image matter


class CropHistories(Histories):
    """Those whose second call differs under every dialect.

    The gradient for images does not look at their values, in any mode; and TensorFlow's for boxes is the same in both modes.
    """

    def _means_nothing(self, history: History) -> bool:
        same = ("values", Operation.FEATURE_GRADIENT), ("mode", Operation.BOX_GRADIENT)
        return (history.changed, history.operation) in same or super()._means_nothing(history)


def _image(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    del history
    return integers(chance, shape, range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    del history
    boxes: list[list[int | float]] = []
    for k, name in enumerate(_PLACES):
        spot = next(placement for placement in PLACEMENTS if placement.name == name)
        (y1, y2), (x1, x2) = spot.y(chance, SIZE[0], _POINTS[0]), spot.x(chance, SIZE[1], _POINTS[1])
        boxes.append([IMAGES - 1 - k % IMAGES, *(number(v) for v in (y1, x1, y2, x2))])
    return boxes


def _large(history: History, other: bool) -> Size:
    pixels = (17, 9) if other else (9, 17)
    return Size(history.id, "", (1, 2), 1, pixels, 3, 129, 147, "bilinear", history.operation)


HISTORIES = CropHistories(
    asked=(
        ("cr-h", Operation.FORWARD, "bilinear"),
        ("cr-hn", Operation.FORWARD, "nearest"),
        ("cr-hg", Operation.FEATURE_GRADIENT, "bilinear"),
        ("cr-hx", Operation.BOX_GRADIENT, "bilinear"),
    ),
    at_once="bilinear",
    given={"output_size": list(_POINTS), "extrapolation_value": 1},
    others={
        "bins": {"output_size": [3, 2]},  # as many
        "mode": {"mode": "nearest"},
    },
    values=_image,
    integers=integers,
    boxes=_boxes,
    large=_large,
    draw_large=sizes.draw,
    rules_of=rules_of,
    suits_small=systematic.suits,
    suits_large=sizes.suits,
    oracle=CropAndResizeOracle(),
)
