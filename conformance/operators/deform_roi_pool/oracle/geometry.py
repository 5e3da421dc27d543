"""Where the samples of a deformable RoI lie: DP-1 to DP-5, in whole numbers of a common unit for each axis of the map.

What becomes of a sample is said by the geometry of rotated RoIAlign, whose samples are points, too: this RoI is one that is not
turned, and whose bins are moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .....kernels.dialects.deform_roi_pool import Slope
from ....exact.numbers import HALF
from ...roi_align_rotated.oracle import geometry as of_points
from ...roi_align_rotated.oracle.output import slopes
from ...roi_align_rotated.oracle.turning import QUARTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....kernels.dialects.deform_roi_pool import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ...roi_align_rotated.oracle.geometry import Line

    Pair = tuple[Fraction, Fraction]

ZERO, ONE = Fraction(0), Fraction(1)


class Rules(of_points.Rules):
    """The formulas under one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.choices = dialect

    def corner(self, x: Fraction, scale: Fraction) -> Fraction:
        """DP-2: a coordinate of a corner, in feature pixels."""
        return x * scale - HALF

    def extent(self, first: Fraction, second: Fraction) -> Fraction:
        """DP-2: width or height, from both corners in feature pixels."""
        return second - first

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        """DP-3: where sample ``i`` of bin ``p`` lies along an axis of the RoI, from its first corner."""
        return p * size / bins + (i + HALF) * size / bins / grid

    def reach(self, size: Fraction, bins: int, gamma: Fraction) -> Fraction:
        """DP-4: by how much an offset of 1 moves a bin."""
        del bins
        return gamma * size

    def reaches(self, size: Pair, bins: tuple[int, int], gamma: Fraction) -> Pair:
        """DP-4 along both axes; ``(y, x)``."""
        return self.reach(size[0], bins[0], gamma), self.reach(size[1], bins[1], gamma)

    def offsets(self, given: Array) -> tuple[Array, Array]:
        """DP-4: the offsets of a RoI's bins along y and x, from ``(2, P_h, P_w)``."""
        return given[1], given[0]

    def given(self, y: Array, x: Array) -> list[Array]:
        """DP-8: the other way round."""
        return [x, y]

    def slopes(self, image: Array, roi: Roi) -> tuple[Array, Array]:
        """DP-8: of the value of each sample along y, and along x, over the unit of the other axis."""
        return raw_slopes(image, roi) if self.choices.slope == Slope.RAW else slopes(image, roi)

    def pull(self, roi: Roi, axis: int) -> Fraction:
        """DP-8: by how much samples move along an axis of the map, if their offset grows by 1."""
        return roi.reach[axis]

    def moves(self, roi: of_points.Roi) -> tuple[tuple[Array, Array], ...]:
        """DP-9: how samples move, ``(y, x)``, with x1, y1, x2 and y2 of the box, ``(P_h, P_w, g_y, g_x)`` or less."""
        assert isinstance(roi, Roi)
        still = np.full((1, 1, 1, 1), ZERO, object)
        y, x = self.part(roi, 0), self.part(roi, 1)
        scale_y, scale_x = roi.scales
        return (
            (still, (1 - x) * scale_x),
            ((1 - y) * scale_y, still),
            (still, x * scale_x),
            (y * scale_y, still),
        )

    def part(self, roi: Roi, axis: int) -> Array:
        """DP-9: by how much samples move along an axis as the second corner does, in feature pixels to the pixel."""
        moved: Array = roi.shares(axis) + self.moved_by_size(roi, axis)
        return moved

    def moved_by_size(self, roi: Roi, axis: int) -> Array:
        """DP-9: how much of that their offsets do."""
        offsets = np.frompyfunc(lambda x: ZERO if x is None else x, 1, 1)(roi.offsets[axis])
        by: Array = offsets[:, :, None, None] * self.reach(ONE, roi.bins[axis], roi.gamma)
        return by


