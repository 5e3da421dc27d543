"""Where the points of a box lie on an image, and which pixels they read (CR-1 to CR-5).

`Rules` holds the formulas, one method per step; a subclass that overrides one imitates a faulty implementation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from .....kernels.dialects.crop_and_resize import NEAREST, Knot, LastPoint, NearestSlope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....kernels.dialects.crop_and_resize import Dialect

ZERO, ONE, HALF = Fraction(0), Fraction(1), Fraction(1, 2)


class Taps(NamedTuple):
    """The two pixels that a point reads along an axis, and the weight of the second; nothing is read of it if that is 0."""

    low: int
    high: int
    fraction: Fraction


class Point(NamedTuple):
    """A point along an axis: where it is, whether that is inside, what it reads if so, and how it moves with the corners.

    ``around`` are the pixels on both sides of it, in every mode. ``slope`` is the pair of pixels, low and high, whose difference
    is the slope of the interpolation; equal for no slope. ``first`` and ``second`` are the derivatives of the position by y1 and
    by y2.
    """

    position: Fraction
    inside: bool
    taps: Taps
    around: Taps
    slope: tuple[int, int]
    first: Fraction
    second: Fraction


class Box(NamedTuple):
    """Where a box lies: its image, and its points along both axes."""

    image: int
    y: tuple[Point, ...]
    x: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The formulas under one dialect and in one mode. Written for y; those for x are the same."""

    dialect: Dialect
    mode: str

    def corners(self, y1: Fraction, y2: Fraction) -> tuple[Fraction, Fraction]:
        """CR-1: the corners as they are used."""
        return y1, y2

    def reach(self, pixels: int) -> int:
        """CR-1: what the fractions are fractions of: from the centre of the first pixel to that of the last."""
        return pixels - 1

    def single(self, y1: Fraction, y2: Fraction, pixels: int) -> Fraction:
        """CR-2: where the only point is."""
        return HALF * (y1 + y2) * self.reach(pixels)

    def step(self, y1: Fraction, y2: Fraction, points: int, pixels: int) -> Fraction:
        """CR-2: from one of several points to the next."""
        return (y2 - y1) * self.reach(pixels) / (points - 1)

    def position(self, y1: Fraction, y2: Fraction, i: int, points: int, pixels: int) -> Fraction:
        """CR-2: where point ``i`` is."""
        if points == 1:
            return self.single(y1, y2, pixels)
        if i == points - 1 and self.dialect.last_point == LastPoint.CORNER:
            return self.last(y1, y2, points, pixels)
        return y1 * self.reach(pixels) + i * self.step(y1, y2, points, pixels)

    def last(self, y1: Fraction, y2: Fraction, points: int, pixels: int) -> Fraction:
        """CR-2: where the last of several points is, at the second corner."""
        del y1, points
        return y2 * self.reach(pixels)

    def inside(self, y: Fraction, pixels: int) -> bool:
        """CR-3: whether a point is inside."""
        return 0 <= y <= pixels - 1

    def nearest(self, y: Fraction) -> int:
        """CR-5: the pixel nearest to a point; of two the one farther from 0."""
        away = math.floor(abs(y) + HALF)
        return away if y >= 0 else -away

    def fraction(self, y: Fraction, low: int) -> Fraction:
        """CR-4: the weight of the next pixel."""
        return y - low

    def taps(self, y: Fraction, pixels: int) -> Taps:
        """CR-4, CR-5: what a point reads that is inside."""
        if self.mode == NEAREST:
            pixel = min(max(self.nearest(y), 0), pixels - 1)
            return Taps(pixel, pixel, ZERO)
        return self.between(y, pixels)

    def between(self, y: Fraction, pixels: int) -> Taps:
        """CR-4: the pixels on both sides of a point."""
        low = min(max(math.floor(y), 0), pixels - 1)
        high = min(max(math.ceil(y), 0), pixels - 1)
        return Taps(low, high, self.fraction(y, low))

    def slope(self, y: Fraction, pixels: int) -> tuple[int, int]:
        """CR-8: the pixels whose difference is the slope at a point that is inside."""
        if self.mode == NEAREST and self.dialect.nearest_slope == NearestSlope.ZERO:
            return 0, 0
        low, high, _ = self.between(y, pixels)
        if low == high and self.dialect.knot == Knot.RIGHT:
            high = min(low + 1, pixels - 1)
        return low, high

    def motion(self, i: int, points: int, pixels: int) -> tuple[Fraction, Fraction]:
        """CR-8: by how much point ``i`` moves with y1, and with y2."""
        if points == 1:
            return HALF * self.reach(pixels), HALF * self.reach(pixels)
        along = Fraction(i, points - 1)
        return self.reach(pixels) * (1 - along), self.reach(pixels) * along


def axis(y1: Fraction, y2: Fraction, points: int, pixels: int, rules: Rules) -> tuple[Point, ...]:
    """The points of a box along an axis of so many pixels."""
    y1, y2 = rules.corners(y1, y2)
    return tuple(_point(rules.position(y1, y2, i, points, pixels), i, points, pixels, rules) for i in range(points))


def _point(y: Fraction, i: int, points: int, pixels: int, rules: Rules) -> Point:
    inside = rules.inside(y, pixels)
    taps = rules.taps(y, pixels) if inside else Taps(0, 0, ZERO)
    around = rules.between(y, pixels) if inside else Taps(0, 0, ZERO)
    slope = rules.slope(y, pixels) if inside else (0, 0)
    return Point(y, inside, taps, around, slope, *rules.motion(i, points, pixels))


def image_of(row: Sequence[float], images: int) -> int | None:
    """The image of a box; None if it cannot be cropped: it has no such image, or no finite corners."""
    if not all(math.isfinite(number) for number in row) or not 0 <= int(row[0]) < images:
        return None
    return int(row[0])


def box_of(row: Sequence[float], shape: Sequence[int], size: Sequence[int], rules: Rules) -> Box | None:
    """Where the box ``[image, y1, x1, y2, x2]`` lies on images ``(N, C, H, W)``; None if it cannot be cropped."""
    image = image_of(row, shape[0])
    if image is None:
        return None
    y1, x1, y2, x2 = map(Fraction, row[1:])
    return Box(image, axis(y1, y2, size[0], shape[2], rules), axis(x1, x2, size[1], shape[3], rules))
