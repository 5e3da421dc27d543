"""RoIAlign of volumes: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.roi_align_3d``.

These operators take volumes as maps, whose rows are those of all slices, as they lie in memory.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.dialects.roi_align_3d import Dialect
from ..kernels.operators.roi_align_3d.folding import NUMBERS, bins_of_volume, ratios, triple
from .dispatch import decoded, output_of
from .memory import place
from .pooling import Pooling
from .tensors import check_plain, pooled, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout

_DIMENSIONS = 5


@traceable
def roi_align_3d(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int, int],
    spatial_scale: float | tuple[float, float, float] = 1.0,
    sampling_ratio: int | tuple[int, int, int] = -1,
    aligned: bool = False,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools each RoI of a volume by averages of samples between its voxels: RoIAlign along three axes.

    Differentiable for ``input``, twice, and for ``boxes``. On a CPU, too.

    Args:
        input: Volumes ``(N, C, D, H, W)``, or ``(N, D, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. In ``torch.channels_last_3d`` they are read as they are.
        boxes: ``(K, 7)`` rows ``[batch_index, x1, y1, z1, x2, y2, z2]``, or N tensors ``(L_i, 6)``; corners in image pixels.
            Of the data type of ``input``, or float32 with 16-bit volumes.
        output_size: Bins per RoI, ``(P_d, P_h, P_w)`` or one number for all three.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_z, scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_d, g_h, g_w)``. 0 or less: as many as the bin has
            feature pixels, rounded up.
        aligned: Whether boxes are moved by half a pixel, and no RoI is enlarged; see `roikit.kernels.roi_align_3d`.
        layout: ``"NCHW"`` for channels first or ``"NHWC"`` for channels last: what the dimensions of ``input`` and of the result
            mean.
        dialect: A `roikit.kernels.dialects.roi_align_3d.Dialect` or the name of one, instead of ``aligned``.

    Returns:
        ``(K, C, P_d, P_h, P_w)``, or ``(K, P_d, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of ``input`` and on its
        device. On a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.roi_align_3d`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    bins = bins_of_volume(output_size)
    layout = arguments.choice("layout", layout, LAYOUTS)  # type: ignore[assignment]  # which it is
    volumes, size = _folded(input, layout)
    options = _Options(
        _scales(spatial_scale),
        ratios(sampling_ratio),
        arguments.truth("aligned", aligned),
        size,
        bins[:2],
        layout,
        dialect,
    )

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, flat: tuple[int, int], layout: str) -> torch.Tensor:
        return _POOLING(maps[0], rows, flat, options._replace(layout=layout))

    found = pooled({"input": volumes}, boxes, (bins[0] * bins[1], bins[2]), layout, pool, numbers=NUMBERS)
    return found.unflatten(1 if layout == "NHWC" else 2, bins[:2])


class RoIAlign3d(torch.nn.Module):  # type: ignore[misc]
    """`roi_align_3d` as a module.

    Args:
        output_size, spatial_scale, sampling_ratio, aligned, layout, dialect: As for `roi_align_3d`, which checks them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int, int],
        spatial_scale: float | tuple[float, float, float] = 1.0,
        sampling_ratio: int | tuple[int, int, int] = -1,
        aligned: bool = False,
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.options: dict[str, Any] = {"aligned": aligned, "layout": layout, "dialect": dialect}

    def forward(self, input: torch.Tensor, boxes: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: A002
        """Pools the RoIs ``boxes`` of ``input``; see `roi_align_3d`."""
        return roi_align_3d(input, boxes, self.output_size, self.spatial_scale, self.sampling_ratio, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"output_size={self.output_size}, spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio}"
            f"{unusual(self, self.options)}"
        )


def _scales(value: Any) -> list[float]:
    """The scales along z, y and x; tensors of one number count as such."""
    scales = [
        each.item() if isinstance(each, torch.Tensor) and each.ndim == 0 else each
        for each in triple("spatial_scale", value)
    ]
    if not all(isinstance(scale, Real) and not isinstance(scale, bool) for scale in scales):
        raise TypeError(f"spatial_scale must be a number or (depth, height, width), not {value!r}")
    return [float(scale) for scale in scales]


def _folded(volumes: Any, layout: str) -> tuple[Any, tuple[int, int]]:
    """Volumes as maps, and D and H. What is no tensor stays, and is refused by who looks at maps."""
    if not isinstance(volumes, torch.Tensor):
        return volumes, (1, 1)
    check_plain("input", volumes)
    if volumes.ndim != _DIMENSIONS:
        raise ValueError(f"input must have 5 dimensions, not shape {tuple(volumes.shape)}")
    first = 1 if layout == "NHWC" else 2
    return volumes.flatten(first, first + 1), (volumes.shape[first], volumes.shape[first + 1])


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in order; ``size`` is D and H, ``bins`` are P_d and P_h."""

    scales: Sequence[float]
    sampling_ratio: Sequence[int]
    aligned: bool
    size: Sequence[int]
    bins: Sequence[int]
    layout: str
    dialect: str | Dialect | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        return {
            "spatial_scale": tuple(self.scales),
            "sampling_ratio": tuple(self.sampling_ratio),
            "aligned": self.aligned,
            "layout": self.layout,
            "dialect": decoded(self.dialect, Dialect),
        }

    def unfolded(self, shape: Sequence[int], of: Sequence[int]) -> tuple[int, ...]:
        """The shape of volumes, of ``size`` or ``bins``, from that of maps."""
        first = 1 if self.layout == "NHWC" else 2
        return (*shape[:first], *of, *shape[first + 1 :])

    def as_volumes(self, array: Any, of: Sequence[int]) -> Any:
        """An array of maps as one of volumes, over the same memory if it is contiguous."""
        return array.reshape(self.unfolded(array.shape, of))


class _VolumePooling(Pooling):
    """The operators of RoIAlign of volumes, which hand kernels what they are handed as maps."""

    def pool_eagerly(
        self, maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any
    ) -> torch.Tensor:
        """Pools without PyTorch seeing it."""
        chosen = _Options(*options)
        with place(maps.device) as array:
            output = output_of(maps, boxes, output_size, chosen.layout)
            volumes = chosen.as_volumes(array(maps), chosen.size)
            bins = (chosen.bins[0], chosen.bins[1], output_size[1])
            out = chosen.as_volumes(array(output), chosen.bins)
            kernels.roi_align_3d(volumes, array(boxes), bins, **chosen.of_kernels, out=out)
        return output

    def _gather_eagerly(
        self,
        grad: torch.Tensor,
        boxes: torch.Tensor,
        shape: Sequence[int],
        maps: torch.Tensor | None,
        *options: Any,
    ) -> torch.Tensor:
        del maps
        chosen = _Options(*options)
        with place(boxes.device) as array:
            gradient = grad.new_empty(tuple(shape))
            arriving, out = chosen.as_volumes(array(grad), chosen.bins), chosen.as_volumes(array(gradient), chosen.size)
            kernels.roi_align_3d_backward(arriving, array(boxes), out.shape, **chosen.of_kernels, out=out)
        return gradient

    def _slope_eagerly(
        self, grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, *options: Any
    ) -> torch.Tensor:
        chosen = _Options(*options)
        with place(boxes.device) as array:
            dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
            gradient = grad.new_empty((boxes.shape[0], len(NUMBERS)), dtype=dtype)
            arriving, volumes = chosen.as_volumes(array(grad), chosen.bins), chosen.as_volumes(array(maps), chosen.size)
            kernels.roi_align_3d_backward_boxes(
                arriving, volumes, array(boxes), **chosen.of_kernels, out=array(gradient)
            )
        return gradient


_POOLING = _VolumePooling(
    "roi_align_3d",
    _Options,
    "float[] scales, int[] sampling_ratio, bool aligned, SymInt[] size, int[] bins, str layout, str? dialect",
)
