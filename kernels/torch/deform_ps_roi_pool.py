"""Deformable PSRoIPool: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.deform_ps_roi_pool``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.deform_ps_roi_pool import Dialect
from .beside import Beside, like_beside, like_maps
from .dispatch import decoded, define, encoded, register, register_last
from .memory import place
from .tensors import check_beside, pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout

_NAME = "deform_ps_roi_pool"


@traceable
def deform_ps_roi_pool(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = 4,
    offset: torch.Tensor | None = None,
    gamma: float = 0.1,
    *,
    group_size: int | tuple[int, int] | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools RoIs by averages of bilinear samples, each bin moved by an offset and in channels of its own: DCN v1's pooling.

    Differentiable for ``input`` and ``offset``; a second time for ``input`` alone. Boxes have no gradient: an output does not
    change until a corner becomes another pixel.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. C is ``C_out * G_h * G_w``. In ``torch.channels_last`` they are read as they are, and so is
            the result.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or N tensors ``(L_i, 4)``; corners in image pixels, which are
            rounded. Of the data type of ``input``, or float32 with 16-bit maps.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis, at least 1; one number or ``(g_y, g_x)``.
        offset: ``(K, 2 n, T_h, T_w)`` in either layout, of the data type of ``input``: of n classes of channels and T_h × T_w
            parts of a RoI; along x, and then along y. None moves nothing. Under autocast it is cast.
        gamma: An offset of 1 moves a bin by this part of the RoI's width, or height.
        group_size: Groups of channels, ``(G_h, G_w)`` or one number for both; None: as many as bins.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input`` and of the result mean.
        dialect: A `roikit.kernels.dialects.deform_ps_roi_pool.Dialect` or the name of one.

    Returns:
        ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with ``layout="NHWC"``; of the data type of ``input`` and on its
        device. On a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.deform_ps_roi_pool`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    groups = None if group_size is None else arguments.output_size_pair(arguments.pair("group_size", group_size))
    options = _Options(
        scale_pair("spatial_scale", spatial_scale),
        sampling_ratio_pair(sampling_ratio),
        float(gamma),
        (),
        arguments.choice("layout", layout, LAYOUTS),
        encoded(dialect),
    )

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        chosen = options._replace(layout=layout, groups=size if groups is None else groups)
        found: torch.Tensor = _POOL(maps[0], rows, _beside(offset, maps[0]), size, *chosen)
        return found

    return pooled({"input": input}, boxes, output_size, options.layout, pool)


class DeformPSRoIPool(torch.nn.Module):  # type: ignore[misc]
    """`deform_ps_roi_pool` as a module.

    Args:
        output_size, spatial_scale, sampling_ratio, gamma, group_size, layout, dialect: As for `deform_ps_roi_pool`, which checks
            them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float | tuple[float, float] = 1.0,
        sampling_ratio: int | tuple[int, int] = 4,
        gamma: float = 0.1,
        *,
        group_size: int | tuple[int, int] | None = None,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.gamma = gamma
        self.options: dict[str, Any] = {"group_size": group_size, "layout": layout, "dialect": dialect}

    def forward(
        self,
        input: torch.Tensor,  # noqa: A002
        rois: torch.Tensor | Sequence[torch.Tensor],
        offset: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``input``; see `deform_ps_roi_pool`."""
        where = (self.output_size, self.spatial_scale, self.sampling_ratio)
        return deform_ps_roi_pool(input, rois, *where, offset, self.gamma, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"output_size={self.output_size}, spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio}, "
            f"gamma={self.gamma}{unusual(self, self.options)}"
        )


def _beside(offset: Any, maps: torch.Tensor) -> torch.Tensor | None:
    """Checked offsets, under autocast of the data type of the maps."""
    if offset is None:
        return None
    check_beside("offset", offset, maps)
    is_cast = maps.device.type != "meta" and torch.is_autocast_enabled(maps.device.type)
    return offset.to(maps.dtype) if is_cast else offset


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas."""

    scales: Sequence[float]
    sampling_ratio: Sequence[int]
    gamma: float
    groups: Sequence[int]
    layout: str
    dialect: str | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        return {
            "spatial_scale": (self.scales[0], self.scales[1]),
            "sampling_ratio": (self.sampling_ratio[0], self.sampling_ratio[1]),
            "gamma": self.gamma,
            # As many as there are bins, which may be none, is what is meant by None.
            "group_size": (self.groups[0], self.groups[1]) if min(self.groups) > 0 else None,
            "layout": self.layout,
            "dialect": decoded(self.dialect, Dialect),
        }


_SCHEMA = "float[] scales, int[] sampling_ratio, float gamma, SymInt[] groups, str layout, str? dialect"


def _called(
    function: str, *given: Any, options: Sequence[Any], out: torch.Tensor, **tensors: torch.Tensor | None
) -> torch.Tensor:
    """What a function of `roikit.kernels` writes to ``out``, of tensors and of what else it takes."""
    with place(out.device) as array:

        def seen(each: Any) -> Any:
            return array(each) if isinstance(each, torch.Tensor) else each

        named = {name: seen(tensor) for name, tensor in tensors.items()}
        how = _Options(*options).of_kernels
        getattr(kernels, function)(*map(seen, given), **how, **named, out=array(out))
    return out


def _output(
    maps: torch.Tensor, boxes: torch.Tensor, offset: torch.Tensor | None, output_size: Sequence[int], *options: Any
) -> torch.Tensor:
    """The output, with nothing in it yet."""
    del offset
    chosen, (height, width) = _Options(*options), output_size
    is_last = chosen.layout == "NHWC"
    channels = maps.shape[3 if is_last else 1] // max(1, math.prod(chosen.groups))
    shape = (height, width, channels) if is_last else (channels, height, width)
    return maps.new_empty((boxes.shape[0], *shape))


def _pool(
    maps: torch.Tensor, boxes: torch.Tensor, offset: torch.Tensor | None, output_size: Sequence[int], *options: Any
) -> torch.Tensor:
    out = _output(maps, boxes, offset, output_size, *options)
    height, width = output_size
    return _called(_NAME, maps, boxes, (height, width), options=options, out=out, offset=offset)


def _for_maps(
    grad: torch.Tensor, boxes: torch.Tensor, offset: torch.Tensor | None, shape: Sequence[int], *options: Any
) -> torch.Tensor:
    out = like_maps(grad, boxes, offset, shape)
    return _called(f"{_NAME}_backward", grad, boxes, tuple(shape), options=options, out=out, offset=offset)


def _for_offset(
    grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, offset: torch.Tensor, *options: Any
) -> torch.Tensor:
    out = like_beside(grad, maps, boxes, offset)
    return _called(f"{_NAME}_backward_offset", grad, maps, boxes, offset, options=options, out=out)


_POOL = define(_NAME, "Tensor maps, Tensor boxes, Tensor? offset, SymInt[] output_size", _SCHEMA, "Tensor")
_GATHER = define(f"{_NAME}_backward", "Tensor grad, Tensor boxes, Tensor? offset, SymInt[] shape", _SCHEMA, "Tensor")
_MOVE = define(f"{_NAME}_backward_offset", "Tensor grad, Tensor maps, Tensor boxes, Tensor offset", _SCHEMA, "Tensor")
_GRADIENTS = Beside("offset", _Options, _POOL, _GATHER, None, _MOVE)
register(_NAME, _pool, _output, _GRADIENTS.remember, _GRADIENTS.backward)
register(f"{_NAME}_backward", _for_maps, like_maps, _GRADIENTS.remember_for_maps, _GRADIENTS.backward_of_maps)
register_last(f"{_NAME}_backward_offset", _for_offset, like_beside, of="offset")
