"""torchvision's PSRoIAlign: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.ps_roi_align``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.functional import pad

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.ps_roi_align import Dialect, named_dialect
from .dispatch import decoded, define, encoded, is_watched, register, register_last
from .memory import place
from .tensors import ARRIVING, check_plain, pooled, scale_pair, unusual
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
        return _pool_tensors(maps[0], rows, size, options._replace(layout=layout))

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
    def encoded(self) -> _Options:
        """The same with a dialect that fits into a schema."""
        return self._replace(dialect=encoded(self.dialect)) if isinstance(self.dialect, Dialect) else self

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
        return self if rules is None else self._replace(dialect=rules.for_gradient("avg")).encoded


_OPTIONS = "float[] scales, int[] sampling_ratio, str layout, str? dialect"
_POOL = define("ps_roi_align", "Tensor maps, Tensor boxes, SymInt[] output_size", _OPTIONS, "Tensor")
_GATHER = define("ps_roi_align_backward", "Tensor grad, Tensor boxes, SymInt[] shape", _OPTIONS, "Tensor")
_SLOPE = define("ps_roi_align_backward_boxes", "Tensor grad, Tensor maps, Tensor boxes", _OPTIONS, "Tensor")


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
        kernels.ps_roi_align(array(maps), array(boxes), (height, width), **how, out=array(output))
    return output


def _gradient(grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], *options: Any) -> torch.Tensor:
    del boxes, options
    return grad.new_empty(tuple(shape))


def _gather(grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], *options: Any) -> torch.Tensor:
    with place(boxes.device) as array:
        gradient = _gradient(grad, boxes, shape, *options)
        how = _Options(*options).of_kernels
        kernels.ps_roi_align_backward(array(grad), array(boxes), tuple(shape), **how, out=array(gradient))
    return gradient


def _box_gradient(grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    del maps, options
    dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
    return grad.new_empty((boxes.shape[0], 4), dtype=dtype)


def _slope(grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    with place(boxes.device) as array:
        gradient = _box_gradient(grad, maps, boxes, *options)
        how = _Options(*options).of_kernels
        kernels.ps_roi_align_backward_boxes(array(grad), array(maps), array(boxes), **how, out=array(gradient))
    return gradient


def _for_rows(grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, options: _Options) -> torch.Tensor:
    """The gradient for ``boxes``; batch indices have none."""
    return pad(_SLOPE(grad, maps, boxes, *options), (1, 0)).to(boxes.dtype)


def _remember(ctx: Any, maps: torch.Tensor, boxes: torch.Tensor, options: _Options) -> None:
    """Keeps for the gradient the boxes, the shape of what it is for, and maps if boxes are to have one."""
    ctx.options, ctx.shape = options, tuple(maps.shape)
    ctx.save_for_backward(boxes, *((maps,) if boxes.requires_grad else ()))


def _sent(ctx: Any, grad: torch.Tensor, *, of_maps: bool, of_boxes: bool) -> tuple[Any, Any]:
    check_plain(ARRIVING, grad)
    boxes, *maps = ctx.saved_tensors
    dispatched = torch.is_grad_enabled() or is_watched((grad, boxes, *maps))
    gather = _GATHER if dispatched else _gather
    return (
        gather(grad, boxes, ctx.shape, *ctx.options) if of_maps else None,
        _for_rows(grad, maps[0], boxes, ctx.options) if of_boxes else None,
    )


def _pool_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    maps, boxes, _, *options = inputs
    _remember(ctx, maps, boxes, _Options(*options))


def _pool_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    of_maps, of_boxes, *_ = ctx.needs_input_grad
    return *_sent(ctx, grad, of_maps=of_maps, of_boxes=of_boxes), None, *[None] * len(_Options._fields)


def _gather_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    grad, boxes, _, *options = inputs
    ctx.options = _Options(*options)
    ctx.save_for_backward(grad, boxes)


def _gather_backward(ctx: Any, grads: torch.Tensor) -> tuple[Any, ...]:
    """The output is linear in the maps: the gradient of its gradient is what it makes of what arrives."""
    options, (grad, boxes) = ctx.options, ctx.saved_tensors
    size = grad.shape[1:3] if options.layout == "NHWC" else grad.shape[2:]
    of_grad, of_boxes, *_ = ctx.needs_input_grad
    return (
        _POOL(grads.contiguous(), boxes, size, *options.of_gradient) if of_grad else None,
        _for_rows(grad, grads, boxes, options) if of_boxes else None,
        None,
        *[None] * len(_Options._fields),
    )


register("ps_roi_align", _pool, _output, _pool_context, _pool_backward)
register("ps_roi_align_backward", _gather, _gradient, _gather_context, _gather_backward)
register_last("ps_roi_align_backward_boxes", _slope, _box_gradient)


class _Pool(torch.autograd.Function):  # type: ignore[misc]
    """``ps_roi_align`` of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any, output_size: Sequence[int], options: _Options, boxes: torch.Tensor, maps: torch.Tensor
    ) -> torch.Tensor:
        _remember(ctx, maps, boxes, options.encoded)
        return _pool(maps, boxes, output_size, *options)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        _, _, of_boxes, of_maps = ctx.needs_input_grad
        for_maps, for_boxes = _sent(ctx, grad, of_maps=of_maps, of_boxes=of_boxes)
        return None, None, for_boxes, for_maps


def _pool_tensors(
    maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], options: _Options
) -> torch.Tensor:
    """Pools the RoIs ``boxes`` of a checked map."""
    if is_watched((boxes, maps)):
        found: torch.Tensor = _POOL(maps, boxes, output_size, *options.encoded)
        return found
    has_tangents = torch.autograd.forward_ad._current_level >= 0  # noqa: SLF001 - which `_Pool` refuses
    if has_tangents or (torch.is_grad_enabled() and (maps.requires_grad or boxes.requires_grad)):
        return _Pool.apply(output_size, options, boxes, maps)
    return _pool(maps, boxes, output_size, *options)
