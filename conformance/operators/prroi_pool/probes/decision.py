"""Which choice an implementation makes at the one decision point, of what was read off it (`probing`)."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from .....kernels.dialects.prroi_pool import DIALECTS, Dialect
from ....deduction import Prediction, prediction_of
from ....probing import CallDetective, combinations
from ..oracle.face import ORACLE
from .calls import FLAT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....findings import Detection, Reading
    from ....operation import Operation
    from .calls import Probe


@cache
def predictions(
    probe: Probe, dialect: Dialect, dtype: str, operation: Operation | None = None
) -> tuple[Prediction, ...]:
    """What a probe may give under a dialect: none if nobody can say."""
    answer = ORACLE.answer_in(probe.arguments, operation or probe.operation, dialect, dtype)
    return (prediction_of(answer),) if answer else ()


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings say."""
    return _Detective(readings, dtype).report()


class _Detective(CallDetective):
    dialects = DIALECTS
    points = ("flat_box",)
    not_seen = "no gradient for boxes is offered"
    predictions = staticmethod(predictions)
    candidates = combinations(Dialect)
    shown_by = MappingProxyType({"flat_box": FLAT.__eq__})
