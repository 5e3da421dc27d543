"""What a call, or a gradient of it, must return: weighted RoIAlign's answers on the map of each level.

In a data type in which rounding decides the level of a box several answers may be due, as of `multiscale_roi_align`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from .....kernels.dialects.weighted_roi_align import DIALECTS as OF_WEIGHTED
from ...multiscale_roi_align.oracle.answers import LevelledOracle
from ...weighted_roi_align.oracle.answers import WeightedRoiAlignOracle
from .assembling import assembled, parts, shape_of

if TYPE_CHECKING:
    from .....kernels.dialects.multiscale_weighted_roi_align import Dialect

WEIGHTED = WeightedRoiAlignOracle()
"""The oracle of who pools from a map."""


def name_of(dialect: Dialect) -> str:
    """The name of a dialect of weighted RoIAlign that pools alike, whatever the mode."""
    return next(name for name, known in OF_WEIGHTED.items() if known == dialect.sampling)


class WeightedPyramidOracle(LevelledOracle):
    """The oracle of weighted RoIAlign on feature pyramids."""

    def __init__(self) -> None:
        """Of the calls of weighted RoIAlign."""
        super().__init__(WEIGHTED, DIALECTS, name_of, parts, assembled, shape_of)
