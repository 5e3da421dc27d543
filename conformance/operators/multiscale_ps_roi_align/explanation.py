"""One RoI step by step under a dialect of PSRoIAlign on pyramids: RoIAlign's steps, on a map that stands for each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....kernels.dialects.multiscale_ps_roi_align import DIALECTS
from ..ps_roi_align.oracle.answers import name_of
from ..roi_align.explanation import RoiAlignExplanation

if TYPE_CHECKING:
    from ...explanation import Walk


class PsPyramidExplanation(RoiAlignExplanation):
    """A call under one dialect, of the map that there is; all its channels are alike."""

    title = "Multi-scale PSRoIAlign"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples."""
        super().__init__(call, name_of(DIALECTS[dialect].pooling))
        self.dialect = dialect

    @property
    def steps(self) -> dict[str, str]:
        """The rule of each step."""
        return dict.fromkeys(super().steps, "MP-6")

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "MP-6 average"
