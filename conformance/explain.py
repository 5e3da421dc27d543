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
        self.values = [
            [_greatest(call.feature[r.start : r.stop, c.start : c.stop]) for c in self.x.bins] for r in self.y.bins
        ]


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


def explain(request: Request) -> None:
    """Prints, and draws, what was asked for.

    Raises:
        UsageError: it cannot be done.
    """
    names = check_names("dialect", [request.dialect, *filter(None, [request.against])], tuple(DIALECTS))
    size = _whole("--output-size", request.output_size, 1)
    at = _whole("--bin", request.bin, 0, (size[0] - 1, size[1] - 1), counts=(2,))
    scale = _numbers("--spatial-scale", request.spatial_scale, 1, 2)
    if min(scale) <= 0:
        raise UsageError(f"--spatial-scale is positive, not {request.spatial_scale!r}")
    ratio = _whole("--sampling-ratio", request.sampling_ratio, 0)
    box = _numbers("--roi", request.roi, 4)
    call = Call(_feature(request), box, size, (scale[0], scale[-1]), ratio, request.mode)
    explanations, rounded = [Explanation(call, name) for name in names], RoiPool(call)
    draw = _drawer(request.picture) if request.picture else None
    _show(request.map, explanations, rounded, at)
    if draw:
        draw(explanations, rounded, at)


def _drawer(path: Path) -> Callable[[Sequence[Explanation], RoiPool, Pair], None]:
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"--picture takes a name that ends in .png or .svg, not {path.name!r}")
    try:
        from . import picture
    except ImportError:
        raise UsageError("--picture needs matplotlib: pip install 'matplotlib>=3.8'") from None
    return partial(picture.draw, path)


def _numbers(option: str, text: str, *counts: int) -> tuple[Fraction, ...]:
    parts = re.split("[,x]", text)
    try:
        if len(parts) in counts and all(map(_NUMBER.fullmatch, parts)):
            return tuple(map(Fraction, parts))
    except (ValueError, ZeroDivisionError):
        pass
    raise UsageError(f"{option} takes {' or '.join(map(str, counts))} numbers, not {text!r}")


def _whole(option: str, text: str, least: int, most: Pair = (10**6, 10**6), counts: Sequence[int] = (1, 2)) -> Pair:
    """Returns whole numbers for y and x; a single one goes for both."""
    numbers = _numbers(option, text, *counts)
    y, x = numbers[0], numbers[-1]
    for number, limit in zip((y, x), most, strict=True):
        if number.denominator > 1 or not least <= number <= limit:
            raise UsageError(f"{option} {text}: {decimal(number)} is not a whole number from {least} to {limit}")
    return int(y), int(x)


def _feature(request: Request) -> Feature:
    """Returns the ramp, or one channel of the first image of a file."""
    if request.map == "ramp":
        height, width = _whole("--map-size", request.map_size or "6x6", 1, (_MOST_PIXELS, _MOST_PIXELS))
        return np.add.outer(10 * np.arange(height), np.arange(width))
    try:
        array: Feature = np.lib.format.open_memmap(request.map, mode="r")
    except Exception as error:  # noqa: BLE001 - a file may be broken in any way
        raise UsageError(f"--map {request.map} cannot be read as .npy: {' '.join(str(error).split())}") from None
    if array.ndim not in (2, 3, 4) or array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise UsageError(f"--map takes real numbers (H, W), (C, H, W) or (N, C, H, W), not {array.dtype} {array.shape}")
    if request.map_size or not array.size or max(array.shape[-2:]) > _MOST_PIXELS:
        raise UsageError(f"--map has sides of 1 to {_MOST_PIXELS} pixels, and no --map-size, not {array.shape}")
    channels = array[0] if array.ndim == 4 else array.reshape(-1, *array.shape[-2:])
    if request.channel >= len(channels):
        raise UsageError(f"--channel {request.channel}: the map has {len(channels)}, counted from 0")
    feature = np.array(channels[request.channel])
    if not np.isfinite(feature).all():
        raise UsageError(f"--map {request.map}: a pixel is not finite")
    return feature


def _show(name: str, explanations: Sequence[Explanation], rounded: RoiPool, at: Pair) -> None:
    console = Console(highlight=False) if Console().is_terminal else Console(width=_FILE_WIDTH, highlight=False)
    call, (p, q) = explanations[0].call, at
    pooled = "RA-8 average" if call.mode == "avg" else "RA-9 maximum"
    console.print(f"[bold]RoI ({_list(call.box)})[/] on {escape(name)}, {_by(call.feature.shape)} pixels\n")
    console.print(_steps(explanations, rounded, at), "")
    outputs = [_matrix(f"{pooled}, {e.dialect}", e.values) for e in explanations]
    if len(explanations) > 1:
        console.print(_choices(*explanations), "")
        pairs = (zip(*rows, strict=True) for rows in zip(*(e.values for e in explanations), strict=True))
        outputs.append(_matrix("difference", [[_minus(b, a) for a, b in row] for row in pairs]))
    console.print(Columns([*outputs, _matrix("RoIPool, maximum", rounded.values)], padding=(0, 4)), "")
    for explanation in explanations:
        console.print(_samples(explanation, at))
        if call.mode == "avg":
            console.print(_taps(explanation, at))
        console.print(f"{pooled} of bin ({p}, {q}), {explanation.dialect}: [bold]{decimal(explanation.values[p][q])}[/]\n")


def _list(numbers: Iterable[Exact | int]) -> str:
    return ", ".join(map(decimal, numbers))


def _by(numbers: Iterable[int]) -> str:
    return " × ".join(map(str, numbers))


def _steps(explanations: Sequence[Explanation], rounded: RoiPool, at: Pair) -> Table:
    """Returns RA-1 to RA-4 under each dialect, and what RoIPool has instead."""
    table = Table(box=None, header_style="bold", padding=(0, 3, 0, 0))
    for heading in ("rule", "step", *(f"{e.dialect}\n{axis}" for e in explanations for axis in "yx"), "RoIPool\ny", "\nx"):
        table.add_column(heading, no_wrap=True)
    columns = [_axis(axis, b) for e in explanations for axis, b in zip((e.y, e.x), at, strict=True)]
    columns += [_pixels(axis, b) for axis, b in zip((rounded.y, rounded.x), at, strict=True)]
    steps = ("corners, mapped", "extent", "bin size", f"bin ({at[0]}, {at[1]})", "samples per bin")
    for row in zip(("RA-1", "RA-2", "RA-3", "RA-3", "RA-4"), steps, *columns, strict=True):
        table.add_row(*row)
    return table
