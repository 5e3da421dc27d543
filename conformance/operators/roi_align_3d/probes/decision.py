"""Which choices an implementation of RoIAlign of volumes makes, of what was read off it (`probing`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from .....kernels.dialects.roi_align_3d import DIALECTS, Dialect
from ....probing import CallDetective, combinations, predictions_by
from ..oracle.face import ORACLE
from .calls import ORDINARY, SCALED, SMALL

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
    points = ("offset", "min_size")
    not_seen = "no box that shows it was pooled"
    predictions = staticmethod(predictions)
    candidates = combinations(Dialect)
    shown_by = MappingProxyType({"offset": (ORDINARY, SCALED).__contains__, "min_size": SMALL.__eq__})
