"""What ``roikit explain`` does: follows one RoI through all steps, and names the rule of each.

RoIPool stands beside it, to show what rounding does. It follows torchvision's ``roi_pool``: along x (y alike), columns
run from ``start = round(x1 · scale)`` to ``end = round(x2 · scale)``, half away from zero, and number
``size = max(end − start + 1, 1)``. Bin q has those from ``start + ⌊q · size / P_w⌋`` up to, but not including,
``start + ⌈(q + 1) · size / P_w⌉``, as far as the map goes; its value is their greatest, or 0 if there are none.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.columns import Columns
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..kernels.dialect import DIALECTS, EmptyGrid, Max
from .oracle import HALF, Axis, Exact, Sample, stages
from .selection import UsageError, check_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Feature = NDArray[Any]
    Pair = tuple[int, int]

_MOST_PIXELS, _MOST_SAMPLES = 4096, 10**5
_SHOWN = 12  # samples, and rows and columns of a table
_FILE_WIDTH = 200  # columns of what is not printed to a terminal
_NUMBER = re.compile(r"\s*[+-]?[\d.]{1,30}(/\d{1,30}|e[+-]?\d{1,2})?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of the command, as typed."""

    roi: str
    output_size: str
    map: str
    map_size: str | None
    channel: int
    spatial_scale: str
    sampling_ratio: str
    mode: str
    dialect: str
    against: str | None
    bin: str
    picture: Path | None


class Call(NamedTuple):
    """What is asked: a map of one channel, ``box`` = (x1, y1, x2, y2) in image pixels; pairs are (y, x)."""

    feature: Feature
    box: tuple[Fraction, ...]
    output_size: Pair
    spatial_scale: tuple[Fraction, Fraction]
    sampling_ratio: Pair
    mode: str


class Point(NamedTuple):
    """A sample: its coordinates, the four pixels that it reads with their weights (none if it is outside), its value."""

    y: Sample
    x: Sample
    corners: tuple[tuple[Pair, Fraction], ...]
    value: Fraction


class Explanation:
    """A call under one dialect: ``y`` and ``x`` have RA-1 to RA-4."""

    def __init__(self, call: Call, dialect: str) -> None:
        """Refuses a call of too many samples."""
        self.call, self.dialect = call, dialect
        sizes = call.feature.shape, call.output_size, call.spatial_scale, call.sampling_ratio
        _, self.y, self.x = stages((0, *call.box), *sizes, DIALECTS[dialect])
        samples = math.prod(axis.bins * max(axis.taken, 1) for axis in (self.y, self.x))
        if samples > _MOST_SAMPLES:
            raise UsageError(f"{decimal(samples)} samples under {dialect} are too many: at most {_MOST_SAMPLES}")

    def points(self, p: int, q: int) -> list[Point]:
        """Returns the samples of a bin, RA-5 to RA-7, row by row."""
        ys, xs = ([axis.sample(b, i) for i in range(axis.taken)] for axis, b in ((self.y, p), (self.x, q)))
        return [self._point(y, x) for y, x in product(ys, xs)]

    def _point(self, y: Sample, x: Sample) -> Point:
        taps = product((y.low, y.high), (x.low, x.high)) if y.inside and x.inside else ()
        corners = tuple(((row, column), h * w) for (row, h), (column, w) in taps)
        return Point(y, x, corners, sum((weight * self.pixel(at) for at, weight in corners), Fraction(0)))

    def pixel(self, at: Pair) -> Fraction:
        """Returns the value of a pixel."""
        return Fraction(self.call.feature[at].item())

    def taps(self, p: int, q: int) -> dict[Pair, Exact]:
        """Returns the weight that each pixel has in the average of a bin, divided as RA-8 says."""
        total: dict[Pair, Fraction] = {}
        for at, weight in (corner for point in self.points(p, q) for corner in point.corners):
            total[at] = total.get(at, Fraction(0)) + weight
        return {at: self._average(weight) for at, weight in sorted(total.items()) if weight}

    def _average(self, total: Fraction) -> Exact:
        return self.y.rules.average(total, self.y.grid, self.x.grid)

    def value(self, p: int, q: int) -> Exact:
        """Returns the output of a bin, RA-8 or RA-9."""
        points = self.points(p, q)
        inside = [point for point in points if point.corners]
        candidates = [point.value for point in inside]
        if self.call.mode == "avg":
            return self._average(sum(candidates, Fraction(0)))
        if self.y.rules.dialect.max == Max.CORNER:
            candidates = [weight * self.pixel(at) for point in inside for at, weight in point.corners]
        return self.y.rules.maximum(candidates, any_outside=len(inside) < len(points))

    @cached_property
    def values(self) -> list[list[Exact]]:
        """The output of all bins, ``[p][q]``."""
        return [[self.value(p, q) for q in range(self.x.bins)] for p in range(self.y.bins)]


class Rounded(NamedTuple):
    """RoIPool along one axis: its first and last pixel, both included, and the pixels of each bin that the map has."""

    start: int
    end: int
    bins: list[range]


class RoiPool:
    """RoIPool of a call, as the module says."""

    def __init__(self, call: Call) -> None:
        """Rounds the corners and the bins, and takes the maxima."""
        x1, y1, x2, y2 = call.box
        axes = zip((y1, x1), (y2, x2), call.spatial_scale, call.output_size, call.feature.shape, strict=True)
        self.y, self.x = (_rounded(*axis) for axis in axes)
        self.values = [[_greatest(call.feature[r.start : r.stop, c.start : c.stop]) for c in self.x.bins] for r in self.y.bins]


def _rounded(low: Fraction, high: Fraction, scale: Fraction, bins: int, pixels: int) -> Rounded:
    start, end = _half_away(low * scale), _half_away(high * scale)
    size = Fraction(max(end - start + 1, 1), bins)
    edges = [(math.floor(b * size), math.ceil((b + 1) * size)) for b in range(bins)]
    return Rounded(start, end, [range(*(min(max(start + edge, 0), pixels) for edge in pair)) for pair in edges])


def _half_away(number: Fraction) -> int:
    return math.floor(abs(number) + HALF) * (1 if number > 0 else -1)


def _greatest(block: Feature) -> Exact:
    return Fraction(block.max().item() if block.size else 0)


def decimal(number: Exact | int) -> str:
    """Returns a number with at most 4 decimals, if that is fair to it."""
    if isinstance(number, str):
        return number
    value = Decimal(number.numerator) / number.denominator
    if value and not Decimal("0.001") <= abs(value) < 10**9:
        return f"{value:.3e}"
    text = f"{value:.4f}"
    return text.rstrip("0").rstrip(".")
