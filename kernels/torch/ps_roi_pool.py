"""torchvision's PSRoIPool: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.ps_roi_pool``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.dialects.ps_roi_pool import Dialect
from .dispatch import decoded, define, encoded, is_watched, register
from .memory import place
from .tensors import ARRIVING, check_plain, pooled, scale_pair, unusual
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
        return _pool_tensors(maps[0], rows, size, options._replace(layout=layout))

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
    def encoded(self) -> _Options:
        """The same with a dialect that fits into a schema."""
        return self._replace(dialect=encoded(self.dialect)) if isinstance(self.dialect, Dialect) else self

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        dialect = decoded(self.dialect, Dialect)
        return {"spatial_scale": (self.scales[0], self.scales[1]), "layout": self.layout, "dialect": dialect}


_OPTIONS = "float[] scales, str layout, str? dialect"
_POOL = define("ps_roi_pool", "Tensor maps, Tensor boxes, SymInt[] output_size", _OPTIONS, "Tensor")
_GATHER = define("ps_roi_pool_backward", "Tensor grad, Tensor boxes, SymInt[] shape", _OPTIONS, "Tensor")


def _output(maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
    """The output of a map and its RoIs, with nothing in it yet."""
    height, width = output_size
    is_last = _Options(*options).layout == "NHWC"
    channels = maps.shape[3 if is_last else 1] // max(1, math.prod(output_size))
    shape = (height, width, channels) if is_last else (channels, height, width)
    return maps.new_empty((boxes.shape[0], *shape))


def _pool(maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
    with place(maps.device) as array:
        output = _output(maps, boxes, output_size, *options)
        height, width = output_size
        how = _Options(*options).of_kernels
        kernels.ps_roi_pool(array(maps), array(boxes), (height, width), **how, out=array(output))
    return output


def _gradient(grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], *options: Any) -> torch.Tensor:
    del boxes, options
    return grad.new_empty(tuple(shape))


def _gather(grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], *options: Any) -> torch.Tensor:
    with place(boxes.device) as array:
        gradient = _gradient(grad, boxes, shape, *options)
        how = _Options(*options).of_kernels
        kernels.ps_roi_pool_backward(array(grad), array(boxes), tuple(shape), **how, out=array(gradient))
    return gradient


def _remember(ctx: Any, boxes: torch.Tensor, shape: Sequence[int], options: _Options) -> None:
    """Keeps for the gradient the boxes, and the shape of what it is for."""
    ctx.options, ctx.shape = options, tuple(shape)
    ctx.save_for_backward(boxes)


def _sent(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
    check_plain(ARRIVING, grad)
    (boxes,) = ctx.saved_tensors
    dispatched = torch.is_grad_enabled() or is_watched((grad, boxes))
    found: torch.Tensor = (_GATHER if dispatched else _gather)(grad, boxes, ctx.shape, *ctx.options)
    return found


def _pool_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    maps, boxes, _, *options = inputs
    _remember(ctx, boxes, maps.shape, _Options(*options))


def _pool_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    return _sent(ctx, grad) if ctx.needs_input_grad[0] else None, None, None, *[None] * len(_Options._fields)


def _gather_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    grad, boxes, _, *options = inputs
    how = _Options(*options)
    _remember(ctx, boxes, grad.shape[1:3] if how.layout == "NHWC" else grad.shape[2:], how)


def _gather_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    """The output is linear in the maps: the gradient of its gradient is what it makes of what arrives."""
    (boxes,) = ctx.saved_tensors
    found = _POOL(grad.contiguous(), boxes, ctx.shape, *ctx.options) if ctx.needs_input_grad[0] else None
    return found, None, None, *[None] * len(_Options._fields)


register("ps_roi_pool", _pool, _output, _pool_context, _pool_backward)
register("ps_roi_pool_backward", _gather, _gradient, _gather_context, _gather_backward)


class _Pool(torch.autograd.Function):  # type: ignore[misc]
    """``ps_roi_pool`` of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any, output_size: Sequence[int], options: _Options, boxes: torch.Tensor, maps: torch.Tensor
    ) -> torch.Tensor:
        _remember(ctx, boxes, maps.shape, options.encoded)
        return _pool(maps, boxes, output_size, *options)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        return None, None, None, _sent(ctx, grad) if ctx.needs_input_grad[3] else None


def _pool_tensors(
    maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], options: _Options
) -> torch.Tensor:
    """Pools the RoIs ``boxes`` of a checked map."""
    if is_watched((boxes, maps)):
        found: torch.Tensor = _POOL(maps, boxes, output_size, *options.encoded)
        return found
    has_tangents = torch.autograd.forward_ad._current_level >= 0  # noqa: SLF001 - which `_Pool` refuses
    if has_tangents or (torch.is_grad_enabled() and maps.requires_grad):
        return _Pool.apply(output_size, options, boxes, maps)
    return _pool(maps, boxes, output_size, *options)
