"""torchvision's RoIPool: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.roi_pool``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS, MODES
from ..kernels.dialects.roi_pool import Dialect
from .dispatch import decoded, define, encoded, is_watched, output_of, register
from .memory import place
from .tensors import ARRIVING, check_plain, pooled, scale_pair, unusual
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
        return _pool_tensors(maps[0], rows, size, options._replace(layout=layout))

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
    def encoded(self) -> _Options:
        """The same with a dialect that fits into a schema."""
        return self._replace(dialect=encoded(self.dialect)) if isinstance(self.dialect, Dialect) else self

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        dialect = decoded(self.dialect, Dialect)
        scale = (self.scales[0], self.scales[1])
        return {"spatial_scale": scale, "mode": self.mode, "layout": self.layout, "dialect": dialect}


_OPTIONS = "float[] scales, str mode, str layout, str? dialect"
_POOL = define("roi_pool", "Tensor maps, Tensor boxes, SymInt[] output_size", _OPTIONS, "Tensor")
_GATHER = define("roi_pool_backward", "Tensor grad, Tensor boxes, SymInt[] shape, Tensor? maps", _OPTIONS, "Tensor")


def _output(maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
    return output_of(maps, boxes, output_size, _Options(*options).layout)


def _pool(maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any) -> torch.Tensor:
    with place(maps.device) as array:
        output = _output(maps, boxes, output_size, *options)
        height, width = output_size
        kernels.roi_pool(array(maps), array(boxes), (height, width), **_Options(*options).of_kernels, out=array(output))
    return output


def _gradient(
    grad: torch.Tensor,
    boxes: torch.Tensor,
    shape: Sequence[int],
    maps: torch.Tensor | None,
    *options: Any,
) -> torch.Tensor:
    del boxes, maps, options
    return grad.new_empty(tuple(shape))


def _gather(
    grad: torch.Tensor,
    boxes: torch.Tensor,
    shape: Sequence[int],
    maps: torch.Tensor | None,
    *options: Any,
) -> torch.Tensor:
    with place(boxes.device) as array:
        gradient = _gradient(grad, boxes, shape, maps, *options)
        kernels.roi_pool_backward(
            array(grad), array(boxes), tuple(shape), **_Options(*options).of_kernels,
            input=None if maps is None else array(maps), out=array(gradient),
        )  # fmt: skip
    return gradient


def _remember(ctx: Any, maps: torch.Tensor, boxes: torch.Tensor, options: _Options) -> None:
    """Keeps for the gradient the boxes, and of a maximum the map."""
    ctx.options, ctx.shape = options, tuple(maps.shape)
    ctx.save_for_backward(boxes, *([maps] if options.mode == "max" else []))


def _sent(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
    check_plain(ARRIVING, grad)
    boxes, *kept = ctx.saved_tensors
    dispatched = torch.is_grad_enabled() or is_watched((grad, boxes, *kept))
    gather = _GATHER if dispatched else _gather
    found: torch.Tensor = gather(grad, boxes, ctx.shape, kept[0] if kept else None, *ctx.options)
    return found


def _pool_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    maps, boxes, _, *options = inputs
    _remember(ctx, maps, boxes, _Options(*options))


def _pool_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    return _sent(ctx, grad) if ctx.needs_input_grad[0] else None, None, None, *[None] * len(_Options._fields)


def _gather_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    """Keeps nothing."""


def _gather_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    del ctx, grad
    raise NotImplementedError("the gradient of roi_pool has no gradient of its own")


register("roi_pool", _pool, _output, _pool_context, _pool_backward)
register("roi_pool_backward", _gather, _gradient, _gather_context, _gather_backward)


class _Pool(torch.autograd.Function):  # type: ignore[misc]
    """``roi_pool`` of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any,
        output_size: Sequence[int],
        options: _Options,
        boxes: torch.Tensor,
        maps: torch.Tensor,
    ) -> torch.Tensor:
        _remember(ctx, maps, boxes, options.encoded)
        return _pool(maps, boxes, output_size, *options)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        return None, None, None, _sent(ctx, grad) if ctx.needs_input_grad[3] else None


def _pool_tensors(
    maps: torch.Tensor,
    boxes: torch.Tensor,
    output_size: Sequence[int],
    options: _Options,
) -> torch.Tensor:
    """Pools the RoIs ``boxes`` of a checked map."""
    if is_watched((boxes, maps)):
        found: torch.Tensor = _POOL(maps, boxes, output_size, *options.encoded)
        return found
    has_tangents = torch.autograd.forward_ad._current_level >= 0  # noqa: SLF001 - which `_Pool` refuses
    if has_tangents or (torch.is_grad_enabled() and maps.requires_grad):
        return _Pool.apply(output_size, options, boxes, maps)
    return _pool(maps, boxes, output_size, *options)
