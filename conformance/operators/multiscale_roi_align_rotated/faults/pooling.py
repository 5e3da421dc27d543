"""What a call of a pooler of rotated boxes comes to, for a fault to change: as of upright boxes, but for who pools them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from ...multiscale_roi_align.faults.pooling import Plan
from ...multiscale_roi_align.oracle.assembling import maps_of, scales_of
from ...roi_align_rotated.oracle.face import ORACLE as ROTATED
from ..oracle.assembling import shape_of
from ..oracle.levels import exactly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....operation import Operation
    from ...multiscale_roi_align.faults.pooling import Values

    Arguments = Mapping[str, Any]


class RotatedPlan(Plan):
    """The plan of a call of rotated boxes; its dialect is that of a pooler of them."""

    @classmethod
    def due(cls, arguments: Arguments, operation: Operation, dialect: Any) -> Self:
        """The plan without a fault."""
        maps, scales = tuple(maps_of(arguments)), tuple(scales_of(arguments))
        return cls(arguments, operation, dialect, exactly(arguments, dialect), maps, scales, tuple(range(len(maps))))

    def _shape(self) -> tuple[int, ...]:
        return shape_of(self.arguments, self.operation)

    @property
    def _right(self) -> Values:
        return ROTATED.values
