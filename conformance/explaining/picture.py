"""Draws what ``roikit explain`` found: a row of three panels for each dialect.

First the map with the RoI, its bins and samples; then one bin, enlarged; last RoIPool's bins or, in the second row, by
how much the dialects differ. Pixel (y, x) lies around the point (x, y), as RA-7 has it. Colours: Okabe and Ito.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from ..exact.numbers import HALF
from ..explanation import decimal, differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from ..explanation import Explanation, Feature, Pair, Point, Windows
    from ..sampling.axis import Axis, Sample

    Ends = tuple[Fraction, Fraction]
    Span = tuple[float, float]
    Style = dict[str, Any]

_BLUE, _VERMILLION, _GREEN, _ORANGE, _INK, _PALE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#333F48", "#5F6C76"
_MAP_COLOURS = LinearSegmentedColormap.from_list("map", ["#F7F9FA", "#C3CDD6"])
_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 9.5, "text.color": _INK, "svg.hashsalt": "roikit"}
_CHOSEN: Style = {"fill": True, "facecolor": _ORANGE, "alpha": 0.4, "linewidth": 0, "zorder": 1}
_PANEL, _GAP, _ABOVE, _BELOW = 5.0, 0.55, 0.75, 0.7  # inches
_MOST_VALUES, _MOST_BINS = 24, 50  # along a side: pixels whose values are written, bins of whole pixels that are drawn
_ENLARGED = 2.5  # pixels around a sample, in every direction
_DOTTED, _READABLE = 25, 4  # points: a cell with room for a dot, and a letter that can be read


def draw(path: Path, explanations: Sequence[Explanation], windows: Sequence[Windows], at: Pair) -> None:
    """Draws to a PNG or SVG file. ``at`` is the bin to enlarge."""
    with rc_context(_STYLE):
        y, x = _view([e.y for e in explanations]), _view([e.x for e in explanations])
        shape = min(max(np.ptp(y) / np.ptp(x), 0.6), 1)
        figure, panels = _panels(len(explanations), shape)
        for (left, middle, _), e in zip(panels, explanations, strict=True):
            _overview(left, e, at, y, x)
            _enlarge(middle, e, at, shape)
        for beside in windows[:1]:  # there is room for one
            _whole_pixels(panels[0][2], explanations[0], beside, at, y, x)
        if len(explanations) > 1:
            _difference(panels[1][2], *explanations)
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


def figures(e: Explanation, windows: Windows, at: Pair) -> dict[str, Figure]:
    """The panels of one dialect as figures of their own: ``overview``, ``bin``, ``windows``."""
    with rc_context(_STYLE):
        y, x = _view([e.y]), _view([e.x])
        shape = min(max(np.ptp(y) / np.ptp(x), 0.6), 1)
        made = {name: _panels(1, shape, columns=1) for name in ("overview", "bin", "windows")}
        overview, enlarged, pooled = (panels[0][0] for _, panels in made.values())
        _overview(overview, e, at, y, x)
        _enlarge(enlarged, e, at, shape)
        _whole_pixels(pooled, e, windows, at, y, x)
        return {name: figure for name, (figure, _) in made.items()}


def _panels(rows: int, shape: float, columns: int = 3) -> tuple[Figure, Any]:
    """A figure and its panels, so many a row, ``shape`` times as high as wide."""
    width, height = columns * (_PANEL + _GAP), rows * (shape * _PANEL + _ABOVE + _BELOW)
    figure, style = Figure(figsize=(width, height)), {"anchor": "NW", "frame_on": False}
    panels = figure.subplots(rows, columns, squeeze=False, subplot_kw=style)
    edges = 0.7 * _GAP / width, _BELOW / height, 1 - 0.3 * _GAP / width, 1 - _ABOVE / height
    figure.subplots_adjust(*edges, _GAP / _PANEL, (_ABOVE + _BELOW) / _PANEL / shape)
    for axes in panels.flat:
        axes.tick_params(length=0, labelcolor=_PALE)
        axes.locator_params(nbins=10, integer=True, min_n_ticks=1)
    return figure, panels


def _near(number: Fraction) -> float:
    """A number that Matplotlib can draw."""
    return min(max(float(number), -1e5), 1e5)


def _part(axis: Axis, first: int, last: int) -> Ends:
    """Where bins begin and end, the last one excluded."""
    return axis.start + first * axis.bin, axis.start + last * axis.bin


def _view(axes: Sequence[Axis]) -> Span:
    """What to show: the map and, as far as half a map around it, the RoIs."""
    pixels, ends = axes[0].pixels, [_near(end) for axis in axes for end in _part(axis, 0, axis.bins)]
    return min(max(min(ends) - 0.4, -pixels / 2), -0.6), max(min(max(ends) + 0.4, 1.5 * pixels), pixels - 0.4)


def _caption(axes: Axes, title: str, subtitle: str, below: str | None = None) -> None:
    """Writes above a panel, and below it a text, or else the legend."""
    axes.set_title(title, loc="left", pad=24, fontsize=13, fontweight="bold")
    axes.annotate(subtitle, (0, 1), (0, 8), "axes fraction", "offset points")
    if below is None:
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.06), ncols=4, frameon=False, borderpad=0, handlelength=1.3)
    else:
        axes.annotate(below, (0, 0), (0, -34), "axes fraction", "offset points")


def _map(axes: Axes, feature: Feature, ys: Span, xs: Span) -> float:
    """Draws the map, with its values where there is room. Returns the size of a pixel in points, 1/72 inch."""
    axes.imshow(feature / (abs(feature).max() or 1), cmap=_MAP_COLOURS, interpolation="nearest")
    axes.set(ylim=ys[::-1], xlim=xs)
    cell: float = _PANEL * 72 / max(np.ptp(ys), np.ptp(xs))
    spans = zip((ys, xs), feature.shape, strict=True)
    shown = [range(max(math.ceil(low + 0.4), 0), min(math.floor(high) + 1, pixels)) for (low, high), pixels in spans]
    if max(map(len, shown)) > _MOST_VALUES:
        return cell
    height, width = feature.shape
    axes.hlines(np.arange(height + 1) - 0.5, -0.5, width - 0.5, color="white", linewidth=1, zorder=0.5)
    axes.vlines(np.arange(width + 1) - 0.5, -0.5, height - 0.5, color="white", linewidth=1, zorder=0.5)
    labels = {(y, x): _label(float(feature[y, x]), cell) for y, x in product(*shown)}
    size = min(10, 0.3 * cell, 1.4 * cell / max(map(len, labels.values()), default=1))
    halo = [withStroke(linewidth=size / 4, foreground="white", alpha=0.8)]
    text: Style = {"size": size, "color": _PALE, "path_effects": halo, "clip_on": True, "zorder": 2.5}
    for (y, x), label in labels.items():
        axes.text(x - 0.44, y - 0.42, label, va="top", **text)
    if cell > _DOTTED:
        rows, columns = np.meshgrid(*shown)
        axes.scatter(columns, rows, 8, color=_PALE, linewidths=0, zorder=2.5, label="pixel centre")
    return cell


def _label(value: float, cell: float) -> str:
    """A value in as many digits as a cell has room for."""
    *longer, shortest = (f"{value:.{digits}g}" for digits in (4, 3, 2))
    return next((label for label in longer if len(label) <= cell / 4), shortest)


def _box(axes: Axes, ys: Ends, xs: Ends, **style: Any) -> None:
    """Draws a rectangle."""
    (y1, y2), (x1, x2) = map(_near, ys), map(_near, xs)
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, **{"fill": False, "zorder": 2} | style))


def _bins(axes: Axes, e: Explanation, at: Pair) -> None:
    """Draws the RoI, its bins, and the chosen one."""
    (p, q), y, x = at, *([_near(_part(axis, b, b)[0]) for b in range(axis.bins + 1)] for axis in (e.y, e.x))
    axes.hlines(y, x[0], x[-1], color=_VERMILLION, linewidth=0.8, zorder=2)
    axes.vlines(x, y[0], y[-1], color=_VERMILLION, linewidth=0.8, zorder=2)
    _box(axes, _part(e.y, p, p + 1), _part(e.x, q, q + 1), **_CHOSEN, label=f"bin {at}")
    _box(axes, _part(e.y, 0, e.y.bins), _part(e.x, 0, e.x.bins), edgecolor=_VERMILLION, linewidth=2.4, label="RoI")


def _samples(axes: Axes, e: Explanation, rows: Iterable[int], columns: Iterable[int], size: float) -> None:
    """Draws the samples of some bins; a cross for one that is outside."""
    ys, xs = (
        [axis.sample(b, i) for b in bins for i in range(axis.taken)] for axis, bins in ((e.y, rows), (e.x, columns))
    )
    x, y = np.meshgrid([_near(s.position) for s in xs], [_near(s.position) for s in ys])
    inside = np.logical_and.outer([s.inside for s in ys], [s.inside for s in xs])
    style: Style = {"s": size**2, "color": _BLUE, "zorder": 3}
    axes.scatter(x[inside], y[inside], edgecolors="white", linewidths=size / 10, label="sample", **style)
    if not inside.all():
        axes.scatter(x[~inside], y[~inside], marker="x", linewidths=1, label="sample outside", **style)


def _overview(axes: Axes, e: Explanation, at: Pair, ys: Span, xs: Span) -> None:
    """Draws the RoI on the map."""
    cell = _map(axes, e.call.feature, ys, xs)
    _bins(axes, e, at)
    step = min(abs(_near(axis.bin / max(axis.grid, 1))) for axis in (e.y, e.x))
    _samples(axes, e, range(e.y.bins), range(e.x.bins), min(max(0.4 * step * cell, 1.5), 8))
    bins = f"{e.y.bins} × {e.x.bins} bins of {decimal(e.y.bin)} × {decimal(e.x.bin)} pixels"
    _caption(axes, f"RoIAlign, {e.dialect}", f"{bins}, each with {e.y.taken} × {e.x.taken} samples")


def _enlarge(axes: Axes, e: Explanation, at: Pair, shape: float) -> None:
    """Draws one bin, and where a sample has its value from: the one most in between, of a maximum the greatest."""
    (p, q), points, is_average = at, e.points(*at), e.call.mode == "avg"
    inside = [(min(w for _, w in t.corners) if is_average else max(e.candidates(t)), t) for t in points if t.corners]
    _, point = max(inside, key=lambda pair: pair[0], default=(None, None))
    y, x = _zoom(_part(e.y, p, p + 1), point and point.y), _zoom(_part(e.x, q, q + 1), point and point.x)
    spans = _widen(y, shape * np.ptp(x), e.y.pixels), _widen(x, np.ptp(y) / shape, e.x.pixels)
    cell = _map(axes, e.call.feature, *spans)
    _bins(axes, e, at)
    _samples(axes, e, (p,), (q,), 8)
    above, below = "all its samples are outside (RA-6)" if points else "it has no samples (RA-4)", ""
    if point:
        position = f"({decimal(point.x.position)}, {decimal(point.y.position)})"
        above = f"{e.rule} over {e.y.taken} × {e.x.taken} samples; that at {position}:"
        terms = _corners(axes, e, point, min(max(cell / 7, 7), 11))
        is_sum = is_average or len(e.candidates(point)) == 1
        below = f"{' + '.join(terms)} = {decimal(point.value)}" if is_sum else "greatest of " + ", ".join(terms)
    _caption(axes, f"Bin {at} = {decimal(e.values[at])}", above, below)


def _zoom(ends: Ends, sample: Sample | None) -> Span:
    """What to show of an axis: the bin and the pixels that the sample reads, but not much."""
    shown = [*map(_near, ends), *((sample.low[0] - 0.6, sample.high[0] + 0.6) if sample else ())]
    middle = float(sample.low[0] + sample.high[1]) if sample else sum(shown) / 2
    return max(min(shown) - 0.3, middle - _ENLARGED), min(max(shown) + 0.3, middle + _ENLARGED)


def _widen(span: Span, length: float, pixels: int) -> Span:
    """The span, at least so long; more of the map, if there is."""
    length = max(length, np.ptp(span))
    low = min(max(sum(span) / 2 - length / 2, -0.6), pixels - 0.4 - length)
    low = min(max(low, span[1] - length), span[0])
    return low, low + length


def _corners(axes: Axes, e: Explanation, point: Point, size: float) -> list[str]:
    """Draws the pixels that a sample reads, tied to it the more firmly the greater their weight; returns the terms."""
    weights = {at: max(w for pixel, w in point.corners if pixel == at) for at, _ in point.corners}  # a repeated one: 0
    x, y = (float(sample.low[0] + sample.high[1]) for sample in (point.x, point.y))
    box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": _GREEN, "linewidth": 1.5}
    for (row, column), weight in weights.items():
        axes.plot([x, column], [y, row], color=_GREEN, linewidth=1 + 8 * float(weight), zorder=2.6)
        label, side = f"{decimal(e.pixel((row, column)))}\n× {decimal(weight)}", 1 if column > x else -1
        style: Style = {"ha": "left" if side > 0 else "right", "va": "center", "size": size, "bbox": box, "zorder": 4}
        axes.annotate(label, (column, row), (7 * side, 0), textcoords="offset points", **style)
    axes.plot([x, _near(point.x.position)], [y, _near(point.y.position)], color=_GREEN, linestyle=":", linewidth=2)
    axes.scatter([x], [y], 120, color=_BLUE, edgecolors=_GREEN, linewidths=2.5, zorder=5)
    return [f"{decimal(weight)} · {decimal(e.pixel(at))}" for at, weight in weights.items()]


def _whole_pixels(axes: Axes, e: Explanation, windows: Windows, at: Pair, ys: Span, xs: Span) -> None:
    """Draws bins of whole pixels on the map, and the RoI as it was before it was windows."""
    cell = _map(axes, e.call.feature, ys, xs)
    (x1, y1, x2, y2), (scale_y, scale_x) = e.call.box, e.call.spatial_scale
    before = (y1 * scale_y, y2 * scale_y), (x1 * scale_x, x2 * scale_x)
    _box(axes, *before, edgecolor=_VERMILLION, linewidth=1.8, linestyle="--", label="RoI, not rounded")
    for (p, rows), (q, columns) in product(enumerate(windows.y.bins), enumerate(windows.x.bins)):
        if rows and columns and (max(e.call.output_size) <= _MOST_BINS or (p, q) == at):
            inset = Fraction(1 + (p + q) % 2, 14)
            box = [(pixels.start - HALF + inset, pixels.stop - HALF - inset) for pixels in (rows, columns)]
            _box(axes, *box, edgecolor=_BLUE, linewidth=min(max(cell / 22, 0.8), 1.4))
            if (p, q) == at:
                _box(axes, *box, **_CHOSEN, label=f"bin {at}")
                _box(axes, *box, edgecolor=_BLUE, linewidth=2.2, label="bin")
    corners = f"rows {windows.y.start} … {windows.y.end}, columns {windows.x.start} … {windows.x.end}"
    _caption(axes, windows.title, f"{corners}; bin {at} = {decimal(windows.values[at])}, its greatest pixel")


def _difference(axes: Axes, first: Explanation, second: Explanation) -> None:
    """Draws by how much the outputs differ, bin by bin."""
    exact = differences(first, second)
    numbers = np.array([*map(float, exact.values())]).reshape(first.call.output_size)
    most = np.nanmax(abs(numbers), initial=0) or 1
    axes.imshow(numbers, cmap="PuOr", vmin=-3 * most, vmax=3 * most, aspect="auto")
    labels = {at: f"{float(first.values[at]):.4g} → {float(second.values[at]):.4g}" for at in exact}
    size = min(16, 1.4 * _PANEL * 72 / numbers.shape[1] / max(map(len, labels.values())))
    for (p, q), label in labels.items() if size > _READABLE else ():
        axes.text(q, p, f"{numbers[p, q]:+.4g}", ha="center", va="bottom", weight="bold", size=1.3 * size)
        axes.text(q, p, label, ha="center", va="top", size=size)
    _caption(axes, f"{second.dialect} − {first.dialect}", "what each bin gives under the one and the other", "")
