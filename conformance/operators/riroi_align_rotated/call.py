"""A call of rotation-invariant RoIAlign, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ....kernels.dialects.riroi_align_rotated import DIALECTS
from ....kernels.dialects.roi_align_rotated import Turn
from ..roi_align_rotated.call import RotatedCall

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationInvariantCall(RotatedCall):
    """One call of rotation-invariant RoIAlign, or of one of its gradients: what rotated RoIAlign is asked for, and orientations.

    Attributes:
        num_orientations: O, how many channels that follow each other are orientations of one feature; it divides C.
    """

    operator: ClassVar[str] = "riroi_align_rotated"

    num_orientations: int

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        # Without its arguments it knows not the class that slots make anew.
        of_rotated = super(RotationInvariantCall, cls).parameters_of(arguments)
        return {**of_rotated, "num_orientations": arguments["num_orientations"]}

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, spatial_scale, num_samples, num_orientations, clockwise`` of mmcv; no samples are adaptive sampling."""
        clockwise = DIALECTS[self.dialect].turn == Turn.CLOCKWISE
        sampling = self.single_scale(), self.single_sampling_ratio()
        return (self.output_size, *sampling, self.num_orientations, clockwise), {}

    def shape(self) -> tuple[int, ...] | None:
        """The shape of what is asked for, in the call's layout; None if the arguments do not go together."""
        channels = self.input.shape[1 if self.layout == "NCHW" else -1] if self.input.ndim == 4 else 0
        if self.num_orientations < 1 or channels % self.num_orientations:
            return None
        return super(RotationInvariantCall, self).shape()


CALL = RotationInvariantCall
