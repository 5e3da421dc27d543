"""The calls by which PSRoIPool is read off an implementation, whatever dialect it follows.

Maps rise along an axis, or as its square, and each bin's by a number of its own: so an average says by mean and mean square which
window a bin has, and which channel it reads. All RoIs of a probe are of one kind, since one bad box may hide what becomes of the
others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ....windows.probing import Box, WindowProbe
from ..call import PsRoiPoolCall

if TYPE_CHECKING:
    from ....exact.numbers import Array

_APART = 4.0  # by how much the maps of neighbouring bins differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(WindowProbe):
    """A probe of PSRoIPool."""

    kind: ClassVar = PsRoiPoolCall

    mode: str = "avg"

    @property
    def maps(self) -> Array:
        """The maps, ``(C, H, W)``, float64."""
        y, x = np.indices(self.size, np.float64) + 1
        bins = np.arange(math.prod(self.output_size))[:, None, None] * _APART
        return np.concatenate([each + bins for each in (y, y * y, x, x * x)])

    @property
    def channels(self) -> int:
        """Of the output."""
        return len(self.maps) // math.prod(self.output_size)


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
    return tuple((0.0, 0.0, end, 1.0) for end in ends)


PROBES = (
    Probe(name="ordinary box", boxes=((1.0, 1.0, 6.0, 4.0), (0.0, 0.0, 8.0, 4.0)), output_size=(2, 4)),
    Probe(name="corners at halves", boxes=_HALVES),
    Probe(name="corners at quarters", boxes=_QUARTERS, output_size=(1, 2)),
    Probe(name="scaled map", boxes=_SCALED, output_size=(2, 2), scale=0.25),
    Probe(name="scaled map, smaller bins", boxes=((3.0, 2.0, 29.0, 17.0),), output_size=(4, 4), scale=0.25),
    Probe(name="first corner at a half below zero", boxes=_FROM_BELOW, output_size=(2, 4)),
    Probe(name="both corners at halves below zero", boxes=_BELOW_ZERO),
    Probe(name="boxes beyond the map", boxes=_BEYOND, output_size=(2, 4)),
    Probe(name="the whole map", boxes=((0.0, 0.0, 9.0, 6.0),), output_size=(1, 1)),
    Probe(name="bins that share pixels", boxes=((1.0, 1.0, 6.0, 4.0), (0.0, 0.0, 5.0, 5.0)), output_size=(2, 2)),
    Probe(name="57 and 58 pixels in 7 bins", boxes=_as_long(57, 58), output_size=(1, 7), size=(2, 62)),
    Probe(name="29 pixels in 7 bins", boxes=_as_long(29), output_size=(1, 7), size=(2, 62)),
    Probe(name="13 pixels in 6 bins", boxes=_as_long(13), output_size=(1, 6), size=(2, 20)),
    Probe(name="small box on a scaled map", boxes=((5.0, 5.0, 5.0, 5.0), (9.0, 5.0, 9.0, 5.0)), output_size=(2, 2), scale=0.25),
    Probe(name="box without area", boxes=_POINTS, output_size=(2, 2), is_malformed=True),
    Probe(name="box inverted by a pixel", boxes=((3.0, 2.0, 2.0, 1.0),), output_size=(2, 2), is_malformed=True),
    Probe(name="inverted boxes", boxes=_INVERTED, output_size=(2, 2), is_malformed=True),
)  # fmt: skip
"""What an implementation is read with."""
