"""Histories of RoIAlign of volumes: what its calls are, and what they change to."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from ....histories import IMAGES, SIZE, Histories, History
from ....operation import Operation
from ....placing import integers, number
from ...roi_align.draws.placements import Draw
from ..claims import rules_of
from ..oracle.face import ORACLE
from . import sizes, systematic
from .placements import PLACEMENTS

if TYPE_CHECKING:
    from ....sizing import Size

_DEPTH, _BINS, _RATIOS, _SCALE, _ROIS = 4, (2, 2, 1), (2, 2, 2), Fraction(1, 2), 3
_PLACES = ("corner", "inside", "front")


def _volume(chance: Draw, history: History, shape: tuple[int, ...]) -> dict[str, Any]:
    del history
    images, channels, *size = shape
    return integers(chance, (images, channels, _DEPTH, *size), range(-8, 9))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    del history
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in _PLACES]
    where = (_DEPTH, *SIZE), _BINS, _RATIOS, [_SCALE] * 3
    return [spot.row(chance, IMAGES - 1 - k % IMAGES, *where) for k, spot in enumerate(spots)]


def _large(history: History, other: bool) -> Size:
    # What a box gets adds up over channels, and must be exact in float32.
    channels = 33 if history.operation == Operation.BOX_GRADIENT else 129
    bins, pixels = ((1, 1, 4), (4, 5, 9)) if other else ((1, 2, 2), (4, 9, 5))
    size = sizes.VolumeSize(history.id, "", bins, 1, pixels, 3, channels, 147, history.operation)
    return cast("Size", size)


HISTORIES = Histories(
    asked=(
        ("rv-h", Operation.FORWARD, "avg"),
        ("rv-hg", Operation.FEATURE_GRADIENT, "avg"),
        ("rv-hb", Operation.BOX_GRADIENT, "avg"),
    ),
    at_once="avg",
    given={
        "output_size": list(_BINS),
        "spatial_scale": [number(_SCALE)] * 3,
        "sampling_ratio": list(_RATIOS),
    },
    others={
        "bins": {"output_size": [1, 2, 2]},  # as many
        "scale": {"spatial_scale": [0.25, 0.5, 0.5]},
        "ratio": {"sampling_ratio": [1, 2, 2]},
    },
    values=_volume,
    integers=integers,
    boxes=_boxes,
    large=_large,
    draw_large=cast("Any", sizes.draw),
    rules_of=rules_of,
    suits_small=systematic.suits,
    suits_large=sizes.suits,
    oracle=ORACLE,
    choices=Draw,
)
"""Histories whose volumes have a few slices."""
