"""One RoI of a volume step by step under a dialect, in exact numbers: slices through a bin, one across each axis."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.dialects.roi_align_3d import DIALECTS
from ...errors import UsageError
from ...exact.floats import FLOAT_TYPES
from ...explanation import Account, Mark, Plane, Step, decimal, place, rectangle, refuse_too_many, span
from .oracle.geometry import AXES, Rules, roi_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...explanation import Bin, Walk
    from ...sampling.axis import Axis, Sample

    Ends = tuple[Fraction, Fraction]

_SLICES = (("x", "y"), ("x", "z"), ("y", "z"))
"""What lies across, and what down, in each picture of a slice."""


class VolumeExplanation(Account):
    """A call on a volume, with axes z, y and x."""

    title = "RoIAlign of volumes"
    point_rules = ("RV-5", "RV-6", "RV-7")

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples."""
        super().__init__(call, dialect)
        shape, rules = (1, 1, *call.feature.shape), Rules(DIALECTS[dialect])
        how = call.output_size, call.spatial_scale, call.sampling_ratio, rules, FLOAT_TYPES["float64"]
        corners = rules.corners(call.box)
        axes = rules.axes(corners, call.feature.shape, call.output_size, call.spatial_scale, call.sampling_ratio)
        refuse_too_many(math.prod(axis.bins * max(axis.taken, 1) for axis in axes), dialect)
        roi = roi_of((0, *call.box), shape, *how)  # type: ignore[arg-type]
        if roi is None:
            raise UsageError("--roi has a number that is beyond those of float64")
        self.axes: list[Axis] = axes
        self.divided_by = Fraction(roi.divisor)

    @property
    def bins(self) -> Iterator[Bin]:
        """Slice by slice, row by row."""
        return product(*(range(axis.bins) for axis in self.axes))

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "RV-8 average"

    def divisor(self, at: Bin) -> Fraction:
        """What the sum of the samples of a bin is divided by."""
        del at
        return self.divided_by

    def marks(self, at: Bin) -> list[Mark]:
        """The samples of a bin, slice by slice."""
        along = ([axis.sample(p, i) for i in range(axis.taken)] for axis, p in zip(self.axes, at, strict=True))
        return [self._mark(samples) for samples in product(*along)]

    def _mark(self, samples: tuple[Sample, ...]) -> Mark:
        where = tuple(sample.position for sample in reversed(samples))
        if not all(sample.inside for sample in samples):
            return self.read(where, where, ())
        return self.interpolated(where, *((sample.low, sample.high) for sample in samples))

    def planes(self, at: Bin) -> list[Plane]:
        """A slice across each axis, through the middle of the bin."""
        return [self._slice(at, across, down) for across, down in _SLICES]

    def _slice(self, at: Bin, across: str, down: str) -> Plane:
        x, y = AXES.index(across), AXES.index(down)
        (other,) = {0, 1, 2} - {x, y}
        begin, end = _ends(self.axes[other], at[other])
        through = min(max(round((begin + end) / 2), 0), self.call.feature.shape[other] - 1)
        plane = np.asarray(np.take(self.call.feature, through, axis=other), float)
        columns, rows = self.axes[x], self.axes[y]
        shapes = {(p, q): rectangle(_ends(rows, p), _ends(columns, q)) for p, q in _pairs(rows, columns)}
        samples = [
            ((float(column.position), float(row.position)), row.inside and column.inside)
            for row, column in product(_samples(rows), _samples(columns))
        ]
        return Plane(
            (across, down),
            f"{AXES[other]} = {through}",
            plane,
            rectangle(*((axis.start, _ends(axis, axis.bins - 1)[1]) for axis in (rows, columns))),
            [*shapes.values()],
            shapes[at[y], at[x]],
            samples=[spot for spot, inside in samples if inside],
            outside=[spot for spot, inside in samples if not inside],
        )  # fmt: skip

    def steps(self, at: Bin) -> list[Step]:
        """RV-1 to RV-5, RV-8."""
        x1, y1, z1, x2, y2, z2 = self.call.box
        found = [Step("RV-1", "box, (x, y, z) in image pixels", f"{place(x1, y1, z1)} … {place(x2, y2, z2)}")]
        for name, axis, p, ratio in zip(AXES, self.axes, at, self.call.sampling_ratio, strict=True):
            grid = f"{axis.grid}" if ratio > 0 else f"{axis.grid} = ⌈{decimal(axis.bin)}⌉"
            found += [
                Step("RV-2", f"{name}: corners, in feature pixels", span(axis.start, axis.end)),
                Step("RV-3", f"{name}: extent", decimal(axis.extent)),
                Step("RV-4", f"{name}: bin {p}", f"{span(*_ends(axis, p))}, of size {decimal(axis.bin)}"),
                Step("RV-5", f"{name}: samples per bin", grid),
            ]
        return found


def _ends(axis: Axis, p: int) -> Ends:
    """RV-4: where a bin begins and ends."""
    return axis.start + p * axis.bin, axis.start + (p + 1) * axis.bin


def _pairs(rows: Axis, columns: Axis) -> Iterator[tuple[int, int]]:
    return product(range(rows.bins), range(columns.bins))


def _samples(axis: Axis) -> list[Sample]:
    return [axis.sample(p, i) for p in range(axis.bins) for i in range(axis.taken)]
