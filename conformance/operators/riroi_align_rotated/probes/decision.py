"""Which choices an implementation of rotation-invariant RoIAlign makes, of what was read off it (`probing`)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from .....kernels.dialects.riroi_align_rotated import DIALECTS, Dialect
from ....probing import CallDetective, combinations, predictions_by
from ...roi_align_rotated.probes.quarters import beside
from ..oracle.face import ORACLE
from .calls import AT_BOUND, TURNED

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
    if probe != AT_BOUND:
        return _exactly(probe, dialect, dtype, operation)
    return beside(
        probe, dialect.sampling, dtype, operation,
        lambda exact: _exactly(probe, replace(dialect, quarter_turns=exact.quarter_turns), dtype),
    )  # fmt: skip


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings say."""
    return _Detective(readings, dtype).report()


class _Detective(CallDetective):
    dialects = DIALECTS
    points = ("turn", "quarter_turns")
    not_seen = "no box that shows it was pooled"
    predictions = staticmethod(predictions)
    candidates = combinations(Dialect)
    shown_by = MappingProxyType({"turn": TURNED.__contains__, "quarter_turns": AT_BOUND.__eq__})
