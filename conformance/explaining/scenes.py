"""Draws what ``roikit explain`` found of an operator whose bins may lie anywhere: a row of panels for each dialect.

Of a map: the RoI with its bins and points; one bin, enlarged; and what it weighs each pixel with, or the values that a maximum is
of. Of a volume: three slices through a bin. The last panel of a second row is by how much the dialects differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Polygon

from ..explanation import decimal, dots, layers, place
from .panels import (
    BLUE,
    CHOSEN,
    GREEN,
    INK,
    ORANGE,
    PALE,
    PANEL,
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
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..exact.numbers import Exact
    from ..explanation import Account, Bin, Mark, Pair, Plane, Shape

    Span = tuple[float, float]
    Dots = Sequence[Span]

_WEIGHT_COLOURS = LinearSegmentedColormap.from_list("weights", ["#FFFFFF", "#7CC8B2"])
_ENLARGED = 2.5  # pixels around a point, in every direction
_NUMBERED = 24  # points: a cell with room for a weight
_MOST_TIED = 9  # pixels of an area that are labelled
_MOST_TERMS = 4  # that are written below a panel


def draw(path: Path, accounts: Sequence[Account], at: Bin) -> None:
    """Draws to a PNG or SVG file. ``at`` is the bin to look into."""
    with rc_context(STYLE):
        planes = [e.planes(at) for e in accounts]
        views = [_view(alike) for alike in zip(*planes, strict=True)]
        shape = min(max(*(np.ptp(y) / np.ptp(x) for y, x in views), 0.6), 1)
        figure, panels = panels_of(len(accounts), shape)
        for n, (row, e, found) in enumerate(zip(panels, accounts, planes, strict=True)):
            free = row[: 2 if n else 3]
            for axes, plane, view in zip(free, found, views, strict=False):
                _overview(axes, e, at, plane, *view)
            if len(found) == 1:
                _enlarge(row[1], e, at, found[0], shape)
            if len(found) == 1 and not n:
                _count(row[2], e, at, found[0], shape)
        if len(accounts) > 1:
            first, second = (_layer(e, at) for e in accounts)
            draw_difference(panels[1][2], [e.dialect for e in accounts], first, second)
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


def figures(e: Account, at: Bin) -> dict[str, Figure]:
    """The panels of one dialect as figures of their own, each by what it shows."""
    with rc_context(STYLE):
        planes, found = e.planes(at), {}
        for plane in planes:
            y, x = _view([plane])
            shape = min(max(np.ptp(y) / np.ptp(x), 0.6), 1)
            figure, panels = panels_of(1, shape, columns=1)
            _overview(panels[0][0], e, at, plane, y, x)
            found[f"Slice {plane.where}" if plane.where else f"The RoI on the map, with its {e.unit}s"] = figure
        if len(planes) == 1:
            enlarged, panels = panels_of(1, shape, columns=1)
            _enlarge(panels[0][0], e, at, planes[0], shape)
            counted, panels = panels_of(1, shape, columns=1)
            _count(panels[0][0], e, at, planes[0], shape)
            found |= {f"{_capital(e.called(at))}, enlarged": enlarged, f"What makes {e.called(at)}": counted}
        return found


def _layer(e: Account, at: Bin) -> Mapping[Pair, Exact]:
    """The output of the bins that lie in a slice with one."""
    return next(cells for cells in layers({b: v for b, v in e.values.items() if b[:-2] == at[:-2]}, "p").values())


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


# ---- where things are ------------------------------------------------------------------------------------------------


def _ends(shapes: Iterable[Shape], axis: int) -> Span:
    """Between which places some outlines lie along an axis, 0 for x."""
    found = [near(corner[axis]) for shape in shapes for corner in shape]
    return min(found), max(found)


def _view(planes: Sequence[Plane]) -> tuple[Span, Span]:
    """What to show of a map, along y and x: all of it and, as far as half a map around it, the RoIs."""
    shapes = [shape for plane in planes for shape in (plane.roi, *plane.bins)]
    spans = []
    for axis, pixels in zip((1, 0), planes[0].feature.shape, strict=True):
        low, high = _ends(shapes, axis)
        spans.append((min(max(low - 0.4, -pixels / 2), -0.6), max(min(high + 0.4, 1.5 * pixels), pixels - 0.4)))
    return spans[0], spans[1]


def _zoom(plane: Plane, mark: Mark | None, taps: Iterable[Bin], shape: float) -> tuple[Span, Span]:
    """What to show of a map, along y and x: the bin and the pixels that a point reads, or the bin, but not much."""
    spans = []
    for axis in (1, 0):
        shown = [near(corner[axis]) for corner in plane.chosen]
        pixels = [pixel[1 - axis] for pixel, _ in (mark.corners if mark else [(tap, 0) for tap in taps])]
        shown += [min(pixels) - 0.6, max(pixels) + 0.6] if pixels else []
        shown += [near(mark.at[axis])] if mark and not pixels else []
        middle = near(mark.moved[axis]) if mark else (min(shown) + max(shown)) / 2
        spans.append((max(min(shown) - 0.3, middle - _ENLARGED), min(max(shown) + 0.3, middle + _ENLARGED)))
    (height, width), y, x = plane.feature.shape, spans[0], spans[1]
    return widen(y, shape * np.ptp(x), height), widen(x, np.ptp(y) / shape, width)


# ---- what is drawn ---------------------------------------------------------------------------------------------------


def _outline(axes: Axes, shape: Shape, **style: Any) -> None:
    corners = [(near(x), near(y)) for x, y in shape]
    if corners:
        axes.add_patch(Polygon(corners, closed=True, **{"fill": False, "zorder": 2, "joinstyle": "miter"} | style))


def _scene(axes: Axes, e: Account, at: Bin, plane: Plane, size: float) -> None:
    """Draws the RoI, its bins, the chosen one, and points of ``size``."""
    for n, shape in enumerate(plane.before):
        label = {"label": f"{e.unit} before it is moved"} if not n else {}
        _outline(axes, shape, edgecolor=PALE, linewidth=1, linestyle=(0, (4, 3)), **label)
    for shape in plane.bins:
        _outline(axes, shape, edgecolor=VERMILLION, linewidth=0.9)
    _outline(axes, plane.roi, edgecolor=VERMILLION, linewidth=2.4, label="RoI")
    if len(plane.chosen) > 2:
        _outline(axes, plane.chosen, **CHOSEN, label=e.called(at))
    elif plane.chosen:
        _outline(axes, plane.chosen, edgecolor=ORANGE, linewidth=6, alpha=0.6, label=e.called(at))
    name = e.points.rstrip("s")
    style: Any = {"s": size**2, "color": BLUE, "zorder": 3}
    if plane.samples:
        axes.scatter(*_xy(plane.samples), edgecolors="white", linewidths=size / 10, label=name, **style)
    if plane.outside:
        axes.scatter(*_xy(plane.outside), marker="x", linewidths=1, label=f"{name} outside", **style)
    if plane.won:
        look: Any = {"color": ORANGE, "edgecolors": INK, "linewidths": 0.8, "zorder": 3.5, "marker": "*"}
        axes.scatter(*_xy(plane.won), (size + 7) ** 2, label=e.winner_is, **look)


def _xy(spots: Iterable[tuple[float, float]]) -> tuple[list[float], list[float]]:
    x, y = zip(*((near(x), near(y)) for x, y in spots), strict=True)
    return list(x), list(y)


def _overview(axes: Axes, e: Account, at: Bin, plane: Plane, ys: Span, xs: Span) -> None:
    """Draws the RoI on the map."""
    cell = draw_map(axes, plane.feature, ys, xs)
    spots = [*plane.samples, *plane.outside] if plane.where else dots(e.marks(at))
    _scene(axes, e, at, plane, min(max(0.4 * _step(spots) * cell, 1.5), 8))
    for before, after in zip(plane.before, plane.bins, strict=False):
        _arrow(axes, before, after)
    if plane.where:
        across, down = plane.names
        title = f"{e.title}, {e.dialect}" if plane.names == ("x", "y") else f"The same, slice {plane.where}"
        where = f"slice {plane.where}: " if plane.names == ("x", "y") else ""
        caption(axes, title, f"{where}{across} to the right, {down} down; {e.summary(at)}")
    else:
        caption(axes, f"{e.title}, {e.dialect}", e.summary(at))


def _step(spots: Dots) -> float:
    """How far points are from each other, the nearest of the first ones, in pixels."""
    places = np.array(spots, float).reshape(-1, 2)[:200]
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    return float(apart[apart > 0].min(initial=1.0))


def _arrow(axes: Axes, before: Shape, after: Shape) -> None:
    """Draws how a bin is moved, from its middle to where that comes to lie."""
    begin, end = ((sum(_ends([shape], 0)) / 2, sum(_ends([shape], 1)) / 2) for shape in (before, after))
    if begin != end:
        look: Any = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", end, begin, arrowprops=look, zorder=3.2)


def _enlarge(axes: Axes, e: Account, at: Bin, plane: Plane, shape: float) -> None:
    """Draws one bin, and where a point has its value from: the one most in between, or the one that a maximum is of."""
    marks, won = e.marks(at), e.winner(at)
    inside = [mark for mark in marks if mark.corners]
    mark = max(inside, key=lambda m: min(w for _, w in m.corners), default=None) if won is None else marks[won]
    ys, xs = _zoom(plane, mark, e.taps(at) if not marks else {}, shape)
    cell = draw_map(axes, plane.feature, ys, xs)
    _scene(axes, e, at, _alone(plane, marks), 8)
    size = min(max(cell / 7, 7), 11)
    title = f"{_capital(e.called(at))} = {decimal(e.values[at])}"
    if mark and mark.corners:
        above = f"{e.rule}{f' over {len(marks)} {e.points}' if len(marks) > 1 else ''}; that at {place(*mark.at)}:"
        caption(axes, title, above, _tied(axes, e, mark, size))
    elif taps := e.taps(at):
        caption(
            axes, title, f"{e.rule}: pixels, times what the area weighs them with", _area(axes, e, taps, (ys, xs), size)
        )
    else:
        why = f"all its {e.points} are outside ({e.point_rules[1]})" if marks else f"it has no {e.points}"
        caption(axes, title, why, "")


def _alone(plane: Plane, marks: Sequence[Mark]) -> Plane:
    """What lies on a map, of points only those of the chosen bin, and if bins are moved of them only that."""
    mine = plane._replace(samples=dots(marks, inside=True), outside=dots(marks, inside=False))
    if not plane.before:
        return mine
    return mine._replace(bins=[plane.chosen], before=[plane.before[plane.bins.index(plane.chosen)]])


def _tied(axes: Axes, e: Account, mark: Mark, size: float) -> str:
    """Draws the pixels that a point reads, and says how they make its value."""
    weights = {at: max(w for pixel, w in mark.corners if pixel == at) for at, _ in mark.corners}  # a repeated one: 0
    x, y = map(near, mark.moved)
    for (row, column), weight in weights.items():
        label = f"{decimal(e.pixel((row, column)))}\n× {decimal(weight)}"
        tie(axes, (x, y), (row, column), float(weight), label, size)
    axes.plot([x, near(mark.at[0])], [y, near(mark.at[1])], color=GREEN, linestyle=":", linewidth=2)
    axes.scatter([x], [y], 120, color=BLUE, edgecolors=GREEN, linewidths=2.5, zorder=5)
    terms = [f"{decimal(weight)} · {decimal(e.pixel(at))}" for at, weight in weights.items()]
    return f"{' + '.join(terms)} = {decimal(mark.value)}"


def _area(axes: Axes, e: Account, taps: Mapping[Bin, Exact], view: tuple[Span, Span], size: float) -> str:
    """Draws what pixels weigh in an area, the heaviest, and says how they make its value."""
    by_weight = sorted(taps.items(), key=lambda tap: -abs(float(tap[1])))
    (top, bottom), (left, right) = view
    seen = [
        tap for tap in by_weight if top + 0.25 < tap[0][0] < bottom - 0.25 and left + 0.35 < tap[0][1] < right - 0.35
    ]
    box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": GREEN, "linewidth": 1.5}
    for (row, column), weight in seen[:_MOST_TIED]:
        label = f"{decimal(e.pixel((row, column)))}\n× {decimal(weight)}"
        axes.text(column, row, label, ha="center", va="center", size=size, bbox=box, zorder=4)
    terms = [f"{decimal(weight)} · {decimal(e.pixel(pixel))}" for pixel, weight in by_weight[:_MOST_TERMS]]
    more = f" + {len(taps) - _MOST_TERMS} more" if len(taps) > _MOST_TERMS else ""
    return f"{' + '.join(terms)}{more}"


def _count(axes: Axes, e: Account, at: Bin, plane: Plane, shape: float) -> None:
    """Draws what makes the value of the bin: weights of pixels, or the points that a maximum is of."""
    is_maximum = e.winner(at) is not None and len(e.marks(at)) > 1
    (_candidates if is_maximum else _weights)(axes, e, at, plane, shape)


def _weights(axes: Axes, e: Account, at: Bin, plane: Plane, shape: float) -> None:
    """Draws what the bin weighs each pixel with."""
    weights, taps = np.zeros(plane.feature.shape), e.taps(at)
    for pixel, weight in taps.items():
        weights[pixel] = float(weight)
    ys, xs = _around(plane, taps, shape)
    axes.imshow(weights, cmap=_WEIGHT_COLOURS, vmin=0, vmax=max(weights.max(), 1e-9), interpolation="nearest")
    axes.set(ylim=ys[::-1], xlim=xs)
    height, width = plane.feature.shape
    axes.hlines(np.arange(height + 1) - 0.5, -0.5, width - 0.5, color="#D5DCE2", linewidth=0.7, zorder=0.5)
    axes.vlines(np.arange(width + 1) - 0.5, -0.5, height - 0.5, color="#D5DCE2", linewidth=0.7, zorder=0.5)
    _outline(axes, plane.chosen, edgecolor=ORANGE, linewidth=2, label=e.called(at))
    cell = PANEL * 72 / max(np.ptp(ys), np.ptp(xs))
    for (row, column), weight in taps.items() if cell > _NUMBERED else ():
        axes.text(
            column, row, decimal(weight), ha="center", va="center", size=min(10, 0.22 * cell), zorder=3, clip_on=True
        )
    total = decimal(sum(w for w in taps.values() if not isinstance(w, str))) if taps else "0"
    name = e.called(at)
    caption(axes, f"What {name} weighs pixels with", f"{e.rule}; together {total}" if taps else "it reads none", "")


def _around(plane: Plane, taps: Mapping[Bin, Exact], shape: float) -> tuple[Span, Span]:
    """The pixels that are read and some around them, along y and x."""
    spans = []
    for axis, pixels in enumerate(plane.feature.shape):
        shown = [float(pixel[axis]) for pixel in taps] or [near(corner[1 - axis]) for corner in plane.chosen] or [0.0]
        low, high = min(shown), max(shown)
        spans.append((max(low - 1.6, -0.6), min(high + 1.6, pixels - 0.4)))
    (height, width), y, x = plane.feature.shape, spans[0], spans[1]
    return widen(y, shape * np.ptp(x), height), widen(x, np.ptp(y) / shape, width)


def _candidates(axes: Axes, e: Account, at: Bin, plane: Plane, shape: float) -> None:
    """Draws the values of points, of which a maximum is one."""
    del plane, shape
    marks, won = e.marks(at), e.winner(at)
    values = [near(mark.value) for mark in marks]
    colours = [ORANGE if n == won else BLUE if mark.corners else PALE for n, mark in enumerate(marks)]
    bars = axes.bar(range(len(values)), values, color=colours, width=0.8)
    axes.axhline(0, color=PALE, linewidth=0.8)
    if len(values) <= _NUMBERED // 2:
        said = [decimal(mark.value) if mark.corners else f"outside: {decimal(mark.value)}" for mark in marks]
        axes.bar_label(bars, said, padding=2, size=9)
    axes.margins(y=0.12)
    about = f"what each reads, in order; {e.rule}, the first of equal ones"
    caption(axes, f"The {e.points} of the {e.called(at)}", about, "")
