"""The calls by which PrRoIPool is read off an implementation, whatever dialect it follows.

All dialects integrate alike: what outputs say is whether it is PrRoIPool. They differ in the gradient of a box without area.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....operation import Operation
from ....probing import CallProbe

Box = tuple[float, float, float, float]

SIZE = (5, 6)
"""Of all maps, in pixels: not square, so that exchanged axes show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(CallProbe):
    """A call for the output of some RoIs, or for the gradient of their boxes, ``scale`` feature pixels per image pixel."""

    mode: str = "avg"
    size: tuple[int, int] = SIZE
    scale: float = 1.0

    @property
    def parameters(self) -> dict[str, Any]:
        """The scale along both axes."""
        return {"spatial_scale": [self.scale, self.scale]}


_ORDINARY: tuple[Box, ...] = ((1.25, 0.75, 4.25, 3.75), (0.5, 1.0, 4.5, 3.0))
_BEYOND: tuple[Box, ...] = ((-2.5, -2.25, 8.25, 7.25), (3.5, 2.5, 6.5, 6.5))
_FLAT: tuple[Box, ...] = ((2.25, 1.25, 2.25, 1.25), (2.25, 1.25, 2.25, 3.25), (1.25, 2.5, 4.25, 2.5))
_INVERTED: tuple[Box, ...] = ((4.25, 3.25, 1.75, 1.25), (4.25, 1.25, 1.75, 3.25))

FLAT = Probe(
    name="gradient for boxes without area", boxes=_FLAT, output_size=(2, 2), operation=Operation.BOX_GRADIENT,
    is_malformed=True,
)  # fmt: skip

PROBES = (
    Probe(name="ordinary boxes", boxes=_ORDINARY, output_size=(2, 2)),
    Probe(name="bins of a quarter pixel", boxes=((2.5, 1.25, 3.5, 2.25),), output_size=(2, 4)),
    Probe(name="a bin of many pixels", boxes=((0.25, 0.5, 4.75, 3.75),), output_size=(1, 1)),
    Probe(name="scaled map", boxes=((6.0, 5.0, 18.0, 13.0),), output_size=(1, 2), scale=0.25),
    Probe(name="boxes beyond the map", boxes=_BEYOND, output_size=(2, 3)),
    Probe(name="box far outside", boxes=((20.0, 20.0, 24.0, 24.0),), output_size=(2, 2)),
    Probe(name="boxes without area", boxes=_FLAT, output_size=(2, 2), is_malformed=True),
    Probe(name="inverted boxes", boxes=_INVERTED, output_size=(2, 2), is_malformed=True),
    FLAT,
)
