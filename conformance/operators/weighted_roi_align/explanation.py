"""One RoI step by step under a dialect of weighted RoIAlign: RoIAlign's steps, on a map whose pixels are weighed already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..roi_align.explanation import RoiAlignExplanation

if TYPE_CHECKING:
    from ...explanation import Walk


class WeightedRoiAlignExplanation(RoiAlignExplanation):
    """A call under one dialect, which has the name of RoIAlign's."""

    title = "Weighted RoIAlign"

    def __init__(self, call: Walk, dialect: str) -> None:
        """Refuses a call of too many samples."""
        super().__init__(call, dialect)

    @property
    def steps(self) -> dict[str, str]:
        """The rule of each step."""
        return dict.fromkeys(super().steps, "SW-2")

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "SW-3 sum" if self.call.mode == "avg" else super().rule.replace("RA-9", "SW-13")
