"""Where the RoIs of systematic cases lie, in feature pixels, and how their bins are moved.

Corners are whole image pixels, or a quarter beside one; bins are of as many as the scale has room for, and offsets multiples of
an eighth, so that all is exact but for the numbers of bins, samples, or samples that are inside, that are no powers of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ...deform_roi_pool.draws import placements as of_bins
from ...deform_roi_pool.draws.placements import (
    HALF,
    QUARTER,
    before,
    beyond,
    high,
    large,
    little,
    low,
    middle,
    negative,
    nothing,
    usual,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....draw import Draw
    from ...deform_roi_pool.draws.placements import Along


@dataclass(frozen=True)
class Placement(of_bins.Placement):
    """How RoIs lie, said in a sentence, and the rules that this is about. Offsets are up to ``far`` eighths."""

    @staticmethod
    def _corners(
        chance: Draw, along: Along, extent: Callable[[Draw], Fraction], pixels: int, bins: int, scale: Fraction
    ) -> tuple[Fraction, Fraction]:
        wanted = extent(chance)
        each = max(round(wanted / scale), 1) if wanted > 0 else min(round(wanted / scale), 0)
        start = round((along(chance, pixels, each * bins * scale) + HALF) / scale)
        beside = (Fraction(0), Fraction(0), QUARTER, -QUARTER)
        return start + chance.one(beside), start + each * bins - 1 + chance.one(beside)


PLACEMENTS = (
    Placement("within", "within the map", within, within, usual, usual, ("DQ-5",)),
    Placement("low", "over the corner at the top left", low, low, usual, usual, ("DQ-5", "DQ-6")),
    Placement("high", "over the corner at the bottom right", high, high, usual, usual, ("DQ-5", "DQ-6")),
    Placement("top", "over the top edge", low, within, usual, usual, ("DQ-5", "DQ-6")),
    Placement("left", "over the left edge", within, low, usual, usual, ("DQ-5", "DQ-6")),
    Placement("bottom", "over the bottom edge", high, within, usual, usual, ("DQ-5", "DQ-6")),
    Placement("right", "over the right edge", within, high, usual, usual, ("DQ-5", "DQ-6")),
    Placement("around", "around the map", middle, middle, large, large, ("DQ-5", "DQ-6")),
    Placement("far", "moved beyond the edges, or from there to the map", low, high, usual, usual, ("DQ-5", "DQ-6"), 64),
    Placement("thrown", "moved far", within, within, usual, usual, ("DQ-5", "DQ-6"), 64),
    Placement("still", "not moved, though there are offsets", within, low, usual, usual, ("DQ-5",), 0),
    Placement("wide", "wide and low", within, middle, little, large, ("DQ-3", "DQ-5")),
    Placement("tall", "high and narrow", middle, within, large, little, ("DQ-3", "DQ-5")),
    Placement("thin", "as few image pixels as bins", within, within, little, little, ("DQ-4", "DQ-5")),
    Placement("below", "beyond the map, beside another RoI", beyond, within, usual, usual, ("DQ-6",)),
    Placement("before", "before the map, beside another RoI", within, before, usual, usual, ("DQ-6",)),
    Placement("point", "without size, beside another RoI", within, within, nothing, nothing, ("DQ-3", "DQ-5")),
    Placement("inverted-x", "of negative width, beside another RoI", within, within, usual, negative, ("DQ-3", "DQ-5")),
    Placement("inverted", "of negative sizes, beside another RoI", middle, middle, negative, negative, ("DQ-3", "DQ-5")),
)  # fmt: skip


COMPANY = ("below", "before", "point", "inverted-x", "inverted")
"""Placements that have a RoI within the map beside them, since of them alone there may be nothing to see."""

HELD = ("point", "inverted-x", "inverted")
"""Placements whose size is held at 0.1, of which nothing is exact."""
