"""The calls by which RoIAlign of volumes is read off an implementation, whatever dialect it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ....probing import CallProbe

SIZE = (5, 6)
"""Of the slices of all volumes, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(CallProbe):
    """A call for the output of some RoIs: feature pixels per image pixel along z, y and x, and samples per bin."""

    mode: str = "avg"
    output_size: tuple[int, ...] = (2, 1, 2)
    size: tuple[int, ...] = (4, *SIZE)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    sampling_ratio: int = 2

    corners: ClassVar[tuple[str, ...]] = ("x1", "y1", "z1", "x2", "y2", "z2")

    @property
    def parameters(self) -> dict[str, Any]:
        """The scales along all axes, and the samples."""
        return {"spatial_scale": list(self.scale), "sampling_ratio": [self.sampling_ratio] * 3}


ORDINARY = Probe(name="ordinary box", boxes=((1.25, 1.5, 0.75, 4.25, 3.5, 2.75),))
SCALED = Probe(name="scaled volume", boxes=((6.0, 5.0, 1.5, 18.0, 13.0, 5.5),), scale=(0.5, 0.25, 0.25))
SMALL = Probe(name="box of half a pixel", boxes=((2.25, 1.5, 1.25, 2.75, 2.0, 1.75),))

PROBES = (
    ORDINARY,
    Probe(name="ordinary box, adaptive", boxes=((1.25, 1.5, 0.75, 4.25, 3.5, 2.75),), sampling_ratio=0),
    SCALED,
    Probe(name="box beyond the volume", boxes=((-2.5, -2.25, -2.0, 8.5, 7.75, 6.0),)),
    SMALL,
    Probe(name="inverted box", boxes=((4.25, 3.5, 2.75, 1.25, 1.5, 0.75),), is_malformed=True),
)
