"""The calls by which RoIPool is read off an implementation, whatever dialect it follows.

On maps that rise along an axis, and fall along it, the maximum of a bin says which is its last pixel and which its first: its whole
window. An average says it by the mean and the mean square. All RoIs of a probe are of one kind, since one bad box may hide what
becomes of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ....exact.numbers import Array

Box = tuple[float, float, float, float]
Rows = tuple[tuple[float, ...], ...]

SIZE = (6, 9)
"""Of most maps, in pixels: not square, so that exchanged axes show."""

NAN, INFINITY = float("nan"), float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A call for the output of some RoIs on one image.

    Attributes:
        name: What is asked.
        boxes: x1, y1, x2, y2 of each RoI, in image pixels.
        output_size: Bins, ``(P_h, P_w)``.
        scale: Feature pixels per image pixel.
        mode: ``"avg"`` or ``"max"``.
        size: Of the maps, in pixels.
        pixels: Rows of the one map, if it is not one of those that windows are read with.
        is_malformed: Whether the boxes may do harm: then it is the last call that a worker gets.
    """

    name: str
    boxes: tuple[Box, ...]
    output_size: tuple[int, int] = (1, 1)
    scale: float = 1.0
    mode: str = "max"
    size: tuple[int, int] = SIZE
    pixels: Rows = ()
    is_malformed: bool = False

    @property
    def maps(self) -> Array:
        """The maps, ``(C, H, W)``, float64."""
        if self.pixels:
            return np.array([self.pixels], np.float64)
        y, x = np.indices(self.size, np.float64) + 1
        if self.mode == "avg":
            return np.stack([y, y * y, x, x * x])
        return np.stack([y, self.size[0] + 1 - y, x, self.size[1] + 1 - x])

    @property
    def arguments(self) -> dict[str, Any]:
        """The call, as a case has it."""
        maps = self.maps
        rows = [[_named(v) for v in row] for row in maps.reshape(-1, maps.shape[-1]).tolist()]
        return {
            "input": {"shape": [1, *maps.shape], "rows": rows},
            "boxes": [[0, *box] for box in self.boxes],
            "output_size": list(self.output_size),
            "spatial_scale": [self.scale, self.scale],
            "mode": self.mode,
        }


def _named(value: float) -> float | str:
    """A number of a case file, which has names for what is not finite."""
    return value if np.isfinite(value) else str(value)


_HALVES: tuple[Box, ...] = ((0.5, 1.5, 4.5, 3.5), (1.5, 0.5, 5.5, 2.5), (2.5, 2.5, 6.5, 4.5), (3.5, 1.5, 7.5, 4.5))
_BELOW_ZERO: tuple[Box, ...] = ((-3.5, -2.5, -1.5, -1.5), (-2.5, -1.5, -0.5, -0.5))
_QUARTERS: tuple[Box, ...] = ((0.75, 1.25, 4.25, 3.75), (1.25, 0.75, 5.75, 4.25), (2.25, 1.25, 2.75, 1.75))
_INVERTED: tuple[Box, ...] = ((6.0, 4.0, 2.0, 1.0), (6.0, 1.0, 2.0, 4.0), (2.0, 4.0, 6.0, 1.0))
_BEYOND: tuple[Box, ...] = (
    (-6.0, -4.0, 3.0, 2.0),
    (5.0, 3.0, 14.0, 9.0),
    (20.0, 20.0, 24.0, 24.0),
    (-9.0, 1.0, -5.0, 4.0),
)


def _windows(mode: str) -> tuple[Probe, ...]:
    prefix = "" if mode == "max" else "average: "
    return (
        Probe(name=f"{prefix}ordinary box", boxes=((1.0, 1.0, 6.0, 4.0), (0.0, 0.0, 8.0, 5.0)), output_size=(2, 3), mode=mode),
        Probe(name=f"{prefix}corners at halves", boxes=_HALVES, mode=mode),
        Probe(name=f"{prefix}corners at quarters", boxes=_QUARTERS, output_size=(1, 2), mode=mode),
        Probe(name=f"{prefix}scaled map", boxes=((6.0, 5.0, 19.0, 14.0), (7.0, 3.0, 29.0, 17.0)), output_size=(2, 2), scale=0.25, mode=mode),
        Probe(name=f"{prefix}halves below zero, the first corner", boxes=((-1.5, -0.5, 3.0, 3.0), (-0.5, -2.5, 4.0, 3.0)), output_size=(2, 4), mode=mode),
        Probe(name=f"{prefix}halves below zero, both corners", boxes=_BELOW_ZERO, mode=mode),
        Probe(name=f"{prefix}boxes beyond the map", boxes=_BEYOND, output_size=(2, 3), mode=mode),
        Probe(name=f"{prefix}bins that share pixels", boxes=((1.0, 1.0, 4.0, 4.0), (0.0, 0.0, 4.0, 4.0)), output_size=(3, 3), mode=mode),
        Probe(name=f"{prefix}edges of 57 and 58 pixels", boxes=((0.0, 0.0, 56.0, 0.0), (0.0, 0.0, 57.0, 0.0), (0.0, 0.0, 58.0, 0.0)), output_size=(1, 7), size=(1, 62), mode=mode),
        Probe(name=f"{prefix}edges of 29 pixels", boxes=((0.0, 0.0, 28.0, 0.0), (0.0, 0.0, 29.0, 0.0)), output_size=(1, 7), size=(1, 62), mode=mode),
        Probe(name=f"{prefix}edges of 13 pixels", boxes=((0.0, 0.0, 12.0, 0.0), (0.0, 0.0, 13.0, 0.0)), output_size=(1, 6), size=(1, 20), mode=mode),
        Probe(name=f"{prefix}box without area", boxes=((2.0, 1.0, 2.0, 1.0), (4.25, 3.25, 4.25, 3.25)), output_size=(2, 2), mode=mode, is_malformed=True),
        Probe(name=f"{prefix}box inverted by a pixel", boxes=((3.0, 2.0, 2.0, 1.0),), output_size=(2, 2), mode=mode, is_malformed=True),
        Probe(name=f"{prefix}inverted boxes", boxes=_INVERTED, output_size=(2, 2), mode=mode, is_malformed=True),
    )  # fmt: skip


_LINE: dict[str, Any] = {"size": (1, 4)}

VALUES = (
    Probe(name="negative map", boxes=((0.0, 0.0, 3.0, 1.0),), size=(2, 4), pixels=((-9.0, -3.0, -7.0, -8.0), (-5.0, -6.0, -4.0, -2.0)), output_size=(1, 2)),
    Probe(name="NaN first", boxes=((0.0, 0.0, 3.0, 0.0),), pixels=((NAN, 4.0, 3.0, 2.0, 9.0),), **_LINE),
    Probe(name="NaN within, after the greatest", boxes=((0.0, 0.0, 3.0, 0.0),), pixels=((4.0, NAN, 3.0, 2.0, 9.0),), **_LINE),
    Probe(name="NaN last", boxes=((0.0, 0.0, 3.0, 0.0),), pixels=((4.0, 2.0, 3.0, NAN, NAN),), **_LINE),
    Probe(name="nothing but minus infinity", boxes=((0.0, 0.0, 3.0, 0.0),), pixels=((-INFINITY,) * 5,), **_LINE),
)  # fmt: skip
"""What tells what a maximum begins with, and what becomes of a NaN."""

PROBES = (*_windows("max"), *VALUES, *_windows("avg"))
