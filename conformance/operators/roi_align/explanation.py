"""One RoI step by step under a dialect of RoIAlign, in exact numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from ....kernels.dialects.choices import Max
from ....kernels.dialects.roi_align import DIALECTS
from ...explanation import Point, pair, refuse_too_many
from ...sampling.axis import Sample, stages

if TYPE_CHECKING:
    from ...exact.numbers import Exact
    from ...explanation import Pair, Walk


class RoiAlignExplanation:
    """A call under one dialect: ``y`` and ``x`` have RA-1 to RA-4."""

    title = "RoIAlign"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples."""
        self.call, self.dialect = call, dialect
        sizes = pair(call.output_size), pair(call.spatial_scale), pair(call.sampling_ratio)
        _, self.y, self.x = stages((0, *call.box), call.feature.shape, *sizes, DIALECTS[dialect])
        refuse_too_many(math.prod(axis.bins * max(axis.taken, 1) for axis in (self.y, self.x)), dialect)

    @property
    def steps(self) -> dict[str, str]:
        """The rule of each step."""
        names = ("corners", "extent", "bins", "grid", "positions", "boundary", "weights")
        return {name: f"RA-{number}" for number, name in enumerate(names, 1)}

    def points(self, p: int, q: int) -> list[Point]:
        """The samples of a bin, RA-5 to RA-7, row by row."""
        ys, xs = ([axis.sample(b, i) for i in range(axis.taken)] for axis, b in ((self.y, p), (self.x, q)))
        return [self._point(y, x) for y, x in product(ys, xs)]

    def _point(self, y: Sample, x: Sample) -> Point:
        taps = product((y.low, y.high), (x.low, x.high)) if y.inside and x.inside else ()
        corners = tuple(((row, column), h * w) for (row, h), (column, w) in taps)
        return Point(y, x, corners, sum((weight * self.pixel(at) for at, weight in corners), Fraction(0)))

    def pixel(self, at: Pair) -> Fraction:
        """The value of a pixel."""
        return Fraction(self.call.feature[at].item())

    def taps(self, p: int, q: int) -> dict[Pair, Exact]:
        """The weight that each pixel has in the average of a bin, divided as RA-8 says."""
        total: dict[Pair, Fraction] = {}
        for at, weight in (corner for point in self.points(p, q) for corner in point.corners):
            total[at] = total.get(at, Fraction(0)) + weight
        return {at: self._average(weight) for at, weight in sorted(total.items()) if weight}

    def _average(self, total: Fraction) -> Exact:
        return self.y.rules.average(total, self.y.grid, self.x.grid)

    def value(self, p: int, q: int) -> Exact:
        """The output of a bin, RA-8 or RA-9."""
        points = self.points(p, q)
        inside = [point for point in points if point.corners]
        if self.call.mode == "avg":
            return self._average(sum((point.value for point in inside), Fraction(0)))
        candidates = [value for point in inside for value in self.candidates(point)]
        return self.y.rules.maximum(candidates, any_outside=len(inside) < len(points))

    def candidates(self, point: Point) -> list[Fraction]:
        """What a sample that is inside brings to a maximum, RA-9."""
        if self.y.rules.dialect.max == Max.CORNER:
            return [weight * self.pixel(at) for at, weight in point.corners]
        return [point.value]

    @cached_property
    def values(self) -> dict[Pair, Exact]:
        """The output of every bin."""
        return {(p, q): self.value(p, q) for p, q in product(range(self.y.bins), range(self.x.bins))}

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        dialect = DIALECTS[self.dialect]
        start = "" if dialect.max_start is None else f" and {dialect.max_start:g}"
        return "RA-8 average" if self.call.mode == "avg" else f"RA-9 maximum ({dialect.max}{start})"
