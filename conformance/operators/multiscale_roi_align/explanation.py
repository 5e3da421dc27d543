"""One RoI step by step under a dialect of a pooler: RoIAlign's steps, on the map of its level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....kernels.dialects.multiscale_roi_align import DIALECTS
from ..roi_align.explanation import RoiAlignExplanation
from .oracle.answers import name_of

if TYPE_CHECKING:
    from ...explanation import Walk


class MultiscaleRoiAlignExplanation(RoiAlignExplanation):
    """A call under one dialect, of the map that there is."""

    title = "Multi-scale RoIAlign"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples."""
        super().__init__(call, name_of(DIALECTS[dialect]))
        self.dialect = dialect

    @property
    def steps(self) -> dict[str, str]:
        """The rule of each step."""
        return dict.fromkeys(super().steps, "MS-7")

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "MS-7 average"
