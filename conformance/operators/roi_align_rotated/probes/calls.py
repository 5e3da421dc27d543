"""The calls by which rotated RoIAlign is read off an implementation, whatever dialect it follows.

A multiple of a quarter turn that is computed is off by less than a rounding of most outputs. It shows where the box has samples
exactly at the bound of the map, far from its centre: turned ever so little, one of them is outside. Some multiples are farther
from the number that stands for them than others; this one is far in float32 and in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ....probing import CallProbe
from ..oracle.turning import half_pi

Box = tuple[float, float, float, float, float]

SIZE = (5, 7)
"""Of most maps, in pixels: not square, so that exchanged axes show."""

QUARTERS = 57
"""How many quarter turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(CallProbe):
    """A call for the output of some RoIs: ``scale`` feature pixels per image pixel, and so many samples per bin and axis."""

    mode: str = "avg"
    output_size: tuple[int, ...] = (2, 3)
    size: tuple[int, ...] = SIZE
    scale: float = 1.0
    sampling_ratio: int = 2

    corners: ClassVar[tuple[str, ...]] = ("cx", "cy", "w", "h", "angle")

    @property
    def parameters(self) -> dict[str, Any]:
        """The scale along both axes, and the samples."""
        return {"spatial_scale": [self.scale] * 2, "sampling_ratio": [self.sampling_ratio] * 2}


def at_bound(angle: float) -> tuple[Box, ...]:
    """Boxes turned by quarters whose samples are at y = −1, far to both sides: if centres are shifted, and if they are not."""
    return (20.0, -0.5, 2.0, 64.0, angle), (20.0, -1.0, 2.0, 64.0, angle)


AT_BOUND: dict[str, Any] = {"output_size": (2, 1), "size": (3, 41), "sampling_ratio": 1}
"""How these are pooled: one sample to each side."""

IN_RADIANS = float(QUARTERS * half_pi())
"""The angle, the number of float64 that is nearest, and rounded once more that of float32."""

RADIANS = Probe(name="quarter turns in radians", boxes=at_bound(IN_RADIANS), **AT_BOUND)
DEGREES = Probe(name="quarter turns in degrees", boxes=at_bound(QUARTERS * 90.0), **AT_BOUND)

TURNED = (
    Probe(name="turned boxes", boxes=((3.25, 2.5, 3.0, 2.0, 0.5), (3.0, 2.25, 2.0, 3.0, -1.25))),
    Probe(name="a turned box, adaptive", boxes=((3.25, 2.5, 4.5, 2.0, 2.0),), sampling_ratio=0, output_size=(2, 2)),
)
SMALL = Probe(
    name="boxes of half a pixel", boxes=((3.25, 2.5, 0.5, 0.5, 0.0), (3.0, 2.0, 0.5, 2.0, 0.0)), output_size=(2, 2)
)
UPRIGHT = (
    Probe(name="boxes that are not turned", boxes=((3.25, 2.5, 3.0, 2.0, 0.0), (2.75, 2.25, 2.0, 3.0, 0.0))),
    Probe(name="scaled map", boxes=((13.0, 10.0, 12.0, 8.0, 0.0),), scale=0.25),
    Probe(name="box beyond the map", boxes=((1.0, 0.5, 8.0, 6.0, 0.0),)),
)

PROBES = (*UPRIGHT, SMALL, *TURNED, RADIANS, DEGREES)
