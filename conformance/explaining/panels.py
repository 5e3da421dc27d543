"""What the pictures of ``roikit explain`` are made of: panels side by side, a map with its values, colours.

Pixel (y, x) lies around the point (x, y), as RA-7 has it. Colours: Okabe and Ito.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from ..explanation import differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from matplotlib.axes import Axes

    from ..exact.numbers import Exact
    from ..explanation import Feature, Pair

    Span = tuple[float, float]
    Style = dict[str, Any]

BLUE, VERMILLION, GREEN, ORANGE, INK, PALE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#333F48", "#5F6C76"
_MAP_COLOURS = LinearSegmentedColormap.from_list("map", ["#F7F9FA", "#C3CDD6"])
STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 9.5, "text.color": INK, "svg.hashsalt": "roikit"}
CHOSEN: Style = {"fill": True, "facecolor": ORANGE, "alpha": 0.4, "linewidth": 0, "zorder": 1}
PANEL = 5.0
"""The width of a panel, in inches."""
_GAP, _ABOVE, _BELOW = 0.55, 0.75, 0.7  # inches
_MOST_VALUES = 24  # along a side: pixels whose values are written
_DOTTED, _READABLE = 25, 4  # points: a cell with room for a dot, and a letter that can be read


def panels_of(rows: int, shape: float, columns: int = 3) -> tuple[Figure, Any]:
    """A figure and its panels, so many a row, ``shape`` times as high as wide."""
    width, height = columns * (PANEL + _GAP), rows * (shape * PANEL + _ABOVE + _BELOW)
    figure, style = Figure(figsize=(width, height)), {"anchor": "NW", "frame_on": False}
    panels = figure.subplots(rows, columns, squeeze=False, subplot_kw=style)
    edges = 0.7 * _GAP / width, _BELOW / height, 1 - 0.3 * _GAP / width, 1 - _ABOVE / height
    figure.subplots_adjust(*edges, _GAP / PANEL, (_ABOVE + _BELOW) / PANEL / shape)
    for axes in panels.flat:
        axes.tick_params(length=0, labelcolor=PALE)
        axes.locator_params(nbins=10, integer=True, min_n_ticks=1)
    return figure, panels


def near(number: Fraction | float) -> float:
    """A number that Matplotlib can draw."""
    return min(max(float(number), -1e5), 1e5)


def caption(axes: Axes, title: str, subtitle: str, below: str | None = None) -> None:
    """Writes above a panel, and below it a text, or else the legend."""
    axes.set_title(title, loc="left", pad=24, fontsize=13, fontweight="bold")
    axes.annotate(subtitle, (0, 1), (0, 8), "axes fraction", "offset points")
    if below is None:
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.06), ncols=4, frameon=False, borderpad=0, handlelength=1.3)
    else:
        axes.annotate(below, (0, 0), (0, -34), "axes fraction", "offset points")


def draw_map(axes: Axes, feature: Feature, ys: Span, xs: Span) -> float:
    """Draws the map, with its values where there is room. Returns the size of a pixel in points, 1/72 inch."""
    axes.imshow(feature / (abs(feature).max() or 1), cmap=_MAP_COLOURS, interpolation="nearest")
    axes.set(ylim=ys[::-1], xlim=xs)
    cell: float = PANEL * 72 / max(np.ptp(ys), np.ptp(xs))
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
    text: Style = {"size": size, "color": PALE, "path_effects": halo, "clip_on": True, "zorder": 2.5}
    for (y, x), label in labels.items():
        axes.text(x - 0.44, y - 0.42, label, va="top", **text)
    if cell > _DOTTED:
        rows, columns = np.meshgrid(*shown)
        axes.scatter(columns, rows, 8, color=PALE, linewidths=0, zorder=2.5, label="pixel centre")
    return cell


def _label(value: float, cell: float) -> str:
    """A value in as many digits as a cell has room for."""
    *longer, shortest = (f"{value:.{digits}g}" for digits in (4, 3, 2))
    return next((label for label in longer if len(label) <= cell / 4), shortest)


def widen(span: Span, length: float, pixels: int) -> Span:
    """The span, at least so long; more of the map, if there is."""
    length = max(length, np.ptp(span))
    low = min(max(sum(span) / 2 - length / 2, -0.6), pixels - 0.4 - length)
    low = min(max(low, span[1] - length), span[0])
    return low, low + length


def tie(axes: Axes, spot: tuple[float, float], pixel: tuple[int, int], weight: float, label: str, size: float) -> None:
    """Draws what a pixel has and weighs, tied to where it is read the more firmly the greater its weight."""
    (x, y), (row, column) = spot, pixel
    box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": GREEN, "linewidth": 1.5}
    axes.plot([x, column], [y, row], color=GREEN, linewidth=1 + 8 * weight, zorder=2.6)
    side = 1 if column > x else -1
    style: Style = {"ha": "left" if side > 0 else "right", "va": "center", "size": size, "bbox": box, "zorder": 4}
    axes.annotate(label, (column, row), (7 * side, 0), textcoords="offset points", **style)


def draw_difference(
    axes: Axes, names: Sequence[str], first: Mapping[Pair, Exact], second: Mapping[Pair, Exact]
) -> None:
    """Draws by how much the outputs of two dialects differ, bin by bin."""
    exact = differences(first, second)
    rows, columns = (max(labels) + 1 for labels in zip(*exact, strict=True))
    numbers = np.array([*map(float, exact.values())]).reshape(rows, columns)
    most = np.nanmax(abs(numbers), initial=0) or 1
    axes.imshow(numbers, cmap="PuOr", vmin=-3 * most, vmax=3 * most, aspect="auto")
    labels = {at: f"{float(first[at]):.4g} → {float(second[at]):.4g}" for at in exact}
    size = min(16, 1.4 * PANEL * 72 / columns / max(map(len, labels.values())))
    for (p, q), label in labels.items() if size > _READABLE else ():
        axes.text(q, p, f"{numbers[p, q]:+.4g}", ha="center", va="bottom", weight="bold", size=1.3 * size)
        axes.text(q, p, label, ha="center", va="top", size=size)
    caption(axes, f"{names[1]} − {names[0]}", "what each bin gives under the one and the other", "")
