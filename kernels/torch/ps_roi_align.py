"""torchvision's PSRoIAlign: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.ps_roi_align``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.ps_roi_align import Dialect, named_dialect
from .dispatch import decoded
from .pooling import Pooling, output_of_own_channels
from .tensors import pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout


@traceable
def ps_roi_align(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Averages samples of each bin of each RoI in channels of its own: `torchvision.ops.ps_roi_align`, and more.

    Differentiable for ``input``, as often as you like, and once for ``boxes``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. C is ``C_out * P_h * P_w``. In ``torch.channels_last`` they are read as they are, and so is
            the result.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or N tensors ``(L_i, 4)``; corners in image pixels. Of the data
            type of ``input``, or float32 with 16-bit maps.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_y, g_x)``; adaptive if 0 or less.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input`` and of the result mean.
        dialect: A `roikit.kernels.dialects.ps_roi_align.Dialect` or the name of one; None means ``"roikit"``.

    Returns:
        ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with ``layout="NHWC"``; of the data type of ``input`` and on its
        device. On a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.ps_roi_align`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    options = _Options(
        scale_pair("spatial_scale", spatial_scale),
        sampling_ratio_pair(sampling_ratio),
        arguments.choice("layout", layout, LAYOUTS),
        dialect,
    )

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _POOLING(maps[0], rows, size, options._replace(layout=layout))

    return pooled({"input": input}, boxes, output_size, options.layout, pool)


class PSRoIAlign(torch.nn.Module):  # type: ignore[misc]
    """`ps_roi_align` as a module: `torchvision.ops.PSRoIAlign`.

    Args:
        output_size, spatial_scale, sampling_ratio, layout, dialect: As for `ps_roi_align`, which checks them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float | tuple[float, float],
        sampling_ratio: int | tuple[int, int],
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.options: dict[str, Any] = {"layout": layout, "dialect": dialect}

    def forward(self, input: torch.Tensor, rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: A002
        """Pools the RoIs ``rois`` of ``input``; see `ps_roi_align`."""
        return ps_roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, **self.options)

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
    layout: str
    dialect: str | Dialect | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        return {
            "spatial_scale": (self.scales[0], self.scales[1]),
            "sampling_ratio": (self.sampling_ratio[0], self.sampling_ratio[1]),
            "layout": self.layout,
            "dialect": decoded(self.dialect, Dialect),
        }

    @property
    def of_gradient(self) -> _Options:
        """Those of the function whose transpose the gradient is: an average of nothing is 0 there."""
        dialect = decoded(self.dialect, Dialect)
        rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
        return self if rules is None else self._replace(dialect=rules.for_gradient("avg"))


_POOLING = Pooling(
    "ps_roi_align",
    _Options,
    "float[] scales, int[] sampling_ratio, str layout, str? dialect",
    output=output_of_own_channels,
    linear=lambda options: options.of_gradient,
)
