"""torchvision's PSRoIPool: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.ps_roi_pool``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.dialects.ps_roi_pool import Dialect
from .dispatch import decoded
from .pooling import Pooling, output_of_own_channels
from .tensors import pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout


@traceable
def ps_roi_pool(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Averages the pixels of each bin of each RoI in a channel of its own: `torchvision.ops.ps_roi_pool`, and more.

    Differentiable for ``input``, as often as you like; torchvision's gradient is not that of its output, this one is. Boxes have
    none: an output does not change until a corner becomes another pixel.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. C is ``C_out * P_h * P_w``. In ``torch.channels_last`` they are read as they are, and so is
            the result.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or N tensors ``(L_i, 4)``; corners in image pixels. Of the data
            type of ``input``, or float32 with 16-bit maps.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input`` and of the result mean.
        dialect: A `roikit.kernels.dialects.ps_roi_pool.Dialect` or the name of one; None means ``"roikit"``.

    Returns:
        ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with ``layout="NHWC"``; of the data type of ``input`` and on its
        device. On a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.ps_roi_pool`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    options = _Options(scale_pair("spatial_scale", spatial_scale), arguments.choice("layout", layout, LAYOUTS), dialect)

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _POOLING(maps[0], rows, size, options._replace(layout=layout))

    return pooled({"input": input}, boxes, output_size, options.layout, pool)


class PSRoIPool(torch.nn.Module):  # type: ignore[misc]
    """`ps_roi_pool` as a module: `torchvision.ops.PSRoIPool`.

    Args:
        output_size, spatial_scale, layout, dialect: As for `ps_roi_pool`, which checks them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float | tuple[float, float],
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.options: dict[str, Any] = {"layout": layout, "dialect": dialect}

    def forward(self, input: torch.Tensor, rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: A002
        """Pools the RoIs ``rois`` of ``input``; see `ps_roi_pool`."""
        return ps_roi_pool(input, rois, self.output_size, self.spatial_scale, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return f"output_size={self.output_size}, spatial_scale={self.spatial_scale}{unusual(self, self.options)}"


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas."""

    scales: Sequence[float]
    layout: str
    dialect: str | Dialect | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        dialect = decoded(self.dialect, Dialect)
        return {"spatial_scale": (self.scales[0], self.scales[1]), "layout": self.layout, "dialect": dialect}


_POOLING = Pooling(
    "ps_roi_pool",
    _Options,
    "float[] scales, str layout, str? dialect",
    output=output_of_own_channels,
    has_box_gradient=False,
)
