"""Which choice an implementation of deformable RoI pooling makes, of what was read off it (`probing`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from .....kernels.dialects.deform_roi_pool import DIALECTS, Dialect
from ....probing import CallDetective, combinations, predictions_by
from ..oracle.face import ORACLE
from .calls import AT_EDGE

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
    points = ("slope",)
    not_seen = "no gradient for offsets is offered"
    predictions = staticmethod(predictions)
    candidates = combinations(Dialect)
    shown_by = MappingProxyType({"slope": AT_EDGE.__eq__})
