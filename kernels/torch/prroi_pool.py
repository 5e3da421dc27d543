"""PrRoIPool: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.prroi_pool``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.functional import pad

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.dialects.prroi_pool import Dialect
from .dispatch import decoded, define, encoded, is_watched, output_of, register, register_last
from .memory import place
from .tensors import ARRIVING, check_plain, pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout


@traceable
def prroi_pool(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Integrates a feature map over each bin of each RoI exactly, and divides by its area: `mmcv.ops.prroi_pool`, and more.

    Differentiable for ``input``, as often as you like, and for ``boxes``, once: the output changes smoothly with them. On a CPU,
    too.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. In ``torch.channels_last`` they are read as they are, and so is the result.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or N tensors ``(L_i, 4)``; corners in image pixels. Of the data
            type of ``input``, or float32 with 16-bit maps.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input`` and of the result mean.
        dialect: A `roikit.kernels.dialects.prroi_pool.Dialect` or the name of one; None means ``"mmcv"``.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``input`` and on its device. On
        a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.prroi_pool`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    options = _Options(scale_pair("spatial_scale", spatial_scale), arguments.choice("layout", layout, LAYOUTS), dialect)

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _pool_tensors(maps[0], rows, size, options._replace(layout=layout))

    return pooled({"input": input}, boxes, output_size, options.layout, pool)


class PrRoIPool(torch.nn.Module):  # type: ignore[misc]
    """`prroi_pool` as a module: `mmcv.ops.PrRoIPool`.

    Args:
        output_size, spatial_scale, layout, dialect: As for `prroi_pool`, which checks them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float | tuple[float, float] = 1.0,
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.options: dict[str, Any] = {"layout": layout, "dialect": dialect}

    def forward(self, input: torch.Tensor, rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: A002
        """Pools the RoIs ``rois`` of ``input``; see `prroi_pool`."""
        return prroi_pool(input, rois, self.output_size, self.spatial_scale, **self.options)

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
_POOL = define("prroi_pool", "Tensor maps, Tensor boxes, SymInt[] output_size", _OPTIONS, "Tensor")
_GATHER = define("prroi_pool_backward", "Tensor grad, Tensor boxes, SymInt[] shape", _OPTIONS, "Tensor")
_SLOPE = define("prroi_pool_backward_boxes", "Tensor grad, Tensor maps, Tensor boxes", _OPTIONS, "Tensor")


def _output(maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
    return output_of(maps, boxes, output_size, _Options(*options).layout)


def _pool(maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
    with place(maps.device) as array:
        output = _output(maps, boxes, output_size, *options)
        height, width = output_size
        how = _Options(*options).of_kernels
        kernels.prroi_pool(array(maps), array(boxes), (height, width), **how, out=array(output))
    return output


def _map_gradient(grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], *options: Any) -> torch.Tensor:
    del boxes, options
    return grad.new_empty(tuple(shape))


def _gather(grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], *options: Any) -> torch.Tensor:
    with place(boxes.device) as array:
        gradient = _map_gradient(grad, boxes, shape, *options)
        how = _Options(*options).of_kernels
        kernels.prroi_pool_backward(array(grad), array(boxes), tuple(shape), **how, out=array(gradient))
    return gradient


def _box_gradient(grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    del maps, options
    dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
    return grad.new_empty((boxes.shape[0], 4), dtype=dtype)


def _slope(grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    with place(boxes.device) as array:
        gradient = _box_gradient(grad, maps, boxes, *options)
        how = _Options(*options).of_kernels
        kernels.prroi_pool_backward_boxes(array(grad), array(maps), array(boxes), **how, out=array(gradient))
    return gradient


def _for_rows(grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, options: _Options) -> torch.Tensor:
    """The gradient for ``boxes``; batch indices have none."""
    return pad(_SLOPE(grad, maps, boxes, *options), (1, 0)).to(boxes.dtype)


def _remember(ctx: Any, maps: torch.Tensor, boxes: torch.Tensor, options: _Options) -> None:
    """Keeps for the gradient the boxes, and the maps if these have a gradient."""
    ctx.options, ctx.shape = options, tuple(maps.shape)
    ctx.save_for_backward(boxes, *((maps,) if boxes.requires_grad else ()))


def _gradients(ctx: Any, grad: torch.Tensor, *, of_maps: bool, of_boxes: bool) -> tuple[Any, Any]:
    check_plain(ARRIVING, grad)
    boxes, *maps = ctx.saved_tensors
    dispatched = torch.is_grad_enabled() or is_watched((grad, boxes))
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
    found = _gradients(ctx, grad, of_maps=of_maps, of_boxes=of_boxes)
    return (*found, None, *[None] * len(_Options._fields))


def _gather_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    grad, boxes, _, *options = inputs
    ctx.options = _Options(*options)
    ctx.save_for_backward(grad, boxes)


def _gather_backward(ctx: Any, arriving: torch.Tensor) -> tuple[Any, ...]:
    """The output is linear in the maps, and the gradient for them its transpose: the gradient of that is the output again."""
    options, (grad, boxes) = ctx.options, ctx.saved_tensors
    size = grad.shape[2:] if options.layout == "NCHW" else grad.shape[1:3]
    of_grad, of_boxes, *_ = ctx.needs_input_grad
    arriving = arriving.contiguous()
    return (
        _POOL(arriving, boxes, size, *options) if of_grad else None,
        _for_rows(grad, arriving, boxes, options) if of_boxes else None,
        None, *[None] * len(_Options._fields),
    )  # fmt: skip


register("prroi_pool", _pool, _output, _pool_context, _pool_backward)
register("prroi_pool_backward", _gather, _map_gradient, _gather_context, _gather_backward)
register_last("prroi_pool_backward_boxes", _slope, _box_gradient, " here")


class _Pool(torch.autograd.Function):  # type: ignore[misc]
    """``prroi_pool`` of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any, output_size: Sequence[int], options: _Options, boxes: torch.Tensor, maps: torch.Tensor
    ) -> torch.Tensor:
        _remember(ctx, maps, boxes, options.encoded)
        return _pool(maps, boxes, output_size, *options)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        _, _, of_boxes, of_maps = ctx.needs_input_grad
        for_maps, for_boxes = _gradients(ctx, grad, of_maps=of_maps, of_boxes=of_boxes)
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
