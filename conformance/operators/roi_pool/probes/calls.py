"""The calls by which RoIPool is read off an implementation, whatever dialect it follows.

On maps that rise along an axis, and fall along it, the maximum of a bin says which is its last pixel and which its first: its
whole window. An average says it by the mean and the mean square. All RoIs of a probe are of one kind, since one bad box may hide
what becomes of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ....windows.probing import Box, WindowProbe
from ..call import RoiPoolCall

if TYPE_CHECKING:
    from ....exact.numbers import Array

Rows = tuple[tuple[float, ...], ...]

NAN, INFINITY = float("nan"), float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(WindowProbe):
    """A probe of RoIPool.

    Attributes:
        pixels: Rows of the one map, if it is not one of those that windows are read with.
    """

    kind: ClassVar = RoiPoolCall

    mode: str = "max"
    pixels: Rows = ()

    @property
    def maps(self) -> Array:
        """The maps, ``(C, H, W)``, float64."""
        if self.pixels:
            return np.array([self.pixels], np.float64)
        y, x = np.indices(self.size, np.float64) + 1
        if self.mode == "avg":
            return np.stack([y, y * y, x, x * x])
        return np.stack([y, self.size[0] + 1 - y, x, self.size[1] + 1 - x])


_HALVES: tuple[Box, ...] = ((0.5, 1.5, 4.5, 3.5), (1.5, 0.5, 5.5, 2.5), (2.5, 2.5, 6.5, 4.5), (3.5, 1.5, 7.5, 4.5))
_BELOW_ZERO: tuple[Box, ...] = ((-3.5, -2.5, -1.5, -1.5), (-2.5, -1.5, -0.5, -0.5))
_SCALED: tuple[Box, ...] = ((6.0, 5.0, 19.0, 14.0), (7.0, 3.0, 29.0, 17.0))
_FROM_BELOW: tuple[Box, ...] = ((-1.5, -0.5, 3.0, 3.0), (-0.5, -2.5, 4.0, 3.0))
_POINTS: tuple[Box, ...] = ((2.0, 1.0, 2.0, 1.0), (4.25, 3.25, 4.25, 3.25))
_QUARTERS: tuple[Box, ...] = ((0.75, 1.25, 4.25, 3.75), (1.25, 0.75, 5.75, 4.25), (2.25, 1.25, 2.75, 1.75))
_INVERTED: tuple[Box, ...] = ((6.0, 4.0, 2.0, 1.0), (6.0, 1.0, 2.0, 4.0), (2.0, 4.0, 6.0, 1.0))
_BEYOND: tuple[Box, ...] = (
    (-6.0, -4.0, 3.0, 2.0),
    (5.0, 3.0, 14.0, 9.0),
    (20.0, 20.0, 24.0, 24.0),
    (-9.0, 1.0, -5.0, 4.0),
)


def _as_long(*ends: float) -> tuple[Box, ...]:
    """Boxes of one row, from the left edge."""
    return tuple((0.0, 0.0, end, 0.0) for end in ends)


_WINDOWS: tuple[dict[str, Any], ...] = (
    {"name": "ordinary box", "boxes": ((1.0, 1.0, 6.0, 4.0), (0.0, 0.0, 8.0, 5.0)), "output_size": (2, 3)},
    {"name": "corners at halves", "boxes": _HALVES},
    {"name": "corners at quarters", "boxes": _QUARTERS, "output_size": (1, 2)},
    {"name": "scaled map", "boxes": _SCALED, "output_size": (2, 2), "scale": 0.25},
    {"name": "scaled map, smaller bins", "boxes": ((3.0, 2.0, 29.0, 17.0),), "output_size": (4, 4), "scale": 0.25},
    {"name": "first corner at a half below zero", "boxes": _FROM_BELOW, "output_size": (2, 4)},
    {"name": "both corners at halves below zero", "boxes": _BELOW_ZERO},
    {"name": "boxes beyond the map", "boxes": _BEYOND, "output_size": (2, 3)},
    {"name": "bins that share pixels", "boxes": ((1.0, 1.0, 4.0, 4.0), (0.0, 0.0, 4.0, 4.0)), "output_size": (3, 3)},
    {"name": "57 and 58 pixels in 7 bins", "boxes": _as_long(56, 57, 58), "output_size": (1, 7), "size": (1, 62)},
    {"name": "29 pixels in 7 bins", "boxes": _as_long(28, 29), "output_size": (1, 7), "size": (1, 62)},
    {"name": "13 pixels in 6 bins", "boxes": _as_long(12, 13), "output_size": (1, 6), "size": (1, 20)},
    {"name": "box without area", "boxes": _POINTS, "output_size": (2, 2), "is_malformed": True},
    {"name": "box inverted by a pixel", "boxes": ((3.0, 2.0, 2.0, 1.0),), "output_size": (2, 2), "is_malformed": True},
    {"name": "inverted boxes", "boxes": _INVERTED, "output_size": (2, 2), "is_malformed": True},
)
"""What windows are read with, in either mode."""


def _line(name: str, *pixels: float) -> Probe:
    """A bin of the first four pixels of a row."""
    return Probe(name=name, boxes=((0.0, 0.0, 3.0, 0.0),), size=(1, len(pixels)), pixels=(pixels,))


MAXIMA = (
    *(Probe(**each) for each in _WINDOWS),
    _line("negative map", -9.0, -3.0, -7.0, -8.0, 5.0, 6.0),
    _line("NaN first", NAN, 4.0, 3.0, 2.0, 9.0, 9.0),
    _line("NaN within, after the greatest", 4.0, NAN, 3.0, 2.0, 9.0, 9.0),
    _line("NaN last", 4.0, 2.0, 3.0, NAN, NAN, NAN),
    _line("NaN last but one", 4.0, 3.0, NAN, 2.0, 9.0, 9.0),
    _line("nothing but minus infinity", *[-INFINITY] * 6),
)
"""What maxima are read with."""

AVERAGES = tuple(Probe(**{**each, "name": f"average: {each['name']}"}, mode="avg") for each in _WINDOWS)
"""What averages are read with."""

PROBES = (*MAXIMA, *AVERAGES)
