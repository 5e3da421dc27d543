"""torchvision's RoIPool: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.roi_pool``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS, MODES
from ..kernels.dialects.roi_pool import Dialect
from .dispatch import decoded
from .pooling import Pooling
from .tensors import pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout, Mode


@traceable
def roi_pool(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    *,
    mode: Mode = "max",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools each RoI of a feature map, in whole pixels, into a fixed number of bins: `torchvision.ops.roi_pool`, and more.

    Differentiable for ``input``, once. Boxes have no gradient: an output does not change until a corner becomes another pixel.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. In ``torch.channels_last`` they are read as they are, and so is the result.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or N tensors ``(L_i, 4)``; corners in image pixels. Of the data
            type of ``input``, or float32 with 16-bit maps.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        mode: ``"max"`` or ``"avg"``.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input`` and of the result mean.
        dialect: A `roikit.kernels.dialects.roi_pool.Dialect` or the name of one; None means ``"roikit"``.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``input`` and on its device. On
        a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.roi_pool`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    scales = scale_pair("spatial_scale", spatial_scale)
    options = _Options(
        scales, arguments.choice("mode", mode, MODES), arguments.choice("layout", layout, LAYOUTS), dialect
    )

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _POOLING(maps[0], rows, size, options._replace(layout=layout))

    return pooled({"input": input}, boxes, output_size, options.layout, pool)


class RoIPool(torch.nn.Module):  # type: ignore[misc]
    """`roi_pool` as a module: `torchvision.ops.RoIPool`.

    Args:
        output_size, spatial_scale, mode, layout, dialect: As for `roi_pool`, which checks them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float | tuple[float, float],
        *,
        mode: Mode = "max",
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.options: dict[str, Any] = {"mode": mode, "layout": layout, "dialect": dialect}

    def forward(self, input: torch.Tensor, rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: A002
        """Pools the RoIs ``rois`` of ``input``; see `roi_pool`."""
        return roi_pool(input, rois, self.output_size, self.spatial_scale, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return f"output_size={self.output_size}, spatial_scale={self.spatial_scale}{unusual(self, self.options)}"


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas."""

    scales: Sequence[float]
    mode: str
    layout: str
    dialect: str | Dialect | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        dialect = decoded(self.dialect, Dialect)
        scale = (self.scales[0], self.scales[1])
        return {"spatial_scale": scale, "mode": self.mode, "layout": self.layout, "dialect": dialect}


_POOLING = Pooling(
    "roi_pool",
    _Options,
    "float[] scales, str mode, str layout, str? dialect",
    looks_at_maps=lambda options: options.mode == "max",
    linear=None,
    has_box_gradient=False,
)
