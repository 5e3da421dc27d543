"""What a call comes to, for a fault to change: as of poolers, with weights for each map; and wrong ways to read these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ....operation import Operation
from ...multiscale_roi_align.faults.pooling import ZERO, Plan
from ...multiscale_roi_align.oracle.answers import exactly
from ...multiscale_roi_align.oracle.assembling import maps_of, places, scales_of
from ..oracle.answers import WEIGHTED
from ..oracle.assembling import has_weights_of_rois, parts, shape_of, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ....exact.numbers import Array
    from ...multiscale_roi_align.faults.pooling import Values
    from ...multiscale_roi_align.oracle.assembling import Part

    Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class WeightedPlan(Plan):
    """The plan of a call whose pixels are weighed.

    Attributes:
        weights: What the pixels of each map are weighed by.
    """

    weights: tuple[Array, ...] = ()

    @classmethod
    def due(cls, arguments: Arguments, operation: Operation, dialect: Any) -> Self:
        """The plan without a fault."""
        maps, levels = tuple(maps_of(arguments)), exactly(arguments, dialect)
        return cls(
            arguments, operation, dialect, levels, maps, tuple(scales_of(arguments)), tuple(range(len(maps))),
            tuple(weights_of(arguments)),
        )  # fmt: skip

    def _parts(self) -> Iterator[Part]:
        """Where another map is read, weights lie beside its pixels."""
        both = zip(self.weights, self.maps, strict=True)
        fitted = [lying_as(array, maps.shape[2:]) for array, maps in both]
        return parts(self.arguments, self.levels, self.maps, self.scales, fitted)

    def _shape(self) -> tuple[int, ...]:
        return shape_of(self.arguments, self.operation)

    def carried_out(self, pool: Callable[[Arguments], Array] | None = None) -> Array:
        """What comes of it; of RoIs that have weights of their own each has a gradient for these, on its level."""
        if self.operation != Operation.WEIGHT_GRADIENT or not has_weights_of_rois(self.arguments):
            return super().carried_out(pool)
        whole, where = np.full(self._shape(), ZERO, object), places(self.arguments)
        for part in self._parts():
            rows, columns = where[self.targets[part.level]]
            whole[part.rois, :, rows, columns] = (pool or self._pooled)(part.arguments)
        return whole

    def _is_of_maps(self) -> bool:
        of_weights = self.operation == Operation.WEIGHT_GRADIENT and not has_weights_of_rois(self.arguments)
        return of_weights or super()._is_of_maps()

    @property
    def _right(self) -> Values:
        return WEIGHTED.values

    def _alone(self, given: Arguments, k: int) -> dict[str, Any]:
        asked = super()._alone(given, k)
        if has_weights_of_rois(given):
            rows = given["weights"]["rows"]
            each = len(rows) // len(given["boxes"])
            asked["weights"] = {"shape": [1, *given["weights"]["shape"][1:]], "rows": rows[k * each : (k + 1) * each]}
        return asked


def lying_as(array: Array, size: tuple[int, ...]) -> Array:
    """An array read as if its pixels were as many as those of another size, from the first on and over again."""
    if array.shape[2:] == tuple(size):
        return array
    count = array.shape[2] * array.shape[3]
    flat = array.reshape(*array.shape[:2], count)
    index = np.arange(size[0] * size[1]) % max(count, 1)
    return flat[:, :, index].reshape(*array.shape[:2], *size)


def weighed_by(source: Callable[[int, int], int]) -> Callable[[WeightedPlan], WeightedPlan]:
    """Weighs by what belongs to another level, by a level and their number."""

    def change(plan: WeightedPlan) -> WeightedPlan:
        count = len(plan.weights)
        return replace(plan, weights=tuple(plan.weights[source(level, count)] for level in range(count)))

    return change


def weights_of_next_roi(plan: WeightedPlan) -> WeightedPlan:
    """Of RoIs that have weights of their own each is weighed by those of the next."""
    if not has_weights_of_rois(plan.arguments):
        return plan
    return replace(plan, weights=tuple(np.roll(array, -1, axis=0) for array in plan.weights))


def weights_numbered_within_levels(plan: WeightedPlan) -> WeightedPlan:
    """Of RoIs that have weights of their own those of a level are weighed by the first weights, as many as they are."""
    if not has_weights_of_rois(plan.arguments):
        return plan
    weights = []
    for level, array in enumerate(plan.weights):
        rois = [k for k, found in enumerate(plan.levels) if found == level]
        changed = array.copy()
        changed[rois] = array[: len(rois)]
        weights.append(changed)
    return replace(plan, weights=tuple(weights))


def nowhere_is_not_a_number(values: Array, plan: Plan) -> Array:
    """What is on no level is divided by the weights that it reads, which are none."""
    if plan.arguments.get("normalise", False):
        values[[k for k, level in enumerate(plan.levels) if level is None]] = None
    return values
