"""Faults that operators may have whose bins are whole pixels: in a formula, in what is asked, or in an answer.

Those in a formula are `WindowRules` that change one step and leave the others to the operator's own (`faulty`).
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from ...kernels.dialects.choices import BinEdges
from .geometry import WindowRules, bins_of, pixels_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..exact.numbers import Array
    from ..fault import Fault
    from .asked import WindowCall
    from .geometry import Interval, Stages, Window

F = TypeVar("F", bound="Fault[Any]")


def faulty(fault: type[Any], rules: type[Any]) -> type[Any]:
    """The formulas of an operator, but for those that a fault has."""
    return type(fault.__name__, (fault, rules), {})


# ---- where the RoI lies ----------------------------------------------------------------------------------------------


class Truncated(WindowRules):
    def snap(self, y: Fraction) -> Fraction:
        return Fraction(math.trunc(y))


class SnappedOutwards(WindowRules):
    """The first corner rounded down, the second up."""

    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> Interval:
        first, second = super().corners(y1, y2, scale)
        return Fraction(math.floor(first)), Fraction(math.ceil(second))


class SizeBeforeSnap(WindowRules):
    """The extent is that of the corners before the snap."""

    def snap(self, y: Fraction) -> Fraction:
        return y

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        return super().snap(start)


class CornersSorted(WindowRules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> Interval:
        return super().corners(min(y1, y2), max(y1, y2), scale)


class AtSecondCorner(WindowRules):
    """An inverted box lies at its second corner."""

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        return min(start, end)


class MinSizeTwo(WindowRules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(super().extent(start, end), Fraction(2))


class AbsoluteExtent(WindowRules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return super().extent(start, max(end, 2 * start - end))


# ---- bins ------------------------------------------------------------------------------------------------------------


class BinsOneLess(WindowRules):
    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        step = extent / max(bins - 1, 1)
        return tuple(p * step for p in range(bins + 1))


class WholeBinSize(WindowRules):
    """The bin size is rounded down to whole pixels."""

    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        step = Fraction(max(math.floor(extent / bins), 1))
        return tuple(p * step for p in range(bins + 1))


class FirstBinOnly(WindowRules):
    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return super().window(start, Fraction(0), until - at, pixels)


class ReadsAtEdge(WindowRules):
    """A bin without pixels reads the one at the edge."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        low, high = super().clip(first, end, pixels)
        low = min(low, pixels - 1)
        return low, max(high, low + 1)


class Unclipped(WindowRules):
    """For counting alone: windows as they are before the clip."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        del pixels
        return first, max(first, end)


# ---- averages --------------------------------------------------------------------------------------------------------


class DividesByOneMore(WindowRules):
    def average(self, total: Fraction, count: int) -> Fraction:
        return super().average(total, count + 1)


class Sums(WindowRules):
    def average(self, total: Fraction, count: int) -> Fraction:
        del count
        return super().average(total, 1)


def over_unclipped_bins(values: Array, asked: WindowCall[Any]) -> Array:
    """Averages divided by the pixels that bins have before they are clipped."""
    rules = asked.rules
    unclipped = replace(asked, rules=faulty(Unclipped, type(rules))(rules.dialect, rules.dtype))
    values = values.copy()
    for k, rois in enumerate(zip(asked.rois, unclipped.rois, strict=True)):
        counts = [pixels_of_bins(roi) for roi in rois]
        for (p, q), clipped in counts[0].items():
            share = Fraction(clipped, max(counts[1][p, q], 1))
            values[k, :, p, q] = [v * share if isinstance(v, Fraction) else v for v in values[k, :, p, q]]
    return values


def pixels_of_bins(roi: Stages | None) -> dict[tuple[int, int], int]:
    """How many pixels each bin has."""
    return {(p, q): pixels_in(rows, columns) for p, q, rows, columns in bins_of(roi)}


# ---- other choices, and where a fault can show -----------------------------------------------------------------------


def choosing(**choices: Any) -> dict[str, Any]:
    """What a mutant is made of that makes other choices than its dialect: the change of the call, and what it concerns."""

    def before(asked: WindowCall[Any]) -> WindowCall[Any]:
        return replace(asked, rules=replace(asked.rules, dialect=replace(asked.rules.dialect, **choices)))

    def concerns(dialect: Any, mode: str) -> bool:
        # Cases are judged in float64 here, where edges of the map's type are those of float64.
        own, other = (
            replace(each, edges=edges_of(each, "float64")).for_mode(mode)
            for each in (dialect, replace(dialect, **choices))
        )
        return bool(own != other)

    return {"before": before, "concerns": concerns}


def edges_of(dialect: Any, dtype: str) -> BinEdges:
    """In which arithmetic edges are computed; that of the map by its name."""
    by_type = {"float32": BinEdges.FLOAT32, "float64": BinEdges.FLOAT64}
    edges: BinEdges = dialect.edges
    return by_type.get(dtype, BinEdges.MAP) if edges == BinEdges.MAP else edges


def where(applies: Callable[[Any], bool], why: str, mutant: F) -> F:
    """The mutant, said to concern only dialects of which ``applies`` is true, and why no others."""
    before = mutant.concerns
    return replace(mutant, equivalent=why, concerns=lambda dialect, mode: applies(dialect) and before(dialect, mode))
