"""The calls by which deformable PSRoIPool is read off an implementation, whatever dialect it follows.

Which part's offset moves a bin shows only where there are so many bins that a rounded quotient falls short: in row 13 of 22 in
float32, and in row 15 of them in float64. The slope on pixels shows in the gradient for offsets alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ....operation import Operation
from ....probing import CallProbe, generic_map, rows_of

if TYPE_CHECKING:
    from ....exact.numbers import Array

SIZE = (5, 7)
"""Of most maps, in pixels: not square, so that exchanged axes show."""

_OFFSETS = (0.5, -0.5, 1.0, 0.0, -1.0, 0.25, 1.5)
_OUTPUTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(CallProbe):
    """A call for the output of some RoIs, or a gradient.

    Attributes:
        scale: Feature pixels per image pixel.
        sampling_ratio: Samples per bin and axis.
        groups: Of channels.
        parts: Of a RoI, which have an offset each; none: nothing is moved.
    """

    mode: str = "avg"
    output_size: tuple[int, ...] = (2, 2)
    size: tuple[int, ...] = SIZE
    scale: float = 1.0
    sampling_ratio: int = 2
    groups: tuple[int, int] = (1, 1)
    parts: tuple[int, ...] = (2, 2)

    @property
    def maps(self) -> Array:
        """Maps ``(C, H, W)`` of whole numbers, other ones for each group."""
        generic = generic_map(self.size)
        return np.stack([np.roll(generic, 3 * n) for n in range(_OUTPUTS * math.prod(self.groups))])

    @property
    def outputs(self) -> int:
        """How many channels the output has."""
        return _OUTPUTS

    @property
    def parameters(self) -> dict[str, Any]:
        """The scale along both axes, the samples, the groups, and how bins are moved."""
        offsets = np.resize(_OFFSETS, (len(self.boxes), 2, *self.parts))
        return {
            "spatial_scale": [self.scale] * 2, "sampling_ratio": [self.sampling_ratio] * 2, "gamma": 0.25,
            "group_size": list(self.groups), **({"offset": rows_of(offsets)} if self.parts else {}),
        }  # fmt: skip


_INSIDE = ((1.0, 1.0, 4.0, 2.0), (2.0, 0.0, 5.0, 3.0))

OF_PARTS = Probe(
    name="22 rows of bins and parts", boxes=((4.0, 0.0, 11.0, 21.0),), output_size=(22, 1), parts=(22, 1), scale=0.25,
    sampling_ratio=1, size=(6, 4),
)  # fmt: skip
ON_PIXELS = Probe(
    name="gradient for offsets, samples on pixels", boxes=((1.0, 1.0, 4.0, 4.0),), sampling_ratio=4,
    operation=Operation.OFFSET_GRADIENT,
)  # fmt: skip

PROBES = (
    Probe(name="bins that are not moved", boxes=_INSIDE, parts=()),
    Probe(name="moved bins", boxes=_INSIDE),
    Probe(name="a group of channels for each bin", boxes=_INSIDE, groups=(2, 2)),
    Probe(name="corners between pixels", boxes=((1.5, 0.5, 4.5, 3.25), (0.75, 1.25, 3.5, 2.5)), parts=()),
    Probe(name="scaled map", boxes=((4.0, 3.0, 19.0, 14.0),), scale=0.25),
    Probe(name="boxes beyond the map", boxes=((-3.0, -2.0, 8.0, 5.0),), parts=()),
    OF_PARTS,
    ON_PIXELS,
    Probe(name="inverted boxes", boxes=((5.0, 3.0, 2.0, 1.0),), parts=(), is_malformed=True),
)
