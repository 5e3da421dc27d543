"""The calls by which deformable RoI pooling is read off an implementation, whatever dialect it follows.

All dialects pool alike: what outputs say is whether it is deformable RoI pooling. They differ in the gradient for offsets of bins
whose samples were moved to an edge of the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ....operation import Operation
from ....probing import CallProbe, rows_of

if TYPE_CHECKING:
    from ....exact.numbers import Array

SIZE = (5, 7)
"""Of all maps, in pixels: not square, so that exchanged axes show."""

_OFFSETS = (0.5, -0.5, 1.0, 0.0, -1.0, 0.25, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(CallProbe):
    """A call for the output of some RoIs, or a gradient: ``scale`` feature pixels per image pixel, samples per bin and axis."""

    mode: str = "avg"
    output_size: tuple[int, ...] = (2, 4)
    size: tuple[int, ...] = SIZE
    scale: float = 1.0
    sampling_ratio: int = 2
    gamma: float = 0.25
    is_moved: bool = True

    @property
    def offsets(self) -> Array:
        """Of each bin, ``(K, 2, P_h, P_w)``: others along x than along y."""
        return np.resize(_OFFSETS, (len(self.boxes), 2, *self.output_size))

    @property
    def parameters(self) -> dict[str, Any]:
        """The scale along both axes, the samples, and how bins are moved."""
        moved = {"offset": rows_of(self.offsets)} if self.is_moved else {}
        return {
            "spatial_scale": [self.scale] * 2, "sampling_ratio": [self.sampling_ratio] * 2, "gamma": self.gamma, **moved,
        }  # fmt: skip


_INSIDE = ((1.5, 1.5, 5.5, 3.5), (2.0, 1.0, 5.0, 5.0))

AT_EDGE = Probe(
    name="gradient for offsets at the edge", boxes=((-1.5, -1.0, 2.5, 3.0), (4.5, 2.5, 8.5, 6.5)), output_size=(2, 2),
    operation=Operation.OFFSET_GRADIENT,
)  # fmt: skip

PROBES = (
    Probe(name="bins that are not moved", boxes=_INSIDE, is_moved=False),
    Probe(name="moved bins", boxes=_INSIDE),
    Probe(name="bins that are moved farther", boxes=_INSIDE, gamma=0.5),
    Probe(name="adaptive sampling", boxes=((1.0, 0.5, 6.0, 4.5),), sampling_ratio=0),
    Probe(name="scaled map", boxes=((4.0, 3.0, 20.0, 15.0),), scale=0.25),
    Probe(name="boxes beyond the map", boxes=((-2.5, -2.0, 9.5, 7.0),)),
    Probe(name="gradient for offsets", boxes=_INSIDE, operation=Operation.OFFSET_GRADIENT),
    AT_EDGE,
    Probe(name="inverted boxes", boxes=((5.5, 3.5, 1.5, 1.5),), is_malformed=True),
)
