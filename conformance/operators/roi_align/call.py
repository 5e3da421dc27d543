"""A call of RoIAlign, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...operator import Operation, Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


def shape_of(arguments: Mapping[str, Any], operation: Operation) -> tuple[int, ...]:
    """Returns the shape of what a call of these arguments returns, all images of a sparse map being one."""
    rois, shape = len(arguments["boxes"]), arguments["input"]["shape"]
    match operation:
        case Operation.FORWARD:
            return (rois, shape[1], *arguments["output_size"])
        case Operation.FEATURE_GRADIENT:
            return tuple(shape)
        case Operation.BOX_GRADIENT:
            return (rois, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiAlignCall:
    """One call of RoIAlign, or of its gradient.

    Attributes:
        operation: What is asked for.
        input: Feature maps, ``(N, C, H, W)`` or ``(N, H, W, C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, the corners in image pixels; float32 for 16-bit maps,
            otherwise the data type of ``input``.
        output_size: ``(P_h, P_w)``, the number of bins.
        spatial_scale: Feature pixels per image pixel, ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin, ``(g_y, g_x)``; 0 asks for adaptive sampling.
        mode: ``"avg"`` or ``"max"``.
        layout: ``"NCHW"`` or ``"NHWC"``.
        dialect: The named dialect whose result is wanted: one of those that the adapter describes.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
    """

    operation: Operation = Operation.FORWARD
    input: np.ndarray
    boxes: np.ndarray
    output_size: tuple[int, int]
    spatial_scale: tuple[float, float]
    sampling_ratio: tuple[int, int]
    mode: str
    layout: str
    dialect: str
    grad: np.ndarray | None = None

    def single_scale(self) -> float:
        """Returns the one spatial scale of both axes, for libraries that take only one."""
        if self.spatial_scale[0] != self.spatial_scale[1]:
            raise Unsupported("one spatial scale for both axes")
        return self.spatial_scale[0]

    def single_sampling_ratio(self) -> int:
        """Returns the one sampling ratio of both axes (0: adaptive), for libraries that take only one."""
        if self.sampling_ratio[0] != self.sampling_ratio[1]:
            raise Unsupported("one sampling ratio for both axes")
        return self.sampling_ratio[0]
