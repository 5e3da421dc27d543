"""Which choice an implementation of BorderAlign makes, of what was read off it (`probing`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from .....kernels.dialects.border_align import DIALECTS, OFFSETS, Dialect
from ....probing import CallDetective, combinations, predictions_by
from ..oracle.face import ORACLE
from .calls import PROBES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....findings import Detection, Reading
    from .calls import Probe

predictions = predictions_by(ORACLE.answer_in)


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings say."""
    return _Detective(readings, dtype).report()


class _Detective(CallDetective):
    dialects = DIALECTS
    points = ("offset",)
    not_seen = "no ordinary box was pooled"
    predictions = staticmethod(predictions)
    candidates = combinations(Dialect, offset=OFFSETS)
    shown_by = MappingProxyType({"offset": PROBES[:2].__contains__})
