"""One RoI step by step under a dialect of a pooler of rotated boxes: rotated RoIAlign's steps, on the map of its level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....kernels.dialects.multiscale_roi_align_rotated import DIALECTS
from ..roi_align_rotated.explanation import RotatedExplanation

if TYPE_CHECKING:
    from ....kernels.dialects.roi_align_rotated import Dialect
    from ...explanation import Bin, Step


class RotatedPyramidExplanation(RotatedExplanation):
    """A call under one dialect, of the map that there is."""

    title = "Multi-scale rotated RoIAlign"
    point_rules = ("MR-6",) * 3

    @property
    def choices(self) -> Dialect:
        """The choices of rotated RoIAlign."""
        return DIALECTS[self.dialect].sampling

    @property
    def rule(self) -> str:
        """How the samples of a bin become one number."""
        return "MR-6 average"

    def steps(self, at: Bin) -> list[Step]:
        """RR-1 to RR-8, which MR-6 refers to."""
        return [step._replace(rule="MR-6") for step in super().steps(at)]