def raw_slopes(image: Array, roi: Roi) -> tuple[Array, Array]:
    """DP-8: the slopes of the cells that samples read, where they were before they were moved to an edge."""
    y, x = roi.lines
    at = {
        (n, m): image[:, rows, columns]
        for n, rows in enumerate((y.low, y.high))
        for m, columns in enumerate((x.low, x.high))
    }

    def across(line: Line) -> tuple[Array, Array]:
        low, high = (end.astype(object) * line.unit for end in (line.low, line.high))
        return high - line.at, line.at - low

    (left, right), (above, below) = across(x), across(y)
    by_y = (at[1, 0] - at[0, 0]) * left + (at[1, 1] - at[0, 1]) * right
    by_x = (at[0, 1] - at[0, 0]) * above + (at[1, 1] - at[1, 0]) * below
    return by_y * roi.inside, by_x * roi.inside


@dataclass(frozen=True, eq=False)
class Roi(of_points.Roi):
    """A RoI in feature pixels; pairs are ``(y, x)``.

    Attributes:
        start: Its first corner.
        scales: Feature pixels to the image pixel.
        gamma: Of the call.
        offsets: Of its bins ``(P_h, P_w)``; None where one is no number.
    """

    start: Pair
    scales: Pair
    gamma: Fraction
    offsets: tuple[Array, Array]

    @property
    def deformed(self) -> Rules:
        """The formulas."""
        assert isinstance(self.rules, Rules)
        return self.rules

    @cached_property
    def reach(self) -> Pair:
        """DP-4: by how much an offset of 1 moves a bin."""
        return self.deformed.reaches(self.size, self.bins, self.gamma)

    def starts(self, axis: int) -> Array:
        """DP-4: where the RoI begins along an axis for each of its bins, ``(P_h, P_w)``; None if nobody can say."""
        first, reach = self.start[axis], self.reach[axis]
        found: Array = np.frompyfunc(lambda x: None if x is None else first + reach * x, 1, 1)(self.offsets[axis])
        return np.asarray(found, object)

    @cached_property
    def lines(self) -> tuple[Line, Line]:
        """Where all samples lie on the map: along y, and along x. Those of a bin whose offset is no number lie outside."""
        return self._placed(0), self._placed(1)

    def _placed(self, axis: int) -> Line:
        starts, ways = self.starts(axis), self._ways(axis, self.size[axis])
        known = [x for x in starts.flat if x is not None]
        unit = math.lcm(*(x.denominator for x in (*known, *ways.flat)))
        begin = np.frompyfunc(lambda x: 0 if x is None else int(x * unit), 1, 1)(starts)
        along = self._all(np.asarray(np.frompyfunc(lambda way: int(way * unit), 1, 1)(ways), object), axis)
        at = np.asarray(begin, object)[:, :, None] + along
        at[np.equal(starts, None).astype(bool)] = -2 * unit  # type: ignore[call-overload]
        return self._line(at, self.pixels[axis], unit)


def roi_of(
    row: Sequence[float], offset: Array | None, shape: Sequence[int], bins: tuple[int, int], scales: Pair, ratio: tuple[int, int],
    gamma: Fraction, rules: Rules, type_: FloatType,
) -> Roi | None:  # fmt: skip
    """The RoI of a row ``[batch_index, x1, y1, x2, y2]`` on maps ``(N, C, H, W)``; None if it cannot be pooled.

    ``offset`` is that of its bins, ``(2, P_h, P_w)``; None if there is none. What does not fit ``type_``, that of coordinates,
    cannot be pooled.
    """
    image = of_points.image_of(row, shape[0])
    if image is None:
        return None
    _, x1, y1, x2, y2 = map(Fraction, row)
    first = rules.corner(y1, scales[0]), rules.corner(x1, scales[1])
    second = rules.corner(y2, scales[0]), rules.corner(x2, scales[1])
    size = rules.extent(first[0], second[0]), rules.extent(first[1], second[1])
    if max(map(abs, (*first, *second, *size))) > type_.largest:
        return None
    centre = first[0] + size[0] / 2, first[1] + size[1] / 2
    given = np.zeros((2, *bins)) if offset is None else offset
    fractions = np.frompyfunc(lambda x: Fraction(x) if math.isfinite(x) else None, 1, 1)(given)
    return Roi(
        image, centre, size, size, QUARTERS[0], rules.grids(size, bins, ratio), bins, (shape[2], shape[3]), scales[0], rules,
        start=first, scales=scales, gamma=gamma, offsets=rules.offsets(np.asarray(fractions, object)),
    )  # fmt: skip
