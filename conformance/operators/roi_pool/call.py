"""A call of RoIPool, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...call import Call, Unsupported
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiPoolCall(Call):
    """One call of RoIPool, or of its gradient.

    Attributes:
        input: Feature maps, ``(N, C, H, W)`` or ``(N, H, W, C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, the corners in image pixels; float32 for 16-bit maps,
            otherwise the data type of ``input``.
        output_size: ``(P_h, P_w)``, the number of bins.
        spatial_scale: Feature pixels per image pixel, ``(scale_y, scale_x)``.
        mode: ``"max"`` or ``"avg"``.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
    """

    operator: ClassVar[str] = "roi_pool"
    axes: ClassVar[Mapping[str, str]] = {"input": "N C H W", "boxes": "K 5", "grad": "K C P_h P_w"}
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C P_h P_w",
        Operation.FEATURE_GRADIENT: "N C H W",
    }
    plain_modes: ClassVar[tuple[str, ...]] = ("max",)

    input: np.ndarray
    boxes: np.ndarray
    output_size: tuple[int, int]
    spatial_scale: tuple[float, float]
    mode: str
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
        return (self.output_size, self.single_scale()), {"mode": self.mode} if self.mode != "max" else {}

    def single_scale(self) -> float:
        """The one spatial scale of both axes, for libraries that take only one."""
        if self.spatial_scale[0] != self.spatial_scale[1]:
            raise Unsupported("one spatial scale for both axes")
        return self.spatial_scale[0]


CALL = RoiPoolCall
