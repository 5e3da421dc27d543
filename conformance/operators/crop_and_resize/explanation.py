"""One box step by step under a dialect of crop_and_resize, in exact numbers: each of its points, and the pixels that it reads."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.dialects.crop_and_resize import DIALECTS, NEAREST
from ...explanation import Account, Mark, Plane, Step, decimal, dots, pair, place, rectangle, refuse_too_many, span
from .oracle.geometry import Rules, axis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from ...explanation import Bin, Place, Walk
    from .oracle.geometry import Point


class CropAndResizeExplanation(Account):
    """The points of a crop: one for each of its pixels."""

    title = "crop_and_resize"
    point_rules = ("CR-2", "CR-3", "CR-4")
    points = "points"
    unit = "point"
    winner_is = "the point"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many points."""
        super().__init__(call, dialect)
        rows, columns = pair(call.output_size)
        refuse_too_many(rows * columns, dialect)
        self.rules = Rules(DIALECTS[dialect], call.mode)
        self.outside = call.more["extrapolation_value"]
        y1, x1, y2, x2 = call.box
        height, width = call.feature.shape
        self.y, self.x = axis(y1, y2, rows, height, self.rules), axis(x1, x2, columns, width, self.rules)

    @property
    def bins(self) -> Iterator[Bin]:
        """The points, row by row."""
        return product(*map(range, self.call.output_size))

    def summary(self, at: Bin) -> str:
        """How many points there are."""
        del at
        return f"{' × '.join(map(str, self.call.output_size))} points, of which each reads up to four pixels"

    @property
    def rule(self) -> str:
        """How the pixels around a point become one number."""
        return "CR-5 nearest" if self.call.mode == NEAREST else "CR-4 bilinear"

    def marks(self, at: Bin) -> list[Mark]:
        """The one point."""
        y, x = self.y[at[0]], self.x[at[1]]
        where = x.position, y.position
        if not (y.inside and x.inside):
            return [self.read(where, where, ())]
        return [self.interpolated(where, *(_taps(point) for point in (y, x)))]

    def winner(self, at: Bin) -> int:
        """The one point."""
        del at
        return 0

    def _corners(self) -> tuple[Place, Place]:
        """CR-1: the corners of the box, in pixels."""
        y1, x1, y2, x2 = self.call.box
        height, width = (self.rules.reach(pixels) for pixels in self.call.feature.shape)
        return (x1 * width, y1 * height), (x2 * width, y2 * height)

    def planes(self, at: Bin) -> list[Plane]:
        """The image."""
        (x1, y1), (x2, y2) = self._corners()
        marks = [mark for bin_ in self.bins for mark in self.marks(bin_)]
        return [
            Plane(
                ("x", "y"),
                "",
                np.asarray(self.call.feature, float),
                rectangle((y1, y2), (x1, x2)),
                [],
                (),
                samples=dots(marks, inside=True),
                outside=dots(marks, inside=False),
                won=dots(self.marks(at)),
            )
        ]

    def steps(self, at: Bin) -> list[Step]:
        """CR-1 to CR-6."""
        y1, x1, y2, x2 = self.call.box
        height, width = self.call.feature.shape
        (p, q), first, last = at, *self._corners()
        read = self.y[p], self.x[q]
        return [
            Step("CR-1", "box, (y, x) in parts of the image", f"{place(y1, x1)} … {place(y2, x2)}"),
            Step("CR-1", f"its corners, (x, y) in pixels: times {width - 1}, {height - 1}", f"{place(*first)} … {place(*last)}"),
            Step("CR-2", "points down", _points(self.y)),
            Step("CR-2", "points across", _points(self.x)),
            Step("CR-2", self.called(at), f"y = {decimal(read[0].position)}, x = {decimal(read[1].position)}"),
            Step("CR-3", "is", "inside" if all(point.inside for point in read) else "outside"),
            Step("CR-6", "value outside", decimal(self.outside)),
        ]  # fmt: skip


def _points(points: tuple[Point, ...]) -> str:
    """Where points are along an axis, in words."""
    first, last = points[0].position, points[-1].position
    if len(points) == 1:
        return f"one, at {decimal(first)}"
    return f"{len(points)}, {span(first, last)} in steps of {decimal((last - first) / (len(points) - 1))}"


def _taps(point: Point) -> list[tuple[int, Fraction]]:
    low, high, fraction = point.taps
    return [(low, 1 - fraction), (high, fraction)]
