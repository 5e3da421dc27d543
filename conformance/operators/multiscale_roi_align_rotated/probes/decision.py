"""Which choices an implementation of a pooler of rotated boxes makes, of what was read off it (`probing`)."""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align_rotated import DIALECTS, LEVEL_RULES, Dialect
from .....kernels.dialects.roi_align_rotated import MIN_SIZES, OFFSETS
from ....probing import CallDetective, combinations, predictions_by
from ...roi_align_rotated.probes import calls as of_rotated
from ...roi_align_rotated.probes.decision import predictions as predictions_of_rotated
from ..oracle.answers import ORACLE
from .calls import NEGATIVE, RULES, LevelProbe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....deduction import Prediction
    from ....findings import Detection, Reading
    from ....operation import Operation

_of_levels = predictions_by(ORACLE.answer_in)


def predictions(probe: Any, dialect: Dialect, dtype: str, operation: Operation | None = None) -> tuple[Prediction, ...]:
    """What a probe may give under a dialect: none if nobody can say."""
    if isinstance(probe, LevelProbe):
        return _of_levels(probe, dialect, dtype, operation)
    return predictions_of_rotated(probe, dialect.sampling, dtype, operation)


def detect(readings: Mapping[Any, Reading], dtype: str) -> Detection:
    """What readings say."""
    return _Detective(readings, dtype).report()


class _Detective(CallDetective):
    dialects = DIALECTS
    points = tuple(field.name for field in fields(Dialect))
    not_seen = "no box that shows it was pooled"
    predictions = staticmethod(predictions)
    candidates = combinations(Dialect, level_rule=LEVEL_RULES, offset=OFFSETS, min_size=MIN_SIZES)
    shown_by = MappingProxyType(
        {
            "level_rule": RULES.__contains__,
            "no_level": (NEGATIVE,).__contains__,
            "unit": of_rotated.TURNED.__contains__,
            "turn": of_rotated.TURNED.__contains__,
            "quarter_turns": (of_rotated.RADIANS, of_rotated.DEGREES).__contains__,
            "offset": of_rotated.UPRIGHT.__contains__,
            "min_size": (of_rotated.SMALL,).__contains__,
        }
    )
