"""Histories of weighted RoIAlign on pyramids: those of poolers, whose weights are of the shape of the map."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from ....histories import IMAGES
from ....operation import Operation
from ...multiscale_roi_align.draws.histories import HISTORIES as OF_POOLERS
from ...multiscale_roi_align.draws.histories import OfLevels
from ...multiscale_roi_align.draws.pyramids import whole_of
from ...weighted_roi_align.draws.histories import Weighed
from ...weighted_roi_align.draws.weighing import constant
from ..claims import rules_of
from ..oracle.answers import WeightedPyramidOracle
from . import sizes, systematic

if TYPE_CHECKING:
    from ....histories import History
    from ....sizing import Size


@dataclass(frozen=True)
class _WeighedLevels(Weighed, OfLevels):
    """Histories whose maps are of several levels, and weighed."""


def _large(history: History, other: bool) -> Size:
    if history.operation == Operation.WEIGHT_GRADIENT:  # which adds up over channels, as what a box gets
        return OF_POOLERS.large(history._replace(operation=Operation.BOX_GRADIENT), other)._replace(
            operation=history.operation
        )
    return OF_POOLERS.large(history, other)


_WHOLE = whole_of([(rows, columns) for rows, columns in OF_POOLERS.given["level_sizes"]])
_WEIGHTS = {
    "shape": [IMAGES, 1, *_WHOLE],
    "rows": [[(3 * y + x) % 4 for x in range(_WHOLE[1])] for y in range(IMAGES * _WHOLE[0])],
}
_OURS = {
    "asked": (
        ("mw-h", Operation.FORWARD, "avg"),
        ("mw-hg", Operation.FEATURE_GRADIENT, "avg"),
        ("mw-hb", Operation.BOX_GRADIENT, "avg"),
        ("mw-hw", Operation.WEIGHT_GRADIENT, "avg"),
        ("mw-hx", Operation.FORWARD, "max"),
    ),
    "given": {**OF_POOLERS.given, "weights": constant((IMAGES, 1, *_WHOLE)), "normalise": False},
    "others": {
        **OF_POOLERS.others,
        "weights": {"weights": _WEIGHTS},
        "normalise": {"normalise": True},
        "mode": {"mode": "max"},
    },
    "large": _large,
    "draw_large": sizes.draw,
    "rules_of": rules_of,
    "suits_small": systematic.suits,
    "suits_large": sizes.suits,
    "oracle": WeightedPyramidOracle(),
}

HISTORIES = _WeighedLevels(**{each.name: getattr(OF_POOLERS, each.name) for each in fields(OF_POOLERS)} | _OURS)
