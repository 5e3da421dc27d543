"""RoIAlign's probes, asked of a pooler that has one map; and boxes that tell by which rule one of several is chosen.

Each map of a pyramid is one number, that of its level: so an output says which map a box was pooled from.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import numpy_dtype
from ....call import to_layout
from ....findings import Reading
from ..call import MultiscaleRoiAlignCall

if TYPE_CHECKING:
    from ....findings import Readings
    from ....operator import Asker

Box = tuple[float, float, float, float]

_SIZES = tuple((128 // 2**level, 128 // 2**level) for level in range(5))
"""Rows and columns of the maps, of scales 1, 1/2, …"""

_NEAR = 0.125  # to a whole number: weights that are rounded do not add up to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelProbe:
    """A call for the level of some boxes.

    Attributes:
        name: What kind of boxes.
        boxes: x1, y1, x2, y2 of each, in image pixels.
        canonical_size: The side of a square box of the canonical level.
        canonical_level: That level; that of the first map is 0.
        is_malformed: Whether the boxes may do harm.
        mode: ``"avg"``.
    """

    name: str
    boxes: tuple[Box, ...]
    canonical_size: int
    canonical_level: int
    is_malformed: bool = False
    mode: str = "avg"

    @property
    def arguments(self) -> dict[str, Any]:
        """What levels depend on, as a case has it."""
        rows, columns = sum(size[0] for size in _SIZES), _SIZES[0][1]
        return {
            "input": {"shape": [1, 1, rows, columns]},
            "boxes": [[0, *box] for box in self.boxes],
            "spatial_scale": [1, 1],
            "level_sizes": _SIZES,
            "canonical_size": self.canonical_size,
            "canonical_level": self.canonical_level,
        }


def _squares(*sides: float) -> tuple[Box, ...]:
    return tuple((0.0, 0.0, side, side) for side in sides)


_UNIT = 2.0**-24

LEVELS = (
    LevelProbe(
        name="boxes of 8 to 100 pixels",
        boxes=_squares(8.25, 12, 20, 24, 28, 31.5, 33, 40, 50, 63.5, 65, 90, 100),
        canonical_size=32,
        canonical_level=2,
    ),
    LevelProbe(
        name="boxes of a millionth of the canonical size",
        boxes=_squares(7.9375, 15.875, 15.9375, 31.9375),
        canonical_size=2**24,
        canonical_level=22,
    ),
    LevelProbe(
        name="boxes smaller than a power of two by a millionth",
        boxes=_squares(*(32 * (1 - count * _UNIT) for count in (2, 3, 4, 6, 10, 12, 16, 20))),
        canonical_size=32,
        canonical_level=1,
    ),
    LevelProbe(
        name="boxes of negative area",
        boxes=((52.0, 20.0, 20.0, 52.0), (20.0, 52.0, 52.0, 20.0)),
        canonical_size=32,
        canonical_level=2,
        is_malformed=True,
    ),
)
"""What levels are read with."""


class OfOneMap:
    """Who answers calls of RoIAlign by a pooler: one map, and nothing to choose."""

    def __init__(self, asker: Asker) -> None:
        """Asks somebody who has the pooler."""
        self.asker = asker
        self.dialect, self.dtype, self.layout, self.operations = (
            asker.dialect,
            asker.dtype,
            asker.layout,
            asker.operations,
        )

    def ask(self, call: Any, shape: tuple[int, ...]) -> Reading:
        """The reading of a call of RoIAlign whose answer has this shape."""
        given = {field.name: getattr(call, field.name) for field in fields(call)}
        return self.asker.ask(MultiscaleRoiAlignCall(**given, level_sizes=[]), shape)


def read_levels(asker: Asker, probe: LevelProbe) -> Reading:
    """The level of each box, counted from the first map, ``(K, 1, 1, 1)``; -1 of one that is on none."""
    arguments = probe.arguments
    maps = np.zeros(arguments["input"]["shape"])
    call = MultiscaleRoiAlignCall(
        dialect=asker.dialect,
        layout=asker.layout,
        input=np.ascontiguousarray(to_layout(maps, "N C H W", asker.layout)).astype(numpy_dtype(asker.dtype)),
        boxes=np.array(arguments["boxes"], "float64" if asker.dtype == "float64" else "float32"),
        output_size=(1, 1),
        sampling_ratio=(1, 1),
        level_sizes=list(_SIZES),
        spatial_scale=(1.0, 1.0),
        canonical_size=float(probe.canonical_size),
        canonical_level=probe.canonical_level,
    )
    for level, values in enumerate(call.levels()):
        values[...] = level + 1
    found = asker.ask(call, (len(probe.boxes), 1, 1, 1))
    if found.values is None:
        return found
    whole = found.values.round()
    return Reading(np.where(np.abs(found.values - whole) < _NEAR, whole - 1, found.values - 1))


def sampled(readings: Readings) -> Readings:
    """The readings that RoIAlign knows."""
    forward = {probe: found for probe, found in readings.forward.items() if not isinstance(probe, LevelProbe)}
    return replace(readings, forward=forward)
