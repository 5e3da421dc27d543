"""Which choices an implementation of rotated RoIAlign makes, of what was read off it (`probing`)."""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from .....kernels.dialects.roi_align_rotated import DIALECTS, MIN_SIZES, OFFSETS, Dialect
from ....probing import CallDetective, combinations, predictions_by
from ..oracle.face import ORACLE
from .calls import DEGREES, RADIANS, SMALL, TURNED, UPRIGHT
from .quarters import beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....deduction import Prediction
    from ....findings import Detection, Reading
    from ....operation import Operation
    from .calls import Probe

_exactly = predictions_by(ORACLE.answer_in)


def predictions(
    probe: Probe, dialect: Dialect, dtype: str, operation: Operation | None = None
) -> tuple[Prediction, ...]:
    """What a probe may give under a dialect: none if nobody can say."""
    if probe not in (RADIANS, DEGREES):
        return _exactly(probe, dialect, dtype, operation)
    return beside(probe, dialect, dtype, operation, lambda exact: _exactly(probe, exact, dtype))


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings say."""
    return _Detective(readings, dtype).report()


class _Detective(CallDetective):
    dialects = DIALECTS
    points = tuple(field.name for field in fields(Dialect))
    not_seen = "no box that shows it was pooled"
    predictions = staticmethod(predictions)
    candidates = combinations(Dialect, offset=OFFSETS, min_size=MIN_SIZES)
    shown_by = MappingProxyType(
        {
            "unit": TURNED.__contains__,
            "turn": TURNED.__contains__,
            "quarter_turns": (RADIANS, DEGREES).__contains__,
            "offset": UPRIGHT.__contains__,
            "min_size": SMALL.__eq__,
        }
    )
