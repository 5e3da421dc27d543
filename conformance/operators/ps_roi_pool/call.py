"""A call of PSRoIPool, as adapters receive it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...call import Call, Unsupported
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class PsRoiPoolCall(Call):
    """One call of PSRoIPool, or of its gradient.

    The maps have a channel for each channel of the output and each bin: C is ``C_out · P_h · P_w`` of the maps, and C_out of the
    output and of what arrives there.

    Attributes:
        input: Feature maps, ``(N, C, H, W)`` or ``(N, H, W, C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, the corners in image pixels; float32 for 16-bit maps,
            otherwise the data type of ``input``.
        output_size: ``(P_h, P_w)``, the number of bins.
        spatial_scale: Feature pixels per image pixel, ``(scale_y, scale_x)``.
        mode: ``"avg"``.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
    """

    operator: ClassVar[str] = "ps_roi_pool"
    axes: ClassVar[Mapping[str, str]] = {"input": "N C H W", "boxes": "K 5", "grad": "K C P_h P_w"}
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C P_h P_w",
        Operation.FEATURE_GRADIENT: "N C H W",
    }

    input: np.ndarray
    boxes: np.ndarray
    output_size: tuple[int, int]
    spatial_scale: tuple[float, float]
    mode: str = "avg"
    grad: np.ndarray | None = None

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        return {
            "output_size": tuple(arguments["output_size"]),
            "spatial_scale": tuple(map(float, arguments["spatial_scale"])),
            "mode": arguments["mode"],
        }

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, spatial_scale`` of torchvision."""
        return (self.output_size, self.single_scale()), {}

    def single_scale(self) -> float:
        """The one spatial scale of both axes, for libraries that take only one."""
        if self.spatial_scale[0] != self.spatial_scale[1]:
            raise Unsupported("one spatial scale for both axes")
        return self.spatial_scale[0]

    def shape(self) -> tuple[int, ...] | None:
        """The shape of what is asked for, in the call's layout; None if the arguments do not go together."""
        if any(array.ndim != len(self.axes[name].split()) for name, array in self.arrays().items()):
            return None
        if self.operation == Operation.FEATURE_GRADIENT:
            return self.input.shape
        channels = channels_of(self.input.shape[3 if self.layout == "NHWC" else 1], self.output_size)
        if channels is None:
            return None
        rois, (rows, columns) = len(self.boxes), self.output_size
        return (rois, rows, columns, channels) if self.layout == "NHWC" else (rois, channels, rows, columns)

    @classmethod
    def shape_of(cls, arguments: Mapping[str, Any], operation: Operation) -> tuple[int, ...]:
        """The shape of what a call of these arguments returns, in the order of case files; a sparse map is one image."""
        shape = arguments["input"]["shape"]
        if operation == Operation.FEATURE_GRADIENT:
            return tuple(shape)
        bins = max(1, math.prod(arguments["output_size"]))
        return (len(arguments["boxes"]), shape[1] // bins, *arguments["output_size"])


def channels_of(channels: int, output_size: tuple[int, int]) -> int | None:
    """How many channels an output has, of maps that have so many; None if they are not as many for each bin."""
    bins = math.prod(output_size)
    if min(output_size) < 0 or (channels % bins if bins else channels):
        return None
    return channels // bins if bins else 0


CALL = PsRoiPoolCall
