"""The calls by which crop_and_resize is read off an implementation, whatever dialect it follows.

Where the last point of an axis is shows only where the step is rounded up: images of some rows, resized to some points, from
their first row to their last. What slopes are on pixels, and of the nearest pixel, shows in gradients for boxes alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ....operation import Operation
from ....probing import CallProbe

Box = tuple[float, float, float, float]

SIZE = (5, 7)
"""Of most images, in pixels: not square, so that exchanged axes show; H − 1 and W − 1 have exact quarters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(CallProbe):
    """A call for the crops of some boxes, y1, x1, y2, x2 as fractions of one image."""

    mode: str = "bilinear"
    size: tuple[int, int] = SIZE
    extrapolation: float = 0.0

    corners: ClassVar[tuple[str, ...]] = ("y1", "x1", "y2", "x2")

    @property
    def parameters(self) -> dict[str, Any]:
        """What is the case outside of the image."""
        return {"extrapolation_value": self.extrapolation}


_INSIDE: tuple[Box, ...] = ((0.125, 0.25, 0.875, 0.75), (0.25, 0.125, 0.75, 0.875))
_FLIPPED: tuple[Box, ...] = ((0.875, 0.75, 0.125, 0.25), (0.875, 0.25, 0.125, 0.75))
_AROUND: tuple[Box, ...] = ((-0.25, -0.5, 1.25, 1.5), (0.375, 0.25, 1.125, 1.25))
_WHOLE: tuple[Box, ...] = ((0.0, 0.0, 1.0, 1.0),)


def _crops(mode: str) -> tuple[Probe, ...]:
    """What each mode is read with."""
    about = "" if mode == "bilinear" else f"{mode}: "
    return (
        Probe(name=f"{about}boxes inside", boxes=_INSIDE, output_size=(3, 5), mode=mode),
        Probe(name=f"{about}flipped boxes", boxes=_FLIPPED, output_size=(3, 5), mode=mode),
        Probe(name=f"{about}a single point", boxes=_INSIDE, output_size=(1, 1), mode=mode),
        Probe(name=f"{about}boxes beyond the image", boxes=_AROUND, output_size=(4, 3), mode=mode),
        Probe(name=f"{about}another value outside", boxes=_AROUND, output_size=(4, 3), mode=mode, extrapolation=5.0),
    )


LAST_POINTS = tuple(
    Probe(name=f"{rows} rows in {points} points", boxes=_WHOLE, output_size=(points, 2), size=(rows, 3))
    for rows, points in ((29, 14), (15, 14), (26, 12), (28, 14))
)
"""Images whose last point is beyond the last row in float32, or in float64, if it is so many rounded steps from the first."""

ON_PIXELS = Probe(
    name="gradient for boxes, points on pixels", boxes=_WHOLE, output_size=(3, 4), operation=Operation.BOX_GRADIENT
)
OF_NEAREST = Probe(
    name="nearest: gradient for boxes",
    boxes=_INSIDE,
    output_size=(3, 5),
    mode="nearest",
    operation=Operation.BOX_GRADIENT,
)

PROBES = (*_crops("bilinear"), *_crops("nearest"), *LAST_POINTS, ON_PIXELS, OF_NEAREST)
