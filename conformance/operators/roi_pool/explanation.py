"""A RoI step by step, as RoIPool reads it, in exact numbers."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from ....kernels.dialects.roi_pool import DIALECTS
from ...explanation import Window
from ...windows.geometry import axis
from ...windows.pixels import exact_pixel
from .oracle.geometry import Rules

if TYPE_CHECKING:
    from fractions import Fraction

    from ...exact.numbers import Exact
    from ...explanation import Pair, Walk

_DIALECT = "roikit"  # in integers, whatever the map is of
_DTYPE = "float64"


class RoiPoolWindows:
    """RoIPool of a call: its whole pixels, and the greatest of each bin."""

    title = "RoIPool"

    def __init__(self, call: Walk) -> None:
        """Snaps the corners, cuts the bins, and takes the maxima."""
        rules = Rules(DIALECTS[_DIALECT], _DTYPE)
        x1, y1, x2, y2 = call.box
        axes = zip((y1, x1), (y2, x2), call.spatial_scale, call.output_size, call.feature.shape, strict=True)
        self.y, self.x = (_window(*each, rules) for each in axes)
        self.values: dict[Pair, Exact] = {}
        for (p, rows), (q, columns) in product(enumerate(self.y.bins), enumerate(self.x.bins)):
            pixels = call.feature[rows.start : rows.stop, columns.start : columns.stop]
            numbers = [exact_pixel(number) for number in pixels.ravel().tolist()]
            ends_map = (rows.stop, columns.stop) == call.feature.shape
            best = rules.best(numbers, ends_map=ends_map)[0] if numbers else rules.empty("max")
            assert best is not None
            self.values[p, q] = best


def _window(low: Fraction, high: Fraction, scale: Fraction, bins: int, pixels: int, rules: Rules) -> Window:
    start, end = (int(rules.snap(corner)) for corner in rules.corners(low, high, scale))
    return Window(start, end, [range(*each) for each in axis(low, high, scale, bins, pixels, rules).windows])
