"""One RoI, exactly: what `roikit explain` is asked, and what an operator says of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeAlias, TypeVar

from .errors import UsageError
from .exact.numbers import Exact, Special

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .exact.numbers import Array
    from .sampling.axis import Axis, Sample

    Feature = Array
    Pair = tuple[int, int]
    Bin = tuple[int, ...]
    Place = tuple[Fraction, ...]
    Shape = tuple[Place, ...]
    Dots = Sequence[tuple[float, float]]
    Tap = tuple[Bin, Fraction]

_MOST_SAMPLES = 10**5

_Number = TypeVar("_Number")


class Walk(NamedTuple):
    """What is asked. Sizes, scales and ratios are (y, x), and of a volume (z, y, x).

    Attributes:
        feature: The map of a channel, ``(H, W)``; a volume, ``(D, H, W)``; or a feature's orientations, ``(O, H, W)``.
        box: The numbers of a row of boxes after its image: (x1, y1, x2, y2) in image pixels, or as the operator has them.
        more: What else the operator takes, by the names that it has in a case.
    """

    feature: Feature
    box: tuple[Fraction, ...]
    output_size: tuple[int, ...]
    spatial_scale: tuple[Fraction, ...]
    sampling_ratio: tuple[int, ...]
    mode: str
    more: Mapping[str, Any] = MappingProxyType({})


# ---- bins along the axes of the map ----------------------------------------------------------------------------------


class Point(NamedTuple):
    """A sample: its coordinates, the four pixels that it reads with their weights (none if it is outside), its value."""

    y: Sample
    x: Sample
    corners: tuple[tuple[Pair, Fraction], ...]
    value: Fraction


class OnAxes(Protocol):
    """A call under one dialect of an operator that samples its bins; ``y`` and ``x`` say where they lie."""

    title: str
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


# ---- bins anywhere ---------------------------------------------------------------------------------------------------


class Step(NamedTuple):
    """What a rule makes of the call: ``rule`` its number, ``what`` it is about, and what comes out."""

    rule: str
    what: str
    value: str


class Mark(NamedTuple):
    """A point that is read. Places are (x, y), and in a volume (x, y, z).

    Attributes:
        at: Where it is.
        moved: The point of the map whose value it has.
        corners: The pixels that are read, each with its weight; none if the point is outside.
        value: What is read.
    """

    at: Place
    moved: Place
    corners: tuple[Tap, ...]
    value: Fraction


class Plane(NamedTuple):
    """A map, or a slice through a volume, with what lies on it. Places are (x, y), along ``names``.

    Attributes:
        names: Of the axes, from left to right and from top to bottom.
        where: Which slice it is; empty if there is no other.
        feature: The numbers of the pixels, ``(H, W)``, float64.
        roi: The outline of the RoI.
        bins: The outlines of its bins.
        chosen: That of the bin to look into.
        before: Outlines of bins before they were moved.
        samples: Where samples are.
        outside: Where those are that do not read the map.
        won: Of a maximum, where it comes from.
    """

    names: tuple[str, str]
    where: str
    feature: Array
    roi: Shape
    bins: Sequence[Shape]
    chosen: Shape
    before: Sequence[Shape] = ()
    samples: Dots = ()
    outside: Dots = ()
    won: Dots = ()


class Account(ABC):
    """A call under one dialect of an operator whose bins do not lie along the axes of the map, or are no bins of samples."""

    title: ClassVar[str]
    """What the operator is called."""
    point_rules: ClassVar[tuple[str, str, str]]
    """The rules of where points are, of which are outside, and of what they read."""
    points: ClassVar[str] = "samples"
    """What points are called."""
    unit: ClassVar[str] = "bin"
    """What a number of the output is of."""
    corner: ClassVar[str] = "p, q"
    """What numbers the rows and columns of a table of the output."""
    winner_is: ClassVar[str] = "maximum"
    """What a picture calls the point that `winner` says."""
    outside: Fraction = Fraction(0)
    """The value of a point that reads nothing."""
    channel: int = 0
    """Which channel of `maps` the output is of."""

    def __init__(self, call: Walk, dialect: str) -> None:
        """Takes note of what is asked."""
        self.call, self.dialect = call, dialect

    @property
    @abstractmethod
    def bins(self) -> Iterable[Bin]:
        """Those of the output, in its order."""

    @property
    @abstractmethod
    def rule(self) -> str:
        """How the points of a bin become one number."""

    @abstractmethod
    def steps(self, at: Bin) -> list[Step]:
        """What each rule makes of the call, as far as bin ``at``."""

    @abstractmethod
    def marks(self, at: Bin) -> list[Mark]:
        """The points of a bin."""

    @abstractmethod
    def planes(self, at: Bin) -> list[Plane]:
        """What there is to be seen: the map, or slices through the middle of bin ``at``."""

    def divisor(self, at: Bin) -> Fraction:
        """What the sum of the points of a bin is divided by."""
        del at
        return Fraction(1)

    def value(self, at: Bin) -> Exact:
        """The output of a bin."""
        return sum((mark.value for mark in self.marks(at)), Fraction(0)) / self.divisor(at)

    @cached_property
    def values(self) -> dict[Bin, Exact]:
        """The output of every bin."""
        return {at: self.value(at) for at in self.bins}

    def taps(self, at: Bin) -> dict[Bin, Exact]:
        """The weight of each pixel in a bin; nothing of a maximum."""
        total: dict[Bin, Fraction] = {}
        for pixel, weight in (corner for mark in self.marks(at) for corner in mark.corners):
            total[pixel] = total.get(pixel, Fraction(0)) + weight
        return {pixel: weight / self.divisor(at) for pixel, weight in sorted(total.items()) if weight}

    def summary(self, at: Bin) -> str:
        """How many bins there are, and of how many points."""
        sizes = " × ".join(map(str, self.call.output_size))
        return f"{sizes} {self.unit}s, each with {len(self.marks(at))} {self.points}"

    def called(self, at: Bin) -> str:
        """A bin in words."""
        return f"{self.unit} ({', '.join(map(str, at))})"

    def winner(self, at: Bin) -> int | None:
        """The point that a maximum comes from."""
        del at
        return None

    def pixel(self, at: Bin) -> Fraction:
        """The value of a pixel."""
        return Fraction(self.call.feature[at].item())

    def read(self, at: Place, moved: Place, corners: Iterable[Tap]) -> Mark:
        """A point with what it reads."""
        taps = tuple(corners)
        total = sum((weight * self.pixel(pixel) for pixel, weight in taps), Fraction(0))
        return Mark(at, moved, taps, total if taps else self.outside)

    def interpolated(self, at: Place, *taps: Sequence[tuple[int, Fraction]]) -> Mark:
        """A point that is inside: ``taps`` are the two pixels along each axis of the map, y and then x, with their weights."""
        corners = [
            (tuple(i for i, _ in each), prod((w for _, w in each), start=Fraction(1))) for each in product(*taps)
        ]
        moved = tuple(sum((pixel * weight for pixel, weight in each), Fraction(0)) for each in reversed(taps))
        return self.read(at, moved, corners)

    def maps(self) -> Array:
        """The maps of a call that an implementation is asked, ``(C, …)``, as a case has them."""
        return self.call.feature[None]

    def arrays(self) -> dict[str, Array]:
        """The other arrays of that call, but for boxes, as a case has them."""
        return {}


Explanation: TypeAlias = OnAxes | Account
"""What `roikit explain` shows of a call under a dialect."""


def refuse_too_many(samples: int, dialect: str) -> None:
    """Refuses a call of more samples than anybody waits for.

    Raises:
        UsageError: there are too many.
    """
    if samples > _MOST_SAMPLES:
        raise UsageError(f"{decimal(samples)} samples under {dialect} are too many: at most {_MOST_SAMPLES}")


def pair(numbers: tuple[_Number, ...]) -> tuple[_Number, _Number]:
    """Two numbers, of a map."""
    first, second = numbers
    return first, second


def rectangle(rows: tuple[Fraction, Fraction], columns: tuple[Fraction, Fraction]) -> Shape:
    """The outline of what lies between two rows, and two columns."""
    (y1, y2), (x1, x2) = rows, columns
    return (x1, y1), (x2, y1), (x2, y2), (x1, y2)


def dots(marks: Iterable[Mark], *, inside: bool | None = None) -> list[tuple[float, float]]:
    """Where points of a map are: all, or those that read it, or those that do not."""
    return [(float(mark.at[0]), float(mark.at[1])) for mark in marks if inside in (None, bool(mark.corners))]


def place(*numbers: Exact | int) -> str:
    """A place in words."""
    return f"({', '.join(map(decimal, numbers))})"


def span(first: Exact | int, second: Exact | int) -> str:
    """Where something begins and ends, in words."""
    return f"{decimal(first)} … {decimal(second)}"


def layers(values: Mapping[Bin, Exact], name: str) -> dict[str, dict[Pair, Exact]]:
    """Numbers of bins, or pixels, as tables of rows and columns: one, or one for each slice, whose number has this name."""
    found: dict[str, dict[Pair, Exact]] = {}
    for at, value in values.items():
        *slices, row, column = (0, *at) if len(at) == 1 else at
        found.setdefault("".join(f", {name} = {n}" for n in slices), {})[row, column] = value
    return found


def decimal(number: Exact | int) -> str:
    """A number to 4 decimals, or 4 digits if it is tiny or huge."""
    if isinstance(number, Special):
        return number.value
    value = Decimal(number.numerator) / number.denominator
    if value and not Decimal("0.001") <= abs(value) < 10**9:
        return f"{value:.3e}"
    return f"{value:.4f}".rstrip("0").rstrip(".")


def differences(first: Mapping[Any, Exact], second: Mapping[Any, Exact]) -> dict[Any, Exact]:
    """By how much the values of bins differ, NaN where not both are numbers."""
    pairs = ((at, value, second[at]) for at, value in first.items())
    return {at: Special.NAN if isinstance(a, Special) or isinstance(b, Special) else b - a for at, a, b in pairs}
