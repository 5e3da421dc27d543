"""Where the points of a box's sides lie, and which pixels they read: BA-1 to BA-5."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import Offset
from ....exact.numbers import HALF
from ..call import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....kernels.dialects.border_align import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array

ZERO, ONE = Fraction(0), Fraction(1)
TOP, LEFT, BOTTOM, RIGHT = range(SIDES)


class Rules:
    """The formulas under one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def corner(self, x: Fraction) -> Fraction:
        """BA-2: a coordinate on the map."""
        return x - (HALF if self.dialect.offset == Offset.HALF else ZERO)

    def shares(self, pool_size: int) -> list[Fraction]:
        """BA-3: where points lie along a side, in parts of it, from where it begins."""
        return [Fraction(i, pool_size) for i in range(pool_size + 1)]

    def begins_at_second(self, side: int) -> bool:
        """BA-3: whether a side begins at the second corner of the box, and runs back."""
        return side in (BOTTOM, RIGHT)

    def runs_along_x(self, side: int) -> bool:
        """BA-3: whether a side runs along x."""
        return side in (TOP, BOTTOM)

    def length(self, box: Box, side: int) -> Fraction:
        """BA-3: how long a side is."""
        return box.x2 - box.x1 if self.runs_along_x(side) else box.y2 - box.y1

    def moves(self, side: int, share: Fraction) -> tuple[tuple[Fraction, Fraction], ...]:
        """BA-8: how a point moves, ``(y, x)``, with x1, y1, x2, y2 of the box."""
        away = (1 - share, share)
        along = away[::-1] if self.begins_at_second(side) else away
        across = (ZERO, ONE) if self.begins_at_second(side) else (ONE, ZERO)
        of_x, of_y = (along, across) if self.runs_along_x(side) else (across, along)
        return (ZERO, of_x[0]), (of_y[0], ZERO), (ZERO, of_x[1]), (of_y[1], ZERO)

    def inside(self, y: Fraction, pixels: int) -> bool:
        """BA-4: whether a point is inside along an axis."""
        return -1 <= y <= pixels

    def clamped(self, y: Fraction, pixels: int) -> Fraction:
        """BA-4: the nearest point of the map."""
        return min(max(y, ZERO), Fraction(pixels - 1))

    def fraction(self, y: Fraction) -> Fraction:
        """BA-4: the weight of the higher pixel."""
        return y - math.floor(y)

    def slopes(self, y: Fraction, pixels: int) -> bool:
        """BA-8: whether a value changes along an axis of the map."""
        return 0 <= y < pixels - 1

    def outside(self) -> int | None:
        """BA-4: the value of a point that is outside; None if it does not count."""
        return 0

    def pooled(self, values: list[int]) -> int | Fraction:
        """BA-5: the value of a side, of those of its points; all in one unit."""
        return max(values)

    def winner(self, values: list[int]) -> int:
        """BA-6: the point that sends a gradient back."""
        return values.index(max(values))

    def sends(self, inside: bool) -> bool:
        """BA-7: whether a point that won sends anything."""
        return inside


class Box(NamedTuple):
    """The corners of a box on the map."""

    x1: Fraction
    y1: Fraction
    x2: Fraction
    y2: Fraction


class Line(NamedTuple):
    """The points of all sides along an axis of the map: arrays ``(4, points)``.

    Attributes:
        at: Where they are.
        low, high: The pixels that they read.
        fraction: The weight of ``high``, a whole number of ``unit`` to one.
        inside: BA-4, along this axis.
        slopes: BA-8, whether values change along it.
        unit: As many are one.
        pixels: Of the map.
    """

    at: Array
    low: Array
    high: Array
    fraction: Array
    inside: Array
    slopes: Array
    unit: int
    pixels: int

    @classmethod
    def of(cls, at: Array, pixels: int, rules: Rules) -> Line:
        """That of these places."""
        points = {y: rules.clamped(y, pixels) for y in set(at.flat)}  # many are the same
        fractions = {y: rules.fraction(point) for y, point in points.items()}
        unit = math.lcm(*(fraction.denominator for fraction in fractions.values()))

        def each(kind: type, found: dict[Fraction, Any]) -> Array:
            return np.array([found[y] for y in at.flat], kind).reshape(at.shape)

        low = each(np.int64, {y: math.floor(point) for y, point in points.items()})
        return cls(
            at,
            low,
            np.minimum(low + 1, pixels - 1),
            each(object, {y: int(fraction * unit) for y, fraction in fractions.items()}),
            each(bool, {y: rules.inside(y, pixels) for y in points}),
            each(bool, {y: rules.slopes(y, pixels) for y in points}),
            unit,
            pixels,
        )


@dataclass(frozen=True, eq=False)
class Roi:
    """A box on the map of an image.

    Attributes:
        image: The image.
        box: On the map.
        pixels: Rows and columns of the map.
        pool_size: Into how many parts points divide a side.
        rules: The formulas.
    """

    image: int
    box: Box
    pixels: tuple[int, int]
    pool_size: int
    rules: Rules

    @cached_property
    def shares(self) -> list[Fraction]:
        """BA-3: where points lie along a side, in parts of it."""
        return self.rules.shares(self.pool_size)

    @cached_property
    def lines(self) -> tuple[Line, Line]:
        """All points, along y and along x."""
        places = [[self._point(side, share) for share in self.shares] for side in range(SIDES)]
        y, x = (
            np.array([[place[axis] for place in side] for side in places], object).reshape(SIDES, -1)
            for axis in range(2)
        )
        return Line.of(y, self.pixels[0], self.rules), Line.of(x, self.pixels[1], self.rules)

    def _point(self, side: int, share: Fraction) -> tuple[Fraction, Fraction]:
        """BA-3: where a point lies, ``(y, x)``."""
        box, rules = self.box, self.rules
        back = rules.begins_at_second(side)
        x, y = (box.x2, box.y2) if back else (box.x1, box.y1)
        way = rules.length(box, side) * share * (-1 if back else 1)
        return (y, x + way) if rules.runs_along_x(side) else (y + way, x)

    @cached_property
    def inside(self) -> Array:
        """BA-4: which points are inside, ``(4, points)``."""
        y, x = self.lines
        return y.inside & x.inside


def image_of(row: Sequence[float], images: int) -> int | None:
    """The image of a box; None if it cannot be pooled: it has no such image, or a number that is not finite."""
    if not all(math.isfinite(number) for number in row) or not 0 <= int(row[0]) < images:
        return None
    return int(row[0])


def roi_of(row: Sequence[float], shape: Sequence[int], pool_size: int, rules: Rules, type_: FloatType) -> Roi | None:
    """The box of a row on maps ``(N, C, 4, H, W)``; None if it cannot be pooled, or its size is no number of ``type_``."""
    image = image_of(row, shape[0])
    if image is None:
        return None
    box = Box(*(rules.corner(Fraction(number)) for number in row[1:]))
    if max(abs(n) for n in (*box, box.x2 - box.x1, box.y2 - box.y1)) > type_.largest:
        return None
    return Roi(image, box, (shape[3], shape[4]), pool_size, rules)
