"""Draws what a bin weighs the pixels of a map with: as it was read off an implementation, and as another choice would have it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ...conformance import operators
from ..drawing import BLUE, GRID, INK, ORANGE, PALE, VERMILLION, style, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ...conformance.findings import Footprint

    Array = NDArray[Any]
    Ends = tuple[float, float, float, float]

_WEIGHT = LinearSegmentedColormap.from_list("weight", [(0, 0.45, 0.7, 0.0), (0, 0.45, 0.7, 0.75)])
_CHANGE = LinearSegmentedColormap.from_list("change", [VERMILLION, (1, 1, 1, 0), BLUE])
_AROUND = 1.6  # pixels around the map that are shown, at most


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of a RoI of a probe of an operator."""

    operator: str
    probe: Any
    roi: int
    at: tuple[int, int]

    def under(self, dialect: Any) -> Footprint:
        """Its footprint under a dialect, as the operator says."""
        footprint = operators.get(self.operator).footprint
        assert footprint is not None
        return footprint(self.probe, self.roi, self.at, dialect)


@cache
def draw(place: Bin, read: bytes, own: Any, other: Any, choices: tuple[str, str]) -> str:
    """An SVG: the footprint that was read, with the RoI as ``own`` has it, that of ``other``, and the difference.

    ``read`` are the bytes of the float64 weights, ``(H, W)``; ``choices`` are the choices of the two in words. Implementations
    that agree share a drawing.
    """
    followed, instead = place.under(own), place.under(other)
    weights = np.frombuffer(read).reshape(instead.weights.shape)
    with style():
        figure = Figure(figsize=(11.5, 3.6))
        left, middle, right = figure.subplots(1, 3)
        figure.subplots_adjust(left=0.03, right=0.99, bottom=0.08, top=0.9, wspace=0.1)
        ends = [followed.roi, instead.roi]
        for axes, shown, footprint, title in (
            (left, weights, followed, f"read: {choices[0]}"),
            (middle, instead.weights, instead, f"if it were {choices[1]}"),
        ):
            _weights(axes, shown)
            _geometry(axes, footprint)
            _frame(axes, title, ends, weights.shape)
        _difference(right, weights - instead.weights)
        _frame(right, "difference", ends, weights.shape)
        title = f"Weights of bin {place.at} of the probe {place.probe.name}: {choices[0]}, beside {choices[1]}"
        return svg(figure, title, trimmed=False)


def _frame(axes: Axes, title: str, ends: list[Ends], size: tuple[int, ...]) -> None:
    """Shows the map and, as far as a little around it, the RoIs."""
    rows, columns = size
    xs, ys = [x for end in ends for x in end[::2]], [y for end in ends for y in end[1::2]]
    left, right = max(min(xs) - 0.3, -_AROUND), min(max(xs) + 0.3, columns - 1 + _AROUND)
    top, bottom = max(min(ys) - 0.3, -_AROUND), min(max(ys) + 0.3, rows - 1 + _AROUND)
    axes.set(xlim=(min(left, -0.6), max(right, columns - 0.4)), ylim=(max(bottom, rows - 0.4), min(top, -0.6)))
    axes.set_aspect("equal")
    axes.set_title(title, loc="left", fontsize=10.5, fontweight="bold")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set(xticks=range(columns), yticks=range(rows))
    axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, color=GRID, linewidth=0.8, zorder=0.5)
    axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, color=GRID, linewidth=0.8, zorder=0.5)


def _weights(axes: Axes, weights: Array) -> None:
    axes.imshow(
        np.nan_to_num(weights), cmap=_WEIGHT, vmin=0, vmax=max(float(np.nanmax(weights, initial=0)), 1e-9), zorder=0
    )
    for (y, x), weight in np.ndenumerate(weights):
        if weight or np.isnan(weight):
            text = "NaN" if np.isnan(weight) else f"{weight:.3g}"
            axes.text(x, y + 0.36, text, ha="center", va="center", fontsize=7.5, color=INK, zorder=4)


def _difference(axes: Axes, change: Array) -> None:
    most = float(np.nanmax(np.abs(change), initial=0)) or 1.0
    axes.imshow(np.nan_to_num(change), cmap=_CHANGE, vmin=-1.3 * most, vmax=1.3 * most, zorder=0)
    for (y, x), value in np.ndenumerate(change):
        if np.isnan(value) or abs(value) > 1e-6 * most:
            text = "NaN" if np.isnan(value) else f"{value:+.3g}"
            axes.text(x, y, text, ha="center", va="center", fontsize=8, color=INK)


def _geometry(axes: Axes, footprint: Footprint) -> None:
    """Draws the RoI, the bin, and its samples."""
    _rectangle(axes, footprint.roi, fill=False, edgecolor=VERMILLION, linewidth=1.8, zorder=2)
    _rectangle(axes, footprint.bin, facecolor=ORANGE, alpha=0.25, linewidth=0, zorder=1)
    _rectangle(axes, footprint.bin, fill=False, edgecolor=ORANGE, linewidth=1.2, zorder=2)
    for wanted, marker, colour in ((True, "o", BLUE), (False, "x", PALE)):
        points = [(x, y) for x, y, inside in footprint.samples if inside == wanted]
        if points:
            across, down = zip(*points, strict=True)
            axes.scatter(across, down, s=16, marker=marker, color=colour, linewidths=1, zorder=3)


def _rectangle(axes: Axes, ends: Ends, **looks: Any) -> None:
    left, top, right, bottom = ends
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, **looks))
