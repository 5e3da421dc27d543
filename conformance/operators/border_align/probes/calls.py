"""The calls by which BorderAlign is read off an implementation, whatever dialect it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ....probing import CallProbe, generic_map
from ..call import SIDES

if TYPE_CHECKING:
    from ....exact.numbers import Array

SIZE = (5, 6)
"""Of the map of a side, in pixels: not square, so that exchanged axes show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(CallProbe):
    """A call for the sides of some boxes, each with a point more than ``pool_size``."""

    mode: str = "max"
    output_size: tuple[int, ...] = (SIDES,)
    size: tuple[int, ...] = SIZE
    pool_size: int = 4

    @property
    def maps(self) -> Array:
        """Maps of two channels, those of the four sides one below the other: whole numbers, of which some are negative."""
        rows, columns = self.size
        generic = generic_map((SIDES * rows, columns)) - 20.0
        return np.stack([generic, np.flip(generic)])

    @property
    def parameters(self) -> dict[str, Any]:
        """The parts of a side."""
        return {"pool_size": self.pool_size}


PROBES = (
    Probe(name="ordinary boxes", boxes=((1.25, 0.75, 4.25, 3.75), (0.5, 1.0, 4.5, 3.0))),
    Probe(name="sides of one part", boxes=((1.25, 0.75, 4.25, 3.75),), pool_size=1),
    Probe(name="boxes beyond the map", boxes=((-2.5, -2.25, 8.5, 7.75), (3.5, 2.5, 6.5, 6.5))),
    Probe(name="boxes at its edge", boxes=((-0.75, -0.5, 5.25, 4.5), (-1.5, -1.25, 5.75, 5.5))),
    Probe(name="box far outside", boxes=((20.0, 20.0, 24.0, 24.0),)),
    Probe(name="boxes without extent", boxes=((2.25, 1.25, 2.25, 1.25), (2.25, 1.25, 2.25, 3.25)), is_malformed=True),
    Probe(name="inverted boxes", boxes=((4.25, 3.25, 1.75, 1.25),), is_malformed=True),
)
