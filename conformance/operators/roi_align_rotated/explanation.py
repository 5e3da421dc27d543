"""One RoI step by step under a dialect of rotated RoIAlign, and of others whose samples are points, in exact numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.dialects.roi_align_rotated import DIALECTS, Unit
from ...errors import UsageError
from ...exact.floats import FLOAT_TYPES
from ...explanation import Account, Plane, Step, decimal, pair, place, refuse_too_many, span
from .oracle.geometry import DEGREE, Rules, roi_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....kernels.dialects.roi_align_rotated import Dialect
    from ...explanation import Bin, Mark, Place, Shape, Walk
    from .oracle.geometry import Line, Roi

EXACTLY = FLOAT_TYPES["float64"]
"""The type of angles: a multiple of a quarter turn is the number of it that is nearest."""


class OfPoints(Account):
    """A call of an operator whose RoI has samples that are points of the map: what rotated RoIAlign's geometry says of them."""

    roi: Roi

    def place_roi(self, roi: Roi | None) -> None:
        """Takes a RoI, unless it has too many samples."""
        if roi is None:
            raise UsageError("--roi has a number that is beyond those of float64")
        refuse_too_many(math.prod((*roi.bins, *(max(taken, 1) for taken in roi.taken))), self.dialect)
        self.roi = roi

    @property
    def bins(self) -> Iterator[Bin]:
        """Row by row."""
        return product(*map(range, self.roi.bins))

    def divisor(self, at: Bin) -> Fraction:
        """What the sum of the samples of a bin is divided by."""
        return Fraction(int(self.roi.divisor[at]))

    def lines(self) -> tuple[Line, Line]:
        """Where samples are before any is moved, along y and along x."""
        return self.roi.lines

    def marks(self, at: Bin) -> list[Mark]:
        """The samples of a bin, row by row."""
        where, read = self.lines(), self.roi.lines
        samples = range(self.roi.inside.shape[2])
        return [self._mark((*at, s), where, read) for s in samples]

    def _mark(self, sample: Bin, where: tuple[Line, Line], read: tuple[Line, Line]) -> Mark:
        y, x = (Fraction(int(line.at[sample]), line.unit) for line in where)
        if not self.roi.inside[sample]:
            return self.read((x, y), (x, y), ())
        return self.interpolated((x, y), *(_taps(line, sample) for line in read))

    def planes(self, at: Bin) -> list[Plane]:
        """The map."""
        y, x = (np.asarray(line.at / line.unit, float) for line in self.lines())
        inside = self.roi.inside
        corners = self.shape(None)
        moved = self.unmoved(at) is not None
        return [
            Plane(
                ("x", "y"),
                "",
                np.asarray(self.feature(), float),
                corners,
                [self.shape(bin_) for bin_ in self.bins],
                self.shape(at),
                before=[shape for bin_ in self.bins if (shape := self.unmoved(bin_))] if moved else (),
                samples=list(zip(x[inside].tolist(), y[inside].tolist(), strict=True)),
                outside=list(zip(x[~inside].tolist(), y[~inside].tolist(), strict=True)),
            )
        ]

    def feature(self) -> np.ndarray:
        """The map that is read, ``(H, W)``."""
        return self.call.feature

    def shape(self, at: Bin | None) -> Shape:
        """The outline of a bin, or of the RoI, on the map."""
        raise NotImplementedError

    def unmoved(self, at: Bin) -> Shape | None:
        """The outline of a bin before it was moved; None if none is."""
        del at
        return None

    def grid_of(self, axis: int, *, floor: str = "") -> str:
        """How many samples a bin has along an axis, and why."""
        grid, size, bins = self.roi.grid[axis], self.roi.size[axis], self.roi.bins[axis]
        asked = self.call.sampling_ratio[axis]
        return f"{grid}{floor}" if asked > 0 else f"{grid} = ⌈{decimal(size / bins)}⌉{floor}"


def _taps(line: Line, sample: Bin) -> list[tuple[int, Fraction]]:
    weight = Fraction(int(line.fraction[sample]), line.unit)
    return [(int(line.low[sample]), 1 - weight), (int(line.high[sample]), weight)]


