"""A call of PSRoIAlign, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...call import Unsupported
from ...operation import Operation
from ..ps_roi_pool.call import PsRoiPoolCall

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class PsRoiAlignCall(PsRoiPoolCall):
    """One call of PSRoIAlign, or of a gradient: what PSRoIPool is asked for, and how bins are sampled.

    Attributes:
        sampling_ratio: Samples per bin, ``(g_y, g_x)``; 0 asks for adaptive sampling.
    """

    operator: ClassVar[str] = "ps_roi_align"
    answers: ClassVar[Mapping[Operation, str]] = {**PsRoiPoolCall.answers, Operation.BOX_GRADIENT: "K 4"}

    sampling_ratio: tuple[int, int]

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        return {
            **super(PsRoiAlignCall, cls).parameters_of(arguments),
            "sampling_ratio": tuple(arguments["sampling_ratio"]),
        }

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, spatial_scale, sampling_ratio`` of torchvision, whose ratio is -1 for adaptive sampling."""
        ratio = self.single_sampling_ratio()
        return (self.output_size, self.single_scale(), ratio if ratio > 0 else -1), {}

    def single_sampling_ratio(self) -> int:
        """The one sampling ratio of both axes (0: adaptive), for libraries that take only one."""
        if self.sampling_ratio[0] != self.sampling_ratio[1]:
            raise Unsupported("one sampling ratio for both axes")
        return self.sampling_ratio[0]

    def shape(self) -> tuple[int, ...] | None:
        """The shape of what is asked for, in the call's layout; None if the arguments do not go together."""
        shape = super(PsRoiAlignCall, self).shape()  # without its arguments it knows not the class that slots make anew
        return shape if shape is None or self.operation != Operation.BOX_GRADIENT else (len(self.boxes), 4)

    @classmethod
    def shape_of(cls, arguments: Mapping[str, Any], operation: Operation) -> tuple[int, ...]:
        """The shape of what a call of these arguments returns, in the order of case files; a sparse map is one image."""
        if operation == Operation.BOX_GRADIENT:
            return (len(arguments["boxes"]), 4)
        return super(PsRoiAlignCall, cls).shape_of(arguments, operation)


CALL = PsRoiAlignCall
