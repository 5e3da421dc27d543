"""Draws what ``roikit explain`` found: a row of three panels for each dialect.

First the map with the RoI, its bins and samples; then one bin, enlarged; last RoIPool's bins or, in the second row, by
how much the dialects differ.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.patches import Rectangle

from ..exact.numbers import HALF
from ..explanation import decimal
from .panels import (
    BLUE,
    CHOSEN,
    GREEN,
    STYLE,
    VERMILLION,
    caption,
    draw_difference,
    draw_map,
    near,
    panels_of,
    tie,
    widen,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..explanation import OnAxes, Pair, Point, Windows
    from ..sampling.axis import Axis, Sample

    Ends = tuple[Fraction, Fraction]
    Span = tuple[float, float]
    Style = dict[str, Any]

_MOST_BINS = 50  # along a side: bins of whole pixels that are drawn
_ENLARGED = 2.5  # pixels around a sample, in every direction


def draw(path: Path, explanations: Sequence[OnAxes], windows: Sequence[Windows], at: Pair) -> None:
    """Draws to a PNG or SVG file. ``at`` is the bin to enlarge."""
    with rc_context(STYLE):
        y, x = _view([e.y for e in explanations]), _view([e.x for e in explanations])
        shape = min(max(np.ptp(y) / np.ptp(x), 0.6), 1)
        figure, panels = panels_of(len(explanations), shape)
        for (left, middle, _), e in zip(panels, explanations, strict=True):
            _overview(left, e, at, y, x)
            _enlarge(middle, e, at, shape)
        for beside in windows[:1]:  # there is room for one
            _whole_pixels(panels[0][2], explanations[0], beside, at, y, x)
        if len(explanations) > 1:
            draw_difference(panels[1][2], [e.dialect for e in explanations], *(e.values for e in explanations))
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


def figures(e: OnAxes, windows: Windows, at: Pair) -> dict[str, Figure]:
    """The panels of one dialect as figures of their own: ``overview``, ``bin``, ``windows``."""
    with rc_context(STYLE):
        y, x = _view([e.y]), _view([e.x])
        shape = min(max(np.ptp(y) / np.ptp(x), 0.6), 1)
        made = {name: panels_of(1, shape, columns=1) for name in ("overview", "bin", "windows")}
        overview, enlarged, pooled = (panels[0][0] for _, panels in made.values())
        _overview(overview, e, at, y, x)
        _enlarge(enlarged, e, at, shape)
        _whole_pixels(pooled, e, windows, at, y, x)
        return {name: figure for name, (figure, _) in made.items()}


def _part(axis: Axis, first: int, last: int) -> Ends:
    """Where bins begin and end, the last one excluded."""
    return axis.start + first * axis.bin, axis.start + last * axis.bin


def _view(axes: Sequence[Axis]) -> Span:
    """What to show: the map and, as far as half a map around it, the RoIs."""
    pixels, ends = axes[0].pixels, [near(end) for axis in axes for end in _part(axis, 0, axis.bins)]
    return min(max(min(ends) - 0.4, -pixels / 2), -0.6), max(min(max(ends) + 0.4, 1.5 * pixels), pixels - 0.4)


def _box(axes: Axes, ys: Ends, xs: Ends, **style: Any) -> None:
    """Draws a rectangle."""
    (y1, y2), (x1, x2) = map(near, ys), map(near, xs)
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, **{"fill": False, "zorder": 2} | style))


def _bins(axes: Axes, e: OnAxes, at: Pair) -> None:
    """Draws the RoI, its bins, and the chosen one."""
    (p, q), y, x = at, *([near(_part(axis, b, b)[0]) for b in range(axis.bins + 1)] for axis in (e.y, e.x))
    axes.hlines(y, x[0], x[-1], color=VERMILLION, linewidth=0.8, zorder=2)
    axes.vlines(x, y[0], y[-1], color=VERMILLION, linewidth=0.8, zorder=2)
    _box(axes, _part(e.y, p, p + 1), _part(e.x, q, q + 1), **CHOSEN, label=f"bin {at}")
    _box(axes, _part(e.y, 0, e.y.bins), _part(e.x, 0, e.x.bins), edgecolor=VERMILLION, linewidth=2.4, label="RoI")


def _samples(axes: Axes, e: OnAxes, rows: Iterable[int], columns: Iterable[int], size: float) -> None:
    """Draws the samples of some bins; a cross for one that is outside."""
    ys, xs = (
        [axis.sample(b, i) for b in bins for i in range(axis.taken)] for axis, bins in ((e.y, rows), (e.x, columns))
    )
    x, y = np.meshgrid([near(s.position) for s in xs], [near(s.position) for s in ys])
    inside = np.logical_and.outer([s.inside for s in ys], [s.inside for s in xs])
    style: Style = {"s": size**2, "color": BLUE, "zorder": 3}
    axes.scatter(x[inside], y[inside], edgecolors="white", linewidths=size / 10, label="sample", **style)
    if not inside.all():
        axes.scatter(x[~inside], y[~inside], marker="x", linewidths=1, label="sample outside", **style)


def _overview(axes: Axes, e: OnAxes, at: Pair, ys: Span, xs: Span) -> None:
    """Draws the RoI on the map."""
    cell = draw_map(axes, e.call.feature, ys, xs)
    _bins(axes, e, at)
    step = min(abs(near(axis.bin / max(axis.grid, 1))) for axis in (e.y, e.x))
    _samples(axes, e, range(e.y.bins), range(e.x.bins), min(max(0.4 * step * cell, 1.5), 8))
    bins = f"{e.y.bins} × {e.x.bins} bins of {decimal(e.y.bin)} × {decimal(e.x.bin)} pixels"
    caption(axes, f"{e.title}, {e.dialect}", f"{bins}, each with {e.y.taken} × {e.x.taken} samples")


def _enlarge(axes: Axes, e: OnAxes, at: Pair, shape: float) -> None:
    """Draws one bin, and where a sample has its value from: the one most in between, of a maximum the greatest."""
    (p, q), points, is_average = at, e.points(*at), e.call.mode == "avg"
    inside = [(min(w for _, w in t.corners) if is_average else max(e.candidates(t)), t) for t in points if t.corners]
    _, point = max(inside, key=lambda pair: pair[0], default=(None, None))
    y, x = _zoom(_part(e.y, p, p + 1), point and point.y), _zoom(_part(e.x, q, q + 1), point and point.x)
    spans = widen(y, shape * np.ptp(x), e.y.pixels), widen(x, np.ptp(y) / shape, e.x.pixels)
    cell = draw_map(axes, e.call.feature, *spans)
    _bins(axes, e, at)
    _samples(axes, e, (p,), (q,), 8)
    boundary, grid = e.steps["boundary"], e.steps["grid"]
    above, below = f"all its samples are outside ({boundary})" if points else f"it has no samples ({grid})", ""
    if point:
        position = f"({decimal(point.x.position)}, {decimal(point.y.position)})"
        above = f"{e.rule} over {e.y.taken} × {e.x.taken} samples; that at {position}:"
        terms = _corners(axes, e, point, min(max(cell / 7, 7), 11))
        is_sum = is_average or len(e.candidates(point)) == 1
        below = f"{' + '.join(terms)} = {decimal(point.value)}" if is_sum else "greatest of " + ", ".join(terms)
    caption(axes, f"Bin {at} = {decimal(e.values[at])}", above, below)


def _zoom(ends: Ends, sample: Sample | None) -> Span:
    """What to show of an axis: the bin and the pixels that the sample reads, but not much."""
    shown = [*map(near, ends), *((sample.low[0] - 0.6, sample.high[0] + 0.6) if sample else ())]
    middle = float(sample.low[0] + sample.high[1]) if sample else sum(shown) / 2
    return max(min(shown) - 0.3, middle - _ENLARGED), min(max(shown) + 0.3, middle + _ENLARGED)


def _corners(axes: Axes, e: OnAxes, point: Point, size: float) -> list[str]:
    """Draws the pixels that a sample reads, tied to it the more firmly the greater their weight; returns the terms."""
    weights = {at: max(w for pixel, w in point.corners if pixel == at) for at, _ in point.corners}  # a repeated one: 0
    x, y = (float(sample.low[0] + sample.high[1]) for sample in (point.x, point.y))
    for pixel, weight in weights.items():
        tie(axes, (x, y), pixel, float(weight), f"{decimal(e.pixel(pixel))}\n× {decimal(weight)}", size)
    axes.plot([x, near(point.x.position)], [y, near(point.y.position)], color=GREEN, linestyle=":", linewidth=2)
    axes.scatter([x], [y], 120, color=BLUE, edgecolors=GREEN, linewidths=2.5, zorder=5)
    return [f"{decimal(weight)} · {decimal(e.pixel(at))}" for at, weight in weights.items()]


def _whole_pixels(axes: Axes, e: OnAxes, windows: Windows, at: Pair, ys: Span, xs: Span) -> None:
    """Draws bins of whole pixels on the map, and the RoI as it was before it was windows."""
    cell = draw_map(axes, e.call.feature, ys, xs)
    (x1, y1, x2, y2), (scale_y, scale_x) = e.call.box, e.call.spatial_scale
    before = (y1 * scale_y, y2 * scale_y), (x1 * scale_x, x2 * scale_x)
    _box(axes, *before, edgecolor=VERMILLION, linewidth=1.8, linestyle="--", label="RoI, not rounded")
    for (p, rows), (q, columns) in product(enumerate(windows.y.bins), enumerate(windows.x.bins)):
        if rows and columns and (max(e.call.output_size) <= _MOST_BINS or (p, q) == at):
            inset = Fraction(1 + (p + q) % 2, 14)
            box = [(pixels.start - HALF + inset, pixels.stop - HALF - inset) for pixels in (rows, columns)]
            _box(axes, *box, edgecolor=BLUE, linewidth=min(max(cell / 22, 0.8), 1.4))
            if (p, q) == at:
                _box(axes, *box, **CHOSEN, label=f"bin {at}")
                _box(axes, *box, edgecolor=BLUE, linewidth=2.2, label="bin")
    corners = f"rows {windows.y.start} … {windows.y.end}, columns {windows.x.start} … {windows.x.end}"
    caption(axes, windows.title, f"{corners}; bin {at} = {decimal(windows.values[at])}, its greatest pixel")
