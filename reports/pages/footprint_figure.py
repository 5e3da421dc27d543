"""Draws what a bin weighs the pixels of a map with: as it was read off an implementation, and as another choice would have it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...conformance import operators
from ..drawing import BLUE, ORANGE, PALE, VERMILLION, standalone
from ..plane import Plane, svg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...conformance.findings import Footprint

    Array = NDArray[Any]
    Ends = tuple[float, float, float, float]

_AROUND = 1.6  # pixels around the map that are shown, at most
_NUMBERS = 0.4  # pixels beside the map, for the numbers of rows and columns
_WIDTH = 340.0  # of a panel


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
    ends = _ends([followed.roi, instead.roi], weights.shape)
    titles = f"read: {choices[0]}", f"if it were {choices[1]}", "difference"
    shown = _weights(weights, followed, ends), _weights(instead.weights, instead, ends)
    panels = zip(titles, (*shown, _difference(weights - instead.weights, ends)), strict=True)
    title = f"Weights of bin {place.at} of the probe {place.probe.name}: {choices[0]}, beside {choices[1]}"
    return standalone(svg(list(panels)), title)


def _ends(rois: list[Ends], size: tuple[int, ...]) -> Ends:
    """What is shown: the map with the numbers of its rows and columns, and the RoIs, as far as a little around it."""
    rows, columns = size
    xs, ys = [x for roi in rois for x in roi[::2]], [y for roi in rois for y in roi[1::2]]
    left, right = max(min(xs) - 0.3, -_AROUND), min(max(xs) + 0.3, columns - 1 + _AROUND)
    top, bottom = max(min(ys) - 0.3, -_AROUND), min(max(ys) + 0.3, rows - 1 + _AROUND)
    return min(left, -0.6) - _NUMBERS, min(top, -0.6), max(right, columns - 0.4), max(bottom, rows - 0.4) + _NUMBERS


def _plane(ends: Ends) -> Plane:
    return Plane(ends, _WIDTH / (ends[2] - ends[0]))


def _weights(weights: Array, footprint: Footprint, ends: Ends) -> Plane:
    """Pixels by their weights, and above them the RoI, the bin, and its samples."""
    plane = _plane(ends)
    plane.grid(*weights.shape)
    plane.shade(weights, BLUE, VERMILLION)
    plane.rectangle(footprint.bin, ORANGE, width=1.2, opacity=0.25)
    plane.rectangle(footprint.roi, VERMILLION)
    for wanted, colour in ((True, BLUE), (False, PALE)):
        points = [(x, y) for x, y, inside in footprint.samples if inside == wanted]
        plane.points(points, colour, crossed=not wanted)
    numbers = [
        (x, y + 0.36, "NaN" if np.isnan(weight) else f"{weight:.3g}")
        for (y, x), weight in np.ndenumerate(weights)
        if weight or np.isnan(weight)
    ]
    plane.texts(numbers)
    plane.axes(*weights.shape)
    return plane


def _difference(change: Array, ends: Ends) -> Plane:
    """Pixels by how much more, or less, they weigh."""
    plane = _plane(ends)
    plane.grid(*change.shape)
    plane.shade(change, BLUE, VERMILLION, strongest=0.6)
    most = float(np.nanmax(np.abs(change), initial=0)) or 1.0
    numbers = [
        (x, y, "NaN" if np.isnan(value) else f"{value:+.3g}")
        for (y, x), value in np.ndenumerate(change)
        if np.isnan(value) or abs(value) > 1e-6 * most
    ]
    plane.texts(numbers)
    plane.axes(*change.shape)
    return plane
