"""One RoI step by step under a dialect of weighted RoIAlign on pyramids: RoIAlign's steps, on a map of weighed pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from ..weighted_roi_align.explanation import WeightedRoiAlignExplanation
from .oracle.answers import name_of

if TYPE_CHECKING:
    from ...explanation import Walk


class WeightedPyramidExplanation(WeightedRoiAlignExplanation):
    """A call under one dialect, of the map that there is."""

    title = "Multi-scale weighted RoIAlign"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples."""
        super().__init__(call, name_of(DIALECTS[dialect]))
        self.dialect = dialect

    @property
    def steps(self) -> dict[str, str]:
        """The rule of each step."""
        return dict.fromkeys(super().steps, "MW-6")

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return super().rule.replace("SW-3", "MW-6").replace("SW-13", "MW-6")
