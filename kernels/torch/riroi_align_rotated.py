"""Rotation-invariant RoIAlign: a function of tensors, a module, and ``torch.ops.roikit.riroi_align_rotated``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.riroi_align_rotated import Dialect
from .dispatch import decoded
from .pooling import Pooling
from .tensors import pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout


@traceable
def riroi_align_rotated(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int | tuple[int, int] = 0,
    num_orientations: int = 8,
    clockwise: bool = False,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools rotated RoIs, and turns the orientations of features with them: `mmcv.ops.riroi_align_rotated`, and more.

    Differentiable for ``input``, as often as you like, and for ``boxes``, once: centres, sizes and angles can be learned. On a
    CPU, too.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. In ``torch.channels_last`` they are read as they are, and so is the result.
        boxes: ``(K, 6)`` rows ``[batch_index, cx, cy, w, h, angle]``, or N tensors ``(L_i, 5)``; centre and size in image
            pixels, the angle in radians. Of the data type of ``input``, or float32 with 16-bit maps.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel.
        sampling_ratio: Samples per bin along each axis of the box, one number or ``(height, width)``; 0, or less, takes as many
            as a bin has pixels.
        num_orientations: How many channels one feature has; C is a multiple of it.
        clockwise: Whether boxes turn clockwise. Orientations do not: their angle is that of the box, whichever way it turns.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input`` and of the result mean.
        dialect: A `roikit.kernels.dialects.riroi_align_rotated.Dialect` or the name of one, in place of
            ``clockwise``.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``input`` and on its device. On
        a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.riroi_align_rotated`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    options = _Options(
        scale_pair("spatial_scale", spatial_scale),
        sampling_ratio_pair(sampling_ratio),
        arguments.integer("num_orientations", num_orientations),
        arguments.truth("clockwise", clockwise),
        arguments.choice("layout", layout, LAYOUTS),
        dialect,
    )

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _POOLING(maps[0], rows, size, options._replace(layout=layout))

    return pooled({"input": input}, boxes, output_size, options.layout, pool, numbers=arguments.CENTRES)


class RiRoIAlignRotated(torch.nn.Module):  # type: ignore[misc]
    """`riroi_align_rotated` as a module: `mmcv.ops.RiRoIAlignRotated`.

    Args:
        output_size, spatial_scale, sampling_ratio, num_orientations, clockwise, layout, dialect: As for `riroi_align_rotated`,
            which checks them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float = 1.0,
        sampling_ratio: int | tuple[int, int] = 0,
        num_orientations: int = 8,
        clockwise: bool = False,
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.options: dict[str, Any] = {
            "num_orientations": num_orientations, "clockwise": clockwise, "layout": layout, "dialect": dialect,
        }  # fmt: skip

    def forward(self, input: torch.Tensor, rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: A002
        """Pools the RoIs ``rois`` of ``input``; see `riroi_align_rotated`."""
        return riroi_align_rotated(
            input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, **self.options
        )

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"output_size={self.output_size}, spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio}"
            f"{unusual(self, self.options)}"
        )


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas."""

    scales: Sequence[float]
    sampling_ratio: Sequence[int]
    num_orientations: int
    clockwise: bool
    layout: str
    dialect: str | Dialect | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        return {
            "spatial_scale": (self.scales[0], self.scales[1]),
            "sampling_ratio": (self.sampling_ratio[0], self.sampling_ratio[1]),
            "num_orientations": self.num_orientations,
            "clockwise": self.clockwise,
            "layout": self.layout,
            "dialect": decoded(self.dialect, Dialect),
        }


_POOLING = Pooling(
    "riroi_align_rotated",
    _Options,
    "float[] scales, int[] sampling_ratio, int num_orientations, bool clockwise, str layout, str? dialect",
)
