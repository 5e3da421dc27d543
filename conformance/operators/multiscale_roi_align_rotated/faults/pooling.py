"""What a call of a pooler of rotated boxes comes to, for a fault to change: as of upright boxes, but for who pools them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ....operation import Operation
from ...multiscale_roi_align.faults.pooling import ZERO, Plan
from ...multiscale_roi_align.oracle.assembling import maps_of, scales_of
from ...roi_align_rotated.oracle.face import ORACLE as ROTATED
from ..oracle.assembling import parts, shape_of
from ..oracle.levels import exactly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .....kernels.dialects.multiscale_roi_align_rotated import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]


class RotatedPlan(Plan):
    """The plan of a call of rotated boxes; its dialect is that of a pooler of them."""

    @classmethod
    def due(cls, arguments: Arguments, operation: Operation, dialect: Any) -> RotatedPlan:
        """The plan without a fault."""
        maps, scales = tuple(maps_of(arguments)), tuple(scales_of(arguments))
        return cls(arguments, operation, dialect, exactly(arguments, dialect), maps, scales, tuple(range(len(maps))))

    def carried_out(self, pool: Callable[[Arguments], Array] | None = None) -> Array:
        """What comes of it; ``pool`` is rotated RoIAlign, or one with a fault."""
        pool = pool or self._pooled
        if self.operation != Operation.BOX_GRADIENT:
            return super().carried_out(pool)
        whole = np.full(shape_of(self.arguments, self.operation), ZERO, object)
        for part in parts(self.arguments, self.levels, self.maps, self.scales):
            whole[part.rois] = pool(part.arguments)
        return whole

    def _of_box(self, given: Arguments, k: int) -> Array:
        dialect: Dialect = self.dialect  # type: ignore[assignment]
        return _remembered(json.dumps(self._alone(given, k)), self.operation, dialect.sampling)

    def _alone(self, given: Arguments, k: int) -> dict[str, Any]:
        """The call of one of its boxes."""
        asked = {**given, "boxes": [given["boxes"][k]]}
        if "grad" in given:
            rows = given["grad"]["rows"]
            each = len(rows) // len(given["boxes"])
            asked["grad"] = {"shape": [1, *given["grad"]["shape"][1:]], "rows": rows[k * each : (k + 1) * each]}
        return asked


@lru_cache(maxsize=4096)
def _remembered(text: str, operation: Operation, sampling: Any) -> Array:
    return ROTATED.values(json.loads(text), operation, sampling)
