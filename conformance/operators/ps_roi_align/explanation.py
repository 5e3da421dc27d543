"""One RoI step by step under a dialect of PSRoIAlign: RoIAlign's steps, on a map that stands for each bin's channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....kernels.dialects.ps_roi_align import DIALECTS
from ..roi_align.explanation import RoiAlignExplanation
from .oracle.answers import name_of

if TYPE_CHECKING:
    from ...explanation import Walk


class PsRoiAlignExplanation(RoiAlignExplanation):
    """A call under one dialect; all channels are alike."""

    title = "PSRoIAlign"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples."""
        super().__init__(call, name_of(DIALECTS[dialect]))
        self.dialect = dialect

    @property
    def steps(self) -> dict[str, str]:
        """The rule of each step."""
        return {step: "PA-3" if step in ("boundary", "weights") else "PA-2" for step in super().steps}

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "PA-4 average"
