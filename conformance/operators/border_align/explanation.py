"""One box step by step under a dialect of BorderAlign, in exact numbers, on a map that stands for those of all four sides."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.dialects.border_align import DIALECTS
from ...errors import UsageError
from ...exact.floats import FLOAT_TYPES
from ...explanation import Account, Mark, Plane, Step, decimal, dots, place, rectangle, refuse_too_many
from .call import SIDES
from .oracle.geometry import Rules, roi_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...exact.numbers import Array
    from ...explanation import Bin, Shape, Walk
    from .oracle.geometry import Line

_NAMES = ("top", "left", "bottom", "right")


class BorderAlignExplanation(Account):
    """The sides of a box, and their points."""

    title = "BorderAlign"
    point_rules = ("BA-3", "BA-4", "BA-4")
    points = "points"
    unit = "side"
    corner = "side"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many points."""
        super().__init__(call, dialect)
        parts = call.more["pool_size"]
        refuse_too_many(SIDES * (parts + 1), dialect)
        shape = (1, 1, SIDES, *call.feature.shape)
        self.rules = Rules(DIALECTS[dialect])
        roi = roi_of((0, *call.box), shape, parts, self.rules, FLOAT_TYPES["float64"])  # type: ignore[arg-type]
        if roi is None:
            raise UsageError("--roi has a number that is beyond those of float64")
        self.roi = roi

    @property
    def bins(self) -> Iterator[Bin]:
        """The sides."""
        return ((side,) for side in range(SIDES))

    @property
    def rule(self) -> str:
        """How the points of a side become one number."""
        return "BA-5 maximum"

    def summary(self, at: Bin) -> str:
        """How many sides there are, and of how many points."""
        return f"{SIDES} sides, each with {len(self.marks(at))} points"

    def called(self, at: Bin) -> str:
        """A side in words."""
        return f"{_NAMES[at[0]]} side"

    def marks(self, at: Bin) -> list[Mark]:
        """The points of a side, from where it begins."""
        return [self._mark((at[0], i)) for i in range(len(self.roi.shares))]

    def _mark(self, point: Bin) -> Mark:
        y, x = self.roi.lines
        where = x.at[point], y.at[point]
        if not self.roi.inside[point]:
            return self.read(where, where, ())
        return self.interpolated(where, _taps(y, point), _taps(x, point))

    def winner(self, at: Bin) -> int:
        """BA-6."""
        values = [mark.value for mark in self.marks(at)]
        return values.index(max(values))

    def value(self, at: Bin) -> Fraction:
        """BA-5."""
        return self.marks(at)[self.winner(at)].value

    def taps(self, at: Bin) -> dict[Bin, Fraction]:  # type: ignore[override]
        """Nothing: of a maximum only one point counts."""
        del at
        return {}

    def maps(self) -> Array:
        """The maps of all sides, one below the other, as a case has them."""
        return np.concatenate([self.call.feature] * SIDES)[None]

    def _ends(self, at: Bin) -> Shape:
        """BA-3: where a side begins and ends."""
        (y, x), side = self.roi.lines, at[0]
        return (x.at[side, 0], y.at[side, 0]), (x.at[side, -1], y.at[side, -1])

    def planes(self, at: Bin) -> list[Plane]:
        """The map."""
        marks = [mark for side in self.bins for mark in self.marks(side)]
        won = [self.marks(side)[self.winner(side)] for side in self.bins]
        box = self.roi.box
        return [
            Plane(
                ("x", "y"),
                "",
                np.asarray(self.call.feature, float),
                rectangle((box.y1, box.y2), (box.x1, box.x2)),
                [],
                self._ends(at),
                samples=dots(marks, inside=True),
                outside=dots(marks, inside=False),
                won=dots(won),
            )
        ]

    def steps(self, at: Bin) -> list[Step]:
        """BA-1 to BA-6."""
        (side,), parts = at, self.call.more["pool_size"]
        x1, y1, x2, y2 = self.call.box
        box, (first, last), won = self.roi.box, self._ends(at), self.winner(at)
        mark = self.marks(at)[won]
        return [
            Step("BA-1", "map", f"side {side} of each channel has one of its own; they are all alike here"),
            Step("BA-2", "box, in pixels", f"{place(x1, y1)} … {place(x2, y2)}"),
            Step("BA-2", "corners on the map", f"{place(box.x1, box.y1)} … {place(box.x2, box.y2)}"),
            Step("BA-3", self.called(at), f"from {place(*first)} to {place(*last)}"),
            Step("BA-3", "points", f"{parts} + 1, both ends included"),
            Step("BA-5", "maximum", decimal(mark.value)),
            Step("BA-6", "comes from the first that has it", f"point {won} at {place(*mark.at)}"),
        ]


def _taps(line: Line, point: Bin) -> list[tuple[int, Fraction]]:
    weight = Fraction(int(line.fraction[point]), line.unit)
    return [(int(line.low[point]), 1 - weight), (int(line.high[point]), weight)]