def size_of(size: tuple[Fraction, Fraction]) -> str:
    """Height and width in words."""
    return f"{decimal(size[0])} high, {decimal(size[1])} wide"


class RotatedExplanation(OfPoints):
    """A call of a turned box."""

    title = "Rotated RoIAlign"
    point_rules = ("RR-8", "RR-9", "RR-9")

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples, and of two scales."""
        super().__init__(call, dialect)
        self.rules = Rules(self.choices)
        scale, other = pair(call.spatial_scale)
        if scale != other:
            raise UsageError("--spatial-scale is one number for a turned box: with two it would be no rectangle")
        shape = (1, 1, *call.feature.shape[-2:])
        bins, ratio = pair(call.output_size), pair(call.sampling_ratio)
        self.place_roi(roi_of((0, *call.box), shape, bins, scale, ratio, self.rules, EXACTLY))  # type: ignore[arg-type]

    @property
    def choices(self) -> Dialect:
        """The choices of rotated RoIAlign."""
        return DIALECTS[self.dialect]

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "RR-10 average"

    def shape(self, at: Bin | None) -> Shape:
        """The outline of a bin, or of the RoI, on the map."""
        (v1, v2), (u1, u2) = (self._ends(axis, None if at is None else at[axis]) for axis in (0, 1))
        return tuple(self._place(v, u) for v, u in ((v1, u1), (v1, u2), (v2, u2), (v2, u1)))

    def _ends(self, axis: int, bin_: int | None) -> tuple[Fraction, Fraction]:
        """RR-7: where a bin, or the RoI, begins and ends along an axis of the box, from its centre."""
        size, bins = self.roi.size[axis], self.roi.bins[axis]
        first, last = (0, bins) if bin_ is None else (bin_, bin_ + 1)
        return -size / 2 + first * size / bins, -size / 2 + last * size / bins

    def _place(self, v: Fraction, u: Fraction) -> Place:
        """RR-8: where a point of the box lies on the map."""
        (cy, cx), (cos, sin, _) = self.roi.centre, self.roi.turned
        return cx + v * sin + u * cos, cy + v * cos - u * sin

    def steps(self, at: Bin) -> list[Step]:
        """RR-1 to RR-8."""
        cx, cy, w, h, _ = self.call.box
        roi, (p, q) = self.roi, at
        enlarged = f", at least 1 of {size_of(roi.asked)}" if any(roi.held) else ""
        grid = " × ".join(map(self.grid_of, (0, 1)))
        (v1, v2), (u1, u2) = self._ends(0, p), self._ends(1, q)
        return [
            Step("RR-1", "box, in image pixels", f"centre {place(cx, cy)}, {size_of((h, w))}"),
            Step("RR-2", "centre, in feature pixels", place(*roi.centre[::-1])),
            Step("RR-3", "angle", self._angle()),
            Step("RR-4", "cosine, sine", f"{decimal(roi.turned.cos)}, {decimal(roi.turned.sin)}{self._quarter()}"),
            Step("RR-5", "size, in feature pixels", size_of(roi.size) + enlarged),
            Step("RR-6", "samples per bin, down × across", grid),
            Step("RR-7", f"{self.called(at)}, from the centre", f"down {span(v1, v2)}, across {span(u1, u2)}"),
            Step("RR-8", "its corners on the map", " ".join(place(*corner) for corner in self.shape(at))),
        ]

    def _angle(self) -> str:
        """RR-3, as the box has it, and as it is seen."""
        angle, in_degrees = self.call.box[4], self.choices.unit == Unit.DEGREES
        degrees = angle if in_degrees else angle / DEGREE
        turn = str(self.choices.turn).replace("_", "-")
        typed = f"{decimal(angle)}°" if in_degrees else f"{decimal(angle)} rad = {decimal(degrees)}°"
        return f"{typed}, {turn}" if angle else "none"

    def _quarter(self) -> str:
        return ", a multiple of a quarter turn" if self.roi.turned.is_exact and self.call.box[4] else ""
