"""The calls by which rotation-invariant RoIAlign is read off an implementation, whatever dialect it follows.

They are those of rotated RoIAlign, on orientations. Where there is only one, nothing is mixed, and a quarter turn shows as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ....probing import generic_map
from ...roi_align_rotated.probes import calls

if TYPE_CHECKING:
    from ....exact.numbers import Array

SIZE = calls.SIZE
"""Of most maps, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(calls.Probe):
    """A call for the output of some RoIs, on so many orientations."""

    orientations: int = 4

    @property
    def maps(self) -> Array:
        """Maps ``(C, H, W)`` of whole numbers: the orientations of one feature, or of two."""
        generic = generic_map(self.size)
        return np.stack([np.roll(generic, n) for n in range(max(self.orientations, 2))])

    @property
    def parameters(self) -> dict[str, Any]:
        """The scale, the samples and the orientations."""
        of_rotated = super(Probe, self).parameters  # of slots there is a class made anew
        return {**of_rotated, "num_orientations": self.orientations}


def _quarters() -> Probe:
    boxes = calls.at_bound(calls.IN_RADIANS)
    return Probe(name="quarter turns of one orientation", boxes=boxes, orientations=1, **calls.AT_BOUND)


AT_BOUND = _quarters()

TURNED = (
    Probe(name="turned boxes", boxes=((3.25, 2.5, 3.0, 2.0, 0.5), (3.0, 2.25, 2.0, 3.0, -1.25))),
    Probe(name="a turned box, adaptive", boxes=((3.25, 2.5, 4.5, 2.0, 2.0),), sampling_ratio=0, output_size=(2, 2)),
    Probe(
        name="a turned box, three orientations", boxes=((3.0, 2.5, 3.0, 2.0, 1.0),), orientations=3, output_size=(2, 2)
    ),
)

PROBES = (
    Probe(
        name="boxes that are not turned",
        boxes=((3.25, 2.5, 3.0, 2.0, 0.0), (2.75, 2.25, 2.0, 3.0, 0.0)),
        orientations=2,
    ),
    Probe(name="scaled map", boxes=((13.0, 10.0, 12.0, 8.0, 0.0),), scale=0.25),
    Probe(name="boxes of half a pixel", boxes=((3.25, 2.5, 0.5, 0.5, 0.0),), output_size=(2, 2)),
    *TURNED,
    AT_BOUND,
)
