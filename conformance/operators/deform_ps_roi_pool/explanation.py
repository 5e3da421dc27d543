"""One RoI step by step under a dialect of deformable PSRoIPool, in exact numbers, on a map that stands for each bin's channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np

from ....kernels.dialects.deform_ps_roi_pool import DIALECTS
from ...errors import UsageError
from ...explanation import Step, decimal, pair, place, span
from ..deform_roi_pool.explanation import OfMovedBins
from ..roi_align_rotated.explanation import EXACTLY, size_of
from .oracle.geometry import Roi, Rules, roi_of

if TYPE_CHECKING:
    from ...exact.numbers import Array
    from ...explanation import Bin, Walk
    from ..roi_align_rotated.oracle.geometry import Line


class DeformPsRoiPoolExplanation(OfMovedBins):
    """A call with a group of channels for each bin; all channels are alike."""

    title = "Deformable PSRoIPool"
    point_rules = ("DQ-5", "DQ-6", "DQ-6")

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples, and of adaptive sampling."""
        if min(call.sampling_ratio) < 1:
            raise UsageError("--sampling-ratio is at least 1 here: no number of samples follows from the size of a bin")
        self.rules = Rules(DIALECTS[dialect])
        super().__init__(call, dialect)

    def offsets(self) -> Array | None:
        """DQ-5: those of bins, each that of its part."""
        given = super().offsets()
        if given is None:
            return None
        rows, columns = self._parts(given)
        found: Array = given[:, rows][:, :, columns]
        return found

    def _parts(self, given: Array) -> tuple[list[int], list[int]]:
        return self.rules.parts_of(pair(self.call.output_size), pair(given.shape[1:]), EXACTLY)

    def roi_of(self, offsets: Array | None, shape: tuple[int, ...]) -> Roi | None:
        """Where the RoI lies, of whole image pixels."""
        x1, y1, x2, y2 = self.call.box
        row = (0, self.rules.first(x1), self.rules.first(y1), self.rules.end(x2), self.rules.end(y2))
        call = self.call
        bins, scales, ratio = pair(call.output_size), pair(call.spatial_scale), pair(call.sampling_ratio)
        return roi_of(row, offsets, shape, bins, scales, ratio, self.gamma, self.rules, EXACTLY)  # type: ignore[arg-type]

    def lines(self) -> tuple[Line, Line]:
        """Where samples are before any is moved, along y and along x."""
        return cast("Roi", self.roi).unmoved

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "DQ-7 average"

    def maps(self) -> Array:
        """The map for each group."""
        return np.broadcast_to(self.call.feature, (math.prod(self.call.output_size), *self.call.feature.shape))

    def steps(self, at: Bin) -> list[Step]:
        """DQ-1 to DQ-5, and the count of DQ-7."""
        x1, y1, x2, y2 = self.call.box
        rules, bins = self.rules, pair(self.call.output_size)
        groups = tuple(rules.group(p, count, count) for p, count in zip(at, bins, strict=True))
        first, last = (rules.first(x1), rules.first(y1)), (rules.end(x2) - 1, rules.end(y2) - 1)
        (top, bottom), (left, right) = self.ends(0, None), self.ends(1, None)
        (y_first, y_last), (x_first, x_last) = (self.ends(axis, at[axis]) for axis in (0, 1))
        channel = rules.channel(0, pair(groups), bins, 1)
        return [
            Step("DQ-1", "channel of the map", f"group {groups}: {channel} of {math.prod(bins)}, which are all alike here"),
            Step("DQ-2", "box, in image pixels", f"{place(x1, y1)} … {place(x2, y2)}"),
            Step("DQ-2", "its first and last pixel", f"{place(*first)} … {place(*last)}"),
            Step("DQ-3", "corners, in feature pixels", f"{place(left, top)} … {place(right, bottom)}"),
            Step("DQ-3", "size", size_of(self.roi.size)),
            Step("DQ-4", "samples per bin, down × across", " × ".join(map(self.grid_of, (0, 1)))),
            Step("DQ-4", self.called(at), f"down {span(y_first, y_last)}, across {span(x_first, x_last)}"),
            *self._moving(at),
            Step("DQ-7", "samples inside, which are counted", decimal(self.divisor(at))),
        ]  # fmt: skip

    def _moving(self, at: Bin) -> list[Step]:
        given = super().offsets()
        if given is None:
            return [Step("DQ-5", "offsets", "none")]
        parts = tuple(of_axis[n] for of_axis, n in zip(self._parts(given), at, strict=True))
        offset = f"d_x = {decimal(given[(0, *parts)])}, d_y = {decimal(given[(1, *parts)])}"
        return [
            Step("DQ-5", "its part, whose offset is its", f"{parts} of {' × '.join(map(str, given.shape[1:]))}: {offset}"),
            Step("DQ-5", "moves it by gamma · w · d_x, gamma · h · d_y", place(*self.moved_by(at)[::-1])),
        ]  # fmt: skip
