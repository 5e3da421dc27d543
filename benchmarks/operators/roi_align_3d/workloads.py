"""The rows that RoIAlign of volumes is timed on: like the RoIs of detectors in computed tomography, from a fixed seed.

=====  ======================================  ==================  ===================
row    what it is like                         boxes on a GPU      boxes on a CPU
=====  ======================================  ==================  ===================
a1     box head, stride 4, 64 channels, 7³     2 volumes × 256     2 × 16
b1     mask head, stride 4, 64, 14³            2 × 64              2 × 4
c1     deep maps, stride 8, 256, 7³            2 × 256             2 × 8
e      tiny boxes of 4-16 pixels, 64, 7³       1 × 1024            1 × 64
f      huge boxes, 64, 7³, adaptive            1 × 16              1 × 2
=====  ======================================  ==================  ===================

A volume has 128 slices of 256 × 256 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...measuring.problem import SampledRow

if TYPE_CHECKING:
    from ...measuring.problem import Row

VOLUME = (128, 256, 256)
_CPU_BOXES = {"a1": 16, "b1": 4, "c1": 8, "e": 64, "f": 2}


@dataclass(frozen=True)
class VolumeRow(SampledRow):
    """A row of volumes, pooled into ``bins`` bins along each of three axes."""

    @property
    def padded(self) -> tuple[int, ...]:
        """Pixels of a volume along z, y and x."""
        return VOLUME

    @property
    def bin_shape(self) -> tuple[int, ...]:
        """Those along each axis."""
        return (self.bins,) * 3


def organs(rng: np.random.Generator, count: int) -> np.ndarray:
    """Corners ``(count, 6)`` of proposals in one volume, x1, y1, z1, x2, y2, z2: sizes and aspects are log-normal."""
    sides = 40 * np.exp(0.6 * rng.standard_normal((count, 1)) + 0.2 * rng.standard_normal((count, 3)))
    return _placed(rng, sides.clip(8, 160))


def tiny_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Corners of boxes of 4-16 pixels."""
    return _placed(rng, rng.uniform(4, 16, (count, 3)))


def huge_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Corners of boxes of more than half the volume along each axis."""
    return _placed(rng, rng.uniform(0.5, 1, (count, 3)) * VOLUME[::-1])


def _placed(rng: np.random.Generator, sides: np.ndarray) -> np.ndarray:
    """Corners of boxes of these sides along x, y and z, within the volume."""
    sides = np.minimum(sides, VOLUME[::-1])
    first = rng.uniform(0, 1, sides.shape) * (np.array(VOLUME[::-1]) - sides)
    return np.hstack([first, first + sides])


GPU_ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        VolumeRow("a1", "box head", 2, 256, 64, (4,), 7, organs, 2),
        VolumeRow("b1", "mask head", 2, 64, 64, (4,), 14, organs, 2),
        VolumeRow("c1", "deep maps", 2, 256, 256, (8,), 7, organs, 2),
        VolumeRow("e", "tiny boxes", 1, 1024, 64, (4,), 7, tiny_boxes, 2),
        VolumeRow("f", "huge boxes", 1, 16, 64, (4,), 7, huge_boxes, 0),
    )
}
CPU_ROWS: dict[str, Row] = {name: replace(row, boxes=_CPU_BOXES[name]) for name, row in GPU_ROWS.items()}
