"""A call of PSRoIAlign on a feature pyramid, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...operation import Operation
from ..multiscale_roi_align.call import MultiscaleRoiAlignCall
from ..ps_roi_align.call import PsRoiAlignCall
from ..ps_roi_pool.call import channels_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class PsPyramidCall(MultiscaleRoiAlignCall):
    """One call, or one of a gradient: what one of `multiscale_roi_align` has, on maps with channels for each bin.

    C is ``C_out · P_h · P_w`` of the maps, and C_out of the output and of what arrives there. The scale of the first map is
    always given.
    """

    operator: ClassVar[str] = "multiscale_ps_roi_align"

    def shape(self) -> tuple[int, ...] | None:
        """The shape of what is asked for, in the call's layout; None if the arguments do not go together."""
        if any(array.ndim != len(self.axes[name].split()) for name, array in self.arrays().items()):
            return None
        channels = channels_of(self.input.shape[3 if self.layout == "NHWC" else 1], self.output_size)
        if self.operation == Operation.FEATURE_GRADIENT:
            return self.input.shape
        if self.operation == Operation.BOX_GRADIENT:
            return len(self.boxes), 4
        if channels is None:
            return None
        rois, (rows, columns) = len(self.boxes), self.output_size
        return (rois, rows, columns, channels) if self.layout == "NHWC" else (rois, channels, rows, columns)

    @classmethod
    def shape_of(cls, arguments: Mapping[str, Any], operation: Operation) -> tuple[int, ...]:
        """The shape of what a call of these arguments returns, in the order of case files."""
        return PsRoiAlignCall.shape_of(arguments, operation)


CALL = PsPyramidCall
