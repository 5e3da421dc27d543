"""A call of a pooler of feature pyramids for rotated boxes, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ...operation import Operation
from ..multiscale_roi_align.call import MultiscaleRoiAlignCall

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedPyramidCall(MultiscaleRoiAlignCall):
    """One call of a pooler, or of one of its gradients: what one of `multiscale_roi_align` has, but for the boxes.

    These are ``(K, 6)`` rows ``[batch_index, cx, cy, w, h, angle]``, centre and size in image pixels, the angle in the unit of
    the dialect. The scale of the first map is always given.
    """

    operator: ClassVar[str] = "multiscale_roi_align_rotated"
    axes: ClassVar[Mapping[str, str]] = {"input": "N C H W", "boxes": "K 6", "grad": "K C P_h P_w"}
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C P_h P_w",
        Operation.FEATURE_GRADIENT: "N C H W",
        Operation.BOX_GRADIENT: "K 5",
    }
    corners: ClassVar[str] = "cx, cy, w, h, angle"


CALL = RotatedPyramidCall
