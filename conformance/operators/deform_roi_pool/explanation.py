"""One RoI step by step under a dialect of deformable RoI pooling, in exact numbers: its bins, each moved by its offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....kernels.dialects.deform_roi_pool import DIALECTS
from ...explanation import Step, decimal, pair, place, rectangle, span
from ..roi_align_rotated.explanation import EXACTLY, OfPoints, size_of
from .oracle.geometry import Roi, Rules, roi_of

if TYPE_CHECKING:
    from fractions import Fraction

    from ...exact.numbers import Array
    from ...explanation import Bin, Shape, Walk


class OfMovedBins(OfPoints):
    """A call whose bins lie along the axes of the map, and are moved."""

    roi: Roi

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples."""
        super().__init__(call, dialect)
        self.gamma: Fraction = call.more["gamma"]
        self.place_roi(self.roi_of(self.offsets(), (1, 1, *call.feature.shape)))

    def offsets(self) -> Array | None:
        """Those of bins, ``(2, P_h, P_w)``; None if nothing is moved."""
        found: Array | None = self.call.more["offset"]
        return found

    def roi_of(self, offsets: Array | None, shape: tuple[int, ...]) -> Roi | None:
        """Where the RoI lies."""
        call, row, rules = self.call, (0, *self.call.box), Rules(DIALECTS[self.dialect])
        bins, scales, ratio = pair(call.output_size), pair(call.spatial_scale), pair(call.sampling_ratio)
        return roi_of(row, offsets, shape, bins, scales, ratio, self.gamma, rules, EXACTLY)  # type: ignore[arg-type]

    def arrays(self) -> dict[str, Array]:
        """The offsets."""
        given = self.call.more["offset"]
        return {} if given is None else {"offset": given[None].astype(np.float64)}

    def moved_by(self, at: Bin) -> tuple[Fraction, Fraction]:
        """By how much a bin is moved, ``(y, x)``."""
        y, x = (self.roi.starts(axis)[at] - self.roi.start[axis] for axis in (0, 1))
        return y, x

    def ends(self, axis: int, bin_: int | None) -> tuple[Fraction, Fraction]:
        """Where a bin, or the RoI, begins and ends along an axis, before it is moved."""
        start, size, bins = self.roi.start[axis], self.roi.size[axis], self.roi.bins[axis]
        first, last = (0, bins) if bin_ is None else (bin_, bin_ + 1)
        return start + first * size / bins, start + last * size / bins

    def unmoved(self, at: Bin) -> Shape | None:
        """The outline of a bin before it was moved; None if none is."""
        return self._outline(at, moved=False) if any(map(any, map(self.moved_by, self.bins))) else None

    def shape(self, at: Bin | None) -> Shape:
        """The outline of a bin, or of the RoI, on the map."""
        return self._outline(at, moved=True)

    def _outline(self, at: Bin | None, *, moved: bool) -> Shape:
        down, across = self.moved_by(at) if at is not None and moved else (0, 0)
        (y1, y2), (x1, x2) = (self.ends(axis, None if at is None else at[axis]) for axis in (0, 1))
        return rectangle((y1 + down, y2 + down), (x1 + across, x2 + across))


class DeformRoiPoolExplanation(OfMovedBins):
    """A call of deformable RoI pooling."""

    title = "Deformable RoI pooling"
    point_rules = ("DP-4", "DP-5", "DP-5")

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "DP-6 average"

    def steps(self, at: Bin) -> list[Step]:
        """DP-1 to DP-4."""
        x1, y1, x2, y2 = self.call.box
        (top, bottom), (left, right) = self.ends(0, None), self.ends(1, None)
        (y_first, y_last), (x_first, x_last) = (self.ends(axis, at[axis]) for axis in (0, 1))
        return [
            Step("DP-1", "box, in image pixels", f"{place(x1, y1)} … {place(x2, y2)}"),
            Step("DP-2", "corners, in feature pixels", f"{place(left, top)} … {place(right, bottom)}"),
            Step("DP-2", "size", size_of(self.roi.size)),
            Step("DP-3", "samples per bin, down × across", " × ".join(map(self.grid_of, (0, 1)))),
            Step("DP-3", self.called(at), f"down {span(y_first, y_last)}, across {span(x_first, x_last)}"),
            Step("DP-4", "its offset", f"d_x = {decimal(self.roi.offsets[1][at])}, d_y = {decimal(self.roi.offsets[0][at])}"),
            Step("DP-4", "moves it by gamma · w · d_x, gamma · h · d_y", place(*self.moved_by(at)[::-1])),
        ]  # fmt: skip
