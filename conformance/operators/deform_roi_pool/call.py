"""A call of deformable RoI pooling, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...call import Call, Unsupported
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class DeformedCall(Call):
    """One call of deformable RoI pooling, or of one of its gradients.

    Attributes:
        input: Feature maps, ``(N, C, H, W)`` or ``(N, H, W, C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]`` in image pixels; float32 for 16-bit maps, otherwise the data
            type of ``input``.
        offset: ``(K, 2, P_h, P_w)`` in either layout, of the data type of ``input``; None if no bin is moved.
        output_size: ``(P_h, P_w)``, the number of bins.
        spatial_scale: Feature pixels per image pixel, ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin, ``(g_y, g_x)``; 0 asks for adaptive sampling.
        gamma: By what part of the RoI's size an offset of 1 moves a bin.
        mode: ``"avg"``.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
    """

    operator: ClassVar[str] = "deform_roi_pool"
    axes: ClassVar[Mapping[str, str]] = {
        "input": "N C H W",
        "boxes": "K 5",
        "offset": "K 2 P_h P_w",
        "grad": "K C P_h P_w",
    }
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C P_h P_w",
        Operation.FEATURE_GRADIENT: "N C H W",
        Operation.BOX_GRADIENT: "K 4",
        Operation.OFFSET_GRADIENT: "K 2 P_h P_w",
    }

    input: np.ndarray
    boxes: np.ndarray
    offset: np.ndarray | None = None
    output_size: tuple[int, int]
    spatial_scale: tuple[float, float]
    sampling_ratio: tuple[int, int]
    gamma: float = 0.1
    mode: str = "avg"
    grad: np.ndarray | None = None

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        return {
            "output_size": tuple(arguments["output_size"]),
            "spatial_scale": tuple(map(float, arguments["spatial_scale"])),
            "sampling_ratio": tuple(arguments["sampling_ratio"]),
            "gamma": float(arguments.get("gamma", 0.1)),
            "mode": arguments["mode"],
        }

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, spatial_scale, sampling_ratio``, and by name offsets and gamma."""
        given = (self.output_size, self.single_scale(), self.single_sampling_ratio())
        return given, {"offset": self.offset, "gamma": self.gamma}

    def single_scale(self) -> float:
        """The one spatial scale of both axes."""
        if self.spatial_scale[0] != self.spatial_scale[1]:
            raise Unsupported("one spatial scale for both axes")
        return self.spatial_scale[0]

    def single_sampling_ratio(self) -> int:
        """The one sampling ratio of both axes (0: adaptive), for libraries that take only one."""
        if self.sampling_ratio[0] != self.sampling_ratio[1]:
            raise Unsupported("one sampling ratio for both axes")
        return self.sampling_ratio[0]


CALL = DeformedCall
