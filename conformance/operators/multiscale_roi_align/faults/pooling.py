"""Wrong ways to pool boxes from the maps of their levels, and to put results together: changes to MS-1, MS-2 and MS-7 to MS-9."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ....operation import Operation
from ...roi_align.oracle.answers import RoiAlignOracle
from ..oracle.answers import exactly
from ..oracle.assembling import maps_of, parts, places, scales_of, shape_of
from ..oracle.levels import sizes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ....exact.numbers import Array
    from ..oracle.assembling import Part

    Arguments = Mapping[str, Any]
    Scales = tuple[tuple[float, float], ...]
    Values = Callable[[Arguments, Operation, Any], Array]

_ROI_ALIGN = RoiAlignOracle()
ZERO = Fraction(0)


@dataclass(frozen=True)
class Plan:
    """What a call comes to, for a fault to change.

    Attributes:
        arguments: Those of the case.
        levels: The level of each box.
        maps: What is read for each level.
        scales: Of each level, along y and x.
        targets: The level that takes what boxes of each level send back.
    """

    arguments: Arguments
    operation: Operation
    dialect: Any
    levels: tuple[int | None, ...]
    maps: tuple[Array, ...]
    scales: Scales
    targets: tuple[int, ...]

    @classmethod
    def due(cls, arguments: Arguments, operation: Operation, dialect: Any) -> Self:
        """The plan without a fault."""
        maps = tuple(maps_of(arguments))
        scales = tuple(scales_of(arguments))
        return cls(arguments, operation, dialect, exactly(arguments, dialect), maps, scales, tuple(range(len(maps))))

    def carried_out(self, pool: Callable[[Arguments], Array] | None = None) -> Array:
        """What comes of it; ``pool`` is who pools from a map, or one with a fault."""
        pool = pool or self._pooled
        whole = np.full(self._shape(), ZERO, object)
        where, taken = places(self.arguments), set[int]()
        for part in self._parts():
            found = pool(part.arguments)
            if not self._is_of_maps():
                whole[part.rois] = found
                continue
            target = self.targets[part.level]
            here = (slice(None), slice(None), *where[target])
            whole[here] = whole[here] + found if target in taken else found
            taken.add(target)
        return whole

    def _parts(self) -> Iterator[Part]:
        """The calls of who pools from a map."""
        return parts(self.arguments, self.levels, self.maps, self.scales)

    def _shape(self) -> tuple[int, ...]:
        """Of what is returned."""
        return shape_of(self.arguments, self.operation)

    def _is_of_maps(self) -> bool:
        """Whether that is of the maps of levels, to which all boxes send; and has no row of each box."""
        return self.operation == Operation.FEATURE_GRADIENT

    def _pooled(self, given: Arguments) -> Array:
        """The right answer, of each box by itself: a fault changes few of them, and the others are remembered."""
        alone = [
            _remembered(self._right, json.dumps(self._alone(given, k)), self.operation, self.dialect.sampling)
            for k in range(len(given["boxes"]))
        ]
        return sum(alone[1:], alone[0]) if self._is_of_maps() else np.concatenate(alone)

    @property
    def _right(self) -> Values:
        """What the oracle of who pools from a map makes of a call."""
        return _ROI_ALIGN.values

    def _alone(self, given: Arguments, k: int) -> dict[str, Any]:
        """The call of one of its boxes."""
        asked = {**given, "boxes": [given["boxes"][k]]}
        if "grad" in given:
            rows = given["grad"]["rows"]
            each = len(rows) // len(given["boxes"])
            asked["grad"] = {"shape": [1, *given["grad"]["shape"][1:]], "rows": rows[k * each : (k + 1) * each]}
        return asked


@lru_cache(maxsize=4096)
def _remembered(right: Values, text: str, operation: Operation, sampling: Any) -> Array:
    return right(json.loads(text), operation, sampling)


# ---- what is read -----------------------------------------------------------------------------------------------


def reads(source: Callable[[int, int], int]) -> Callable[[Plan], Plan]:
    """Reads, and sends to, the map of another level, by a level and their number."""

    def change(plan: Plan) -> Plan:
        count = len(plan.maps)
        sources = tuple(source(level, count) for level in range(count))
        return replace(plan, maps=tuple(plan.maps[n] for n in sources), targets=sources)

    return change


def scaled(scale: Callable[[int, Scales], tuple[float, float]]) -> Callable[[Plan], Plan]:
    """Other scales, by a level and those that are due."""
    return lambda plan: replace(plan, scales=tuple(scale(level, plan.scales) for level in range(len(plan.scales))))


def _of_sizes(plan: Plan, rounded: Callable[[float], float], padded: int = 1) -> Plan:
    """Scales from the sizes of maps, beside that of the image, which is padded to a multiple; along each axis by itself."""
    sizes = sizes_of(plan.arguments)
    if "image_size" in plan.arguments:
        image = [math.ceil(side / padded) * padded for side in plan.arguments["image_size"]]
    elif padded > 1:
        return plan
    else:
        image = [size / scale for size, scale in zip(sizes[0], plan.scales[0], strict=True)]
    found = ((rounded(rows / image[0]), rounded(columns / image[1])) for rows, columns in sizes)
    return replace(plan, scales=tuple(found))


def scales_as_ratios(plan: Plan) -> Plan:
    """Scales are the ratios of sizes themselves."""
    return _of_sizes(plan, lambda ratio: ratio)


def scales_rounded_down(plan: Plan) -> Plan:
    """Scales are the powers of two below the ratios of sizes."""
    return _of_sizes(plan, lambda ratio: 2.0 ** math.floor(math.log2(ratio)))


def scales_rounded_up(plan: Plan) -> Plan:
    """Scales are the powers of two above the ratios of sizes."""
    return _of_sizes(plan, lambda ratio: 2.0 ** math.ceil(math.log2(ratio)))


def scales_of_padded_image(plan: Plan) -> Plan:
    """Scales are those beside an image that was padded to a multiple of 32."""
    return _of_sizes(plan, lambda ratio: 2.0 ** round(math.log2(ratio)), padded=32)


def rows_of_first_length(plan: Plan) -> Plan:
    """Pixels are found as if rows were as long as those of the first map."""

    def misread(array: Array) -> Array:
        rows, columns = array.shape[2:]
        y, x = np.ogrid[:rows, :columns]
        flat = array.reshape(*array.shape[:2], rows * columns)
        return flat[:, :, (y * plan.maps[0].shape[3] + x) % max(rows * columns, 1)]

    return replace(plan, maps=tuple(map(misread, plan.maps)))


def bounds_of_first(plan: Plan) -> Plan:
    """All maps taken to be as large as the first: 0 beyond."""

    def padded(array: Array) -> Array:
        whole = np.zeros(
            (*array.shape[:2], *(max(a, b) for a, b in zip(array.shape[2:], plan.maps[0].shape[2:], strict=True)))
        )
        whole[:, :, : array.shape[2], : array.shape[3]] = array
        return whole

    return replace(plan, maps=tuple(map(padded, plan.maps)))


def bounds_of_last(plan: Plan) -> Plan:
    """All maps taken to be as small as the last."""
    rows, columns = plan.maps[-1].shape[2:]
    return replace(plan, maps=tuple(array[:, :, :rows, :columns] for array in plan.maps))


# ---- where results go ------------------------------------------------------------------------------------------


def _order_of_levels(plan: Plan) -> list[int]:
    keys = [-1 if level is None else level for level in plan.levels]
    return sorted(range(len(keys)), key=lambda k: keys[k])


def in_order_of_levels(values: Array, plan: Plan) -> Array:
    """Results follow each other as their levels do."""
    return values[_order_of_levels(plan)]


def scattered_backwards(values: Array, plan: Plan) -> Array:
    """Results that were gathered by an order are gathered by it again, not sent back."""
    order = _order_of_levels(plan)
    return values[order][order]


def in_order_of_images(values: Array, plan: Plan) -> Array:
    """Results follow each other as the images of their boxes do."""
    images = [float(row[0]) for row in plan.arguments["boxes"]]
    return values[sorted(range(len(images)), key=lambda k: images[k])]


def without_last_of_each(values: Array, plan: Plan) -> Array:
    """The last box of each level is forgotten."""
    last = {level: k for k, level in enumerate(plan.levels) if level is not None}
    values[list(last.values())] = ZERO
    return values


def without_level(level: int) -> Callable[[Array, Plan], Array]:
    """The boxes of a level are forgotten, counted from the last if it is negative."""

    def forgotten(values: Array, plan: Plan) -> Array:
        values[[k for k, found in enumerate(plan.levels) if found == level % len(plan.maps)]] = ZERO
        return values

    return forgotten


def sends_nothing_to(level: int) -> Callable[[Array, Plan], Array]:
    """The map of a level gets no gradient."""

    def forgotten(values: Array, plan: Plan) -> Array:
        rows, columns = places(plan.arguments)[level]
        values[:, :, rows, columns] = ZERO
        return values

    return forgotten


def not_cleared(values: Array, plan: Plan) -> Array:
    """Maps that no box is pooled from keep what was in memory."""
    used = {level for level in plan.levels if level is not None}
    for level, (rows, columns) in enumerate(places(plan.arguments)):
        if level not in used:
            values[:, :, rows, columns] = Fraction(1)
    return values


def negative_is_nan(values: Array, plan: Plan) -> Array:
    """What is on no level is not a number."""
    values[[k for k, level in enumerate(plan.levels) if level is None]] = None
    return values
