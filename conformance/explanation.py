"""One RoI, exactly: what `roikit explain` is asked, and what an operator says of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .exact.numbers import Exact, Special

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from .exact.numbers import Array
    from .sampling.axis import Axis, Sample

    Feature = Array
    Pair = tuple[int, int]


class Walk(NamedTuple):
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


class Explanation(Protocol):
    """A call under one dialect of an operator that samples its bins; ``y`` and ``x`` say where they lie."""

    call: Walk
    dialect: str
    y: Axis
    x: Axis

    @property
    def steps(self) -> Mapping[str, str]:
        """The rule of each step: of corners, extent, bins, grid, positions, boundary and weights."""

    @property
    def values(self) -> Mapping[Pair, Exact]:
        """The output of every bin."""

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""

    def points(self, p: int, q: int) -> list[Point]:
        """The samples of a bin, row by row."""

    def pixel(self, at: Pair) -> Fraction:
        """The value of a pixel."""

    def candidates(self, point: Point) -> list[Fraction]:
        """What a sample that is inside brings to a maximum."""

    def taps(self, p: int, q: int) -> dict[Pair, Exact]:
        """The weight that each pixel has in the average of a bin."""


class Window(NamedTuple):
    """A RoI of whole pixels along one axis: its first and last pixel, and the pixels of each bin that lie on the map."""

    start: int
    end: int
    bins: list[range]

    @property
    def size(self) -> int:
        """How many pixels the RoI has, on the map or not."""
        return max(self.end - self.start + 1, 1)


class Windows(Protocol):
    """A call under one dialect of an operator that reads whole pixels."""

    title: str
    y: Window
    x: Window

    @property
    def values(self) -> Mapping[Pair, Exact]:
        """The output of every bin."""


def decimal(number: Exact | int) -> str:
    """A number to 4 decimals, or 4 digits if it is tiny or huge."""
    if isinstance(number, Special):
        return number.value
    value = Decimal(number.numerator) / number.denominator
    if value and not Decimal("0.001") <= abs(value) < 10**9:
        return f"{value:.3e}"
    return f"{value:.4f}".rstrip("0").rstrip(".")


def differences(first: Explanation, second: Explanation) -> dict[Pair, Exact]:
    """By how much the bins differ, NaN where not both are numbers."""
    pairs = ((at, value, second.values[at]) for at, value in first.values.items())
    return {at: Special.NAN if isinstance(a, Special) or isinstance(b, Special) else b - a for at, a, b in pairs}
