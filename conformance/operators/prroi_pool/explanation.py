"""One RoI step by step under a dialect of PrRoIPool, exactly: what its bins weigh every pixel with. Nothing is sampled."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, product
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.dialects.prroi_pool import DIALECTS
from ...errors import UsageError
from ...explanation import Account, Mark, Plane, Step, decimal, place, rectangle, refuse_too_many, span
from .oracle.geometry import Rules, stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...explanation import Bin, Walk

_SHOWN = 12  # weights along an axis


class PrRoiPoolExplanation(Account):
    """A call whose bins are integrals."""

    title = "PrRoIPool"
    point_rules = ("PR-4", "PR-4", "PR-4")

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many weights."""
        super().__init__(call, dialect)
        shape, row = (1, 1, *call.feature.shape), (0, *call.box)
        roi = stages(row, shape, call.output_size, call.spatial_scale, Rules(DIALECTS[dialect]))  # type: ignore[arg-type]
        if roi is None:
            raise UsageError("--roi has a number that is beyond those of float64")
        refuse_too_many(roi.y.bins * roi.x.bins, dialect)
        self.y, self.x = roi.y, roi.x
        rows, columns = (sum(map(len, axis.weights)) for axis in (roi.y, roi.x))
        refuse_too_many(rows * columns, dialect)
        self.has_area = roi.has_area

    @property
    def bins(self) -> Iterator[Bin]:
        """Row by row."""
        return product(range(self.y.bins), range(self.x.bins))

    def summary(self, at: Bin) -> str:
        """How many bins there are."""
        del at
        return f"{self.y.bins} × {self.x.bins} bins of {decimal(self.y.bin)} × {decimal(self.x.bin)} pixels, integrated"

    @property
    def rule(self) -> str:
        """How the pixels of a bin become one number."""
        return "PR-6 mean"

    def marks(self, at: Bin) -> list[Mark]:
        """None: it is no sum over points."""
        del at
        return []

    def divisor(self, at: Bin) -> Fraction:
        """PR-6: the area of a bin."""
        del at
        return self.y.rules.area(self.y.bin, self.x.bin)

    def taps(self, at: Bin) -> dict[Bin, Fraction]:  # type: ignore[override]
        """PR-5, PR-6: what a bin weighs pixels with, divided by its area; nothing of a RoI without any."""
        if not self.has_area:
            return {}
        down, across = self.y.weights[at[0]], self.x.weights[at[1]]
        return {(row, column): h * w / self.divisor(at) for row, h in down.items() for column, w in across.items()}

    def value(self, at: Bin) -> Fraction:
        """PR-6."""
        return sum((weight * self.pixel(pixel) for pixel, weight in self.taps(at).items()), Fraction(0))

    def planes(self, at: Bin) -> list[Plane]:
        """The map."""
        (top, _), (_, bottom) = self.y.edges[0], self.y.edges[-1]
        (left, _), (_, right) = self.x.edges[0], self.x.edges[-1]
        roi = rectangle((top, bottom), (left, right))
        shapes = {bin_: rectangle(self.y.edges[bin_[0]], self.x.edges[bin_[1]]) for bin_ in self.bins}
        feature = np.asarray(self.call.feature, float)
        return [Plane(("x", "y"), "", feature, roi, [*shapes.values()], shapes[at])]

    def steps(self, at: Bin) -> list[Step]:
        """PR-1 to PR-6."""
        x1, y1, x2, y2 = self.call.box
        (p, q), y, x = at, self.y, self.x
        first, last = zip(x.corners, y.corners, strict=True)
        (top, bottom), (left, right) = y.edges[p], x.edges[q]
        return [
            Step("PR-1", "box, in image pixels", f"{place(x1, y1)} … {place(x2, y2)}"),
            Step("PR-1", "corners, in feature pixels", f"{place(*first)} … {place(*last)}"),
            Step("PR-2", "size", f"{decimal(y.extent)} high, {decimal(x.extent)} wide"),
            Step("PR-3", self.called(at), f"down {span(top, bottom)}, across {span(left, right)}"),
            Step("PR-5", "integrals of the rows' tents", _weights("row", y.weights[p])),
            Step("PR-5", "integrals of the columns' tents", _weights("column", x.weights[q])),
            Step("PR-6", "area", decimal(self.divisor(at))),
        ]


def _weights(name: str, weights: Mapping[int, Fraction]) -> str:
    shown = ", ".join(f"{n}: {decimal(weight)}" for n, weight in islice(weights.items(), _SHOWN))
    more = ", …" if len(weights) > _SHOWN else ""
    return f"{name} {shown}{more}" if weights else "none"
