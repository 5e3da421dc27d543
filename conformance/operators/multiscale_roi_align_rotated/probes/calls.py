"""The calls by which a pooler of rotated boxes is read off an implementation, whatever dialect it follows.

Each map of a pyramid is one number: so an output says which map a box was pooled from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ....probing import CallProbe
from ...multiscale_roi_align.draws.pyramids import Setting, sizes_of, whole_of
from ...roi_align_rotated.probes import calls as of_rotated

if TYPE_CHECKING:
    from ....exact.numbers import Array

Box = tuple[float, float, float, float, float]

_SIZES = sizes_of((64, 64), Setting(0, 4))
"""Rows and columns of the maps, of scales 1, 1/2, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelProbe(CallProbe):
    """A call for the level of some boxes: ``canonical_size`` is that of a box of ``canonical_level``, the first map's being 0."""

    mode: str = "avg"
    output_size: tuple[int, ...] = (1, 1)
    size: tuple[int, ...] = whole_of(_SIZES)
    canonical_size: int
    canonical_level: int

    corners: ClassVar[tuple[str, ...]] = ("cx", "cy", "w", "h", "angle")

    @property
    def maps(self) -> Array:
        """Two maps, of each level its number and the number after it."""
        found = np.zeros((2, *self.size))
        first = 0
        for level, (rows, columns) in enumerate(_SIZES):
            found[0, first : first + rows, :columns], found[1, first : first + rows, :columns] = level + 1, level + 2
            first += rows
        return found

    @property
    def parameters(self) -> dict[str, Any]:
        """Scales, sizes of maps, and what sizes are related to."""
        return {
            "spatial_scale": [1, 1],
            "sampling_ratio": [1, 1],
            "level_sizes": [list(size) for size in _SIZES],
            "canonical_size": self.canonical_size,
            "canonical_level": self.canonical_level,
        }


def _squares(*sides: float) -> tuple[Box, ...]:
    return tuple((16.0, 16.0, side, side, 0.0) for side in sides)


_UNIT = 2.0**-24

ORDINARY = LevelProbe(
    name="boxes of 3 to 40 pixels",
    boxes=_squares(3, 5, 7.5, 9, 12, 15.5, 17, 20, 31, 40),
    canonical_size=8,
    canonical_level=1,
)
RULES = (
    LevelProbe(
        name="boxes of a millionth of the canonical size",
        boxes=_squares(7.9375, 15.9375, 31.9375),
        canonical_size=2**24,
        canonical_level=22,
    ),
    *(
        LevelProbe(
            name=f"a box smaller than a power of two by {count} units",
            boxes=_squares(16 * (1 - count * _UNIT)),
            canonical_size=16,
            canonical_level=1,
        )
        for count in (4, 6)
    ),
)
NEGATIVE = LevelProbe(
    name="boxes of negative area",
    boxes=((16.0, 16.0, -16.0, 16.0, 0.0), (16.0, 16.0, 16.0, -16.0, 0.0)),
    canonical_size=8,
    canonical_level=1,
    is_malformed=True,
)

PROBES = (ORDINARY, *RULES, *of_rotated.PROBES, NEGATIVE)
