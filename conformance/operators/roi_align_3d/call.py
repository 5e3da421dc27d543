"""A call of RoIAlign of volumes, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ....kernels.dialects.choices import Offset
from ....kernels.dialects.roi_align_3d import DIALECTS
from ...call import Call, Unsupported
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCall(Call):
    """One call of RoIAlign of volumes, or of one of its gradients. Triples are ``(z, y, x)``.

    Attributes:
        input: Volumes, ``(N, C, D, H, W)`` or ``(N, D, H, W, C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 7)`` rows ``[batch_index, x1, y1, z1, x2, y2, z2]`` in image pixels; float32 for 16-bit volumes, otherwise
            the data type of ``input``.
        output_size: ``(P_d, P_h, P_w)``, the number of bins.
        spatial_scale: Feature pixels per image pixel, ``(scale_z, scale_y, scale_x)``.
        sampling_ratio: Samples per bin, ``(g_d, g_h, g_w)``; 0 asks for adaptive sampling.
        mode: ``"avg"``.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
    """

    operator: ClassVar[str] = "roi_align_3d"
    axes: ClassVar[Mapping[str, str]] = {
        "input": "N C D H W",
        "boxes": "K 7",
        "grad": "K C P_d P_h P_w",
    }
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C P_d P_h P_w",
        Operation.FEATURE_GRADIENT: "N C D H W",
        Operation.BOX_GRADIENT: "K 6",
    }
    sizes: ClassVar[Mapping[str, str]] = {"output_size": "P_d P_h P_w"}
    corners: ClassVar[str] = "x1, y1, z1, x2, y2, z2"
    """What a row of boxes has after its batch index, in words."""

    input: np.ndarray
    boxes: np.ndarray
    output_size: tuple[int, int, int]
    spatial_scale: tuple[float, float, float]
    sampling_ratio: tuple[int, int, int]
    mode: str = "avg"
    grad: np.ndarray | None = None

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        return {
            "output_size": tuple(arguments["output_size"]),
            "spatial_scale": tuple(map(float, arguments["spatial_scale"])),
            "sampling_ratio": tuple(arguments["sampling_ratio"]),
            "mode": arguments["mode"],
        }

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, spatial_scale, sampling_ratio, aligned``, one scale and one ratio, which is -1 for adaptive sampling."""
        ratio, aligned = self.single_sampling_ratio(), DIALECTS[self.dialect].offset != Offset.NONE
        return (self.output_size, self.single_scale(), ratio if ratio > 0 else -1, aligned), {}

    def single_scale(self) -> float:
        """The one spatial scale of all axes."""
        if len(set(self.spatial_scale)) > 1:
            raise Unsupported("one spatial scale for all axes")
        return self.spatial_scale[0]

    def single_sampling_ratio(self) -> int:
        """The one sampling ratio of all axes (0: adaptive), for libraries that take only one."""
        if len(set(self.sampling_ratio)) > 1:
            raise Unsupported("one sampling ratio for all axes")
        return self.sampling_ratio[0]


CALL = VolumeCall
"""RoIAlign of volumes, as the harness knows it."""
