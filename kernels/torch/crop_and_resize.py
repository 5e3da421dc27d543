"""TensorFlow's crop_and_resize: a function of tensors, a module, and operators, ``torch.ops.roikit.crop_and_resize``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.dialects.crop_and_resize import Dialect
from ..kernels.operators.crop_and_resize.problem import METHODS
from .dispatch import decoded, define, encoded, is_watched, output_of, register, register_last
from .memory import place
from .tensors import ARRIVING, check_plain, pooled, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import CropMethod, Layout

_INDICES = (torch.int32, torch.int64)
_MOST_IMAGES = 2**24  # rows have float32 indices


@traceable
def crop_and_resize(
    image: torch.Tensor,
    boxes: torch.Tensor,
    box_indices: torch.Tensor,
    crop_size: int | tuple[int, int],
    method: CropMethod = "bilinear",
    extrapolation_value: float = 0.0,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Crops boxes out of images and resizes all crops to one size: ``tf.image.crop_and_resize`` for tensors of PyTorch.

    Differentiable for ``image``, as often as you like, and for ``boxes``. The gradient for boxes has no gradient of its own.

    Args:
        image: Images ``(N, C, H, W)``, or ``(N, H, W, C)``, TensorFlow's, with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64; on a CPU or an NVIDIA GPU. In ``torch.channels_last`` they are read as they are, and so is the result.
        boxes: ``(K, 4)`` rows ``[y1, x1, y2, x2]`` in fractions of the image: 0 is the centre of its first pixel, 1 that of its
            last. Float32, or of the data type of ``image``.
        box_indices: ``(K,)``, the image that each box is cropped from; int32 or int64.
        crop_size: Points of a crop along y and x, ``(P_h, P_w)`` or one number for both.
        method: ``"bilinear"`` or ``"nearest"``.
        extrapolation_value: The value of a point outside the image.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``image`` and of the result mean.
        dialect: A `roikit.kernels.dialects.crop_and_resize.Dialect` or the name of one; None means ``"roikit"``.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``image`` and on its device.
        On a GPU the crop of a box that cannot be cropped is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a box cannot be cropped; see `roikit.kernels.crop_and_resize`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    chosen = arguments.choice("method", method, METHODS), arguments.choice("layout", layout, LAYOUTS)
    options = _Options(chosen[0], float(extrapolation_value), chosen[1], dialect)

    def crop(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _crop_tensors(maps[0], rows, size, options._replace(layout=layout))

    return pooled({"image": image}, _rows(boxes, box_indices, image), crop_size, options.layout, crop)


def _rows(boxes: torch.Tensor, box_indices: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Boxes with their index, ``(K, 5)``, as operators take them; a gradient for them is one for ``boxes``.

    Raises:
        TypeError: one of them is no plain tensor, or has a wrong data type.
        ValueError: one of them has a wrong shape, or there are more images than rows can name.
    """
    for name, tensor in (("image", image), ("boxes", boxes), ("box_indices", box_indices)):
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name} must be a torch.Tensor, not {type(tensor).__module__}.{type(tensor).__name__}")
        check_plain(name, tensor)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape (K, 4), rows [y1, x1, y2, x2], not {tuple(boxes.shape)}")
    if box_indices.dtype not in _INDICES:
        raise TypeError(f"box_indices has data type {box_indices.dtype}; it must be int32 or int64")
    if box_indices.shape != boxes.shape[:1]:
        raise ValueError(
            f"box_indices must have shape ({boxes.shape[0]},), one for each box, not {tuple(box_indices.shape)}"
        )
    if boxes.dtype not in (torch.float32, image.dtype):
        raise TypeError(f"boxes has data type {boxes.dtype}; it must be float32 or {image.dtype}")
    if image.ndim == 4 and image.dtype is not torch.float64 and image.shape[0] > _MOST_IMAGES:
        raise ValueError(f"there must be at most 2**24 images of {image.dtype}, not {image.shape[0]}")
    wide = torch.float64 if image.dtype is torch.float64 else torch.float32
    return torch.cat([box_indices.to(wide)[:, None], boxes.to(wide)], 1)


class CropAndResize(torch.nn.Module):  # type: ignore[misc]
    """`crop_and_resize` as a module.

    Args:
        crop_size, method, extrapolation_value, layout, dialect: As for `crop_and_resize`, which checks them.
    """

    def __init__(
        self,
        crop_size: int | tuple[int, int],
        method: CropMethod = "bilinear",
        extrapolation_value: float = 0.0,
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.crop_size = crop_size
        self.method = method
        self.extrapolation_value = extrapolation_value
        self.options: dict[str, Any] = {"layout": layout, "dialect": dialect}

    def forward(self, image: torch.Tensor, boxes: torch.Tensor, box_indices: torch.Tensor) -> torch.Tensor:
        """Crops ``boxes`` out of ``image``; see `crop_and_resize`."""
        how = (self.crop_size, self.method, self.extrapolation_value)
        return crop_and_resize(image, boxes, box_indices, *how, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"crop_size={self.crop_size}, method={self.method!r}, extrapolation_value={self.extrapolation_value}"
            f"{unusual(self, self.options)}"
        )


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas."""

    method: Any
    extrapolation_value: float
    layout: str
    dialect: str | Dialect | None

    @property
    def encoded(self) -> _Options:
        """The same with a dialect that fits into a schema."""
        return self._replace(dialect=encoded(self.dialect)) if isinstance(self.dialect, Dialect) else self

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        return {"method": self.method, "layout": self.layout, "dialect": decoded(self.dialect, Dialect)}

    @property
    def linear(self) -> _Options:
        """Those of the function whose transpose the gradient for images is: nothing is outside but 0."""
        return self._replace(extrapolation_value=0.0)


_OPTIONS = "str method, float extrapolation_value, str layout, str? dialect"
_CROP = define("crop_and_resize", "Tensor image, Tensor boxes, SymInt[] crop_size", _OPTIONS, "Tensor")
_GATHER = define("crop_and_resize_backward", "Tensor grad, Tensor boxes, SymInt[] shape", _OPTIONS, "Tensor")
_SLOPE = define("crop_and_resize_backward_boxes", "Tensor grad, Tensor image, Tensor boxes", _OPTIONS, "Tensor")


def _apart(array: Any) -> tuple[Any, Any]:
    """Corners and indices of rows: kernels take them apart."""
    return array[:, 1:], array[:, 0].astype("int64")


def _output(image: torch.Tensor, boxes: torch.Tensor, crop_size: Sequence[int], *options: Any) -> torch.Tensor:
    return output_of(image, boxes, crop_size, _Options(*options).layout)


def _crop(image: torch.Tensor, boxes: torch.Tensor, crop_size: Sequence[int], *options: Any) -> torch.Tensor:
    options_ = _Options(*options)
    with place(image.device) as array:
        output = _output(image, boxes, crop_size, *options)
        height, width = crop_size
        corners, indices = _apart(array(boxes))
        how: dict[str, Any] = {**options_.of_kernels, "extrapolation_value": options_.extrapolation_value}
        kernels.crop_and_resize(array(image), corners, indices, (height, width), **how, out=array(output))
    return output


def _gradient(grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], *options: Any) -> torch.Tensor:
    del boxes, options
    return grad.new_empty(tuple(shape))


def _gather(grad: torch.Tensor, boxes: torch.Tensor, shape: Sequence[int], *options: Any) -> torch.Tensor:
    how = _Options(*options).of_kernels
    with place(boxes.device) as array:
        gradient = _gradient(grad, boxes, shape, *options)
        rows = _apart(array(boxes))
        kernels.crop_and_resize_backward(array(grad), *rows, tuple(shape), **how, out=array(gradient))
    return gradient


def _slopes(grad: torch.Tensor, image: torch.Tensor, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    del grad, image, options
    return torch.empty_like(boxes)


def _slope(grad: torch.Tensor, image: torch.Tensor, boxes: torch.Tensor, *options: Any) -> torch.Tensor:
    """The gradient for rows, whose indices have none."""
    how = _Options(*options).of_kernels
    with place(boxes.device) as array:
        corners = boxes.new_empty((boxes.shape[0], 4))
        rows = _apart(array(boxes))
        kernels.crop_and_resize_backward_boxes(array(grad), array(image), *rows, **how, out=array(corners))
    return torch.nn.functional.pad(corners, (1, 0))


def _remember(ctx: Any, image: torch.Tensor, boxes: torch.Tensor, options: _Options) -> None:
    """Keeps for the gradients the boxes, and the image if it is looked at."""
    ctx.options, ctx.shape = options, tuple(image.shape)
    ctx.save_for_backward(boxes, *((image,) if boxes.requires_grad else ()))


def _sent(ctx: Any, grad: torch.Tensor, *, of_image: bool, of_boxes: bool) -> tuple[Any, Any]:
    check_plain(ARRIVING, grad)
    boxes, *image = ctx.saved_tensors
    dispatched = torch.is_grad_enabled() or is_watched((grad, boxes, *image))  # grad is enabled by create_graph=True
    gather, slope = (_GATHER, _SLOPE) if dispatched else (_gather, _slope)
    return (
        gather(grad, boxes, ctx.shape, *ctx.options) if of_image else None,
        slope(grad, *image, boxes, *ctx.options) if of_boxes else None,
    )


_NOTHING = [None] * len(_Options._fields)


def _crop_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    image, boxes, _, *options = inputs
    _remember(ctx, image, boxes, _Options(*options))


def _crop_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    of_image, of_boxes, *_ = ctx.needs_input_grad
    return (*_sent(ctx, grad, of_image=of_image, of_boxes=of_boxes), None, *_NOTHING)


def _gather_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    del output
    grad, boxes, _, *options = inputs
    ctx.options = _Options(*options)
    ctx.save_for_backward(grad, boxes)


def _gather_backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
    """The gradient for images is linear in what arrives: its own gradient is the crop of what arrives, 0 outside."""
    arrived, boxes = ctx.saved_tensors
    size = arrived.shape[1:3] if ctx.options.layout == "NHWC" else arrived.shape[2:]
    of_grad, of_boxes, *_ = ctx.needs_input_grad
    image = grad.contiguous()
    return (
        _CROP(image, boxes, size, *ctx.options.linear) if of_grad else None,
        _SLOPE(arrived, image, boxes, *ctx.options) if of_boxes else None,
        None,
        *_NOTHING,
    )


register("crop_and_resize", _crop, _output, _crop_context, _crop_backward)
register("crop_and_resize_backward", _gather, _gradient, _gather_context, _gather_backward)
register_last("crop_and_resize_backward_boxes", _slope, _slopes, ": it jumps where a point crosses a pixel")


class _Crop(torch.autograd.Function):  # type: ignore[misc]
    """``crop_and_resize`` of eager tensors: a fraction of the time that PyTorch takes to dispatch an operator from Python."""

    @staticmethod
    def forward(
        ctx: Any, crop_size: Sequence[int], options: _Options, boxes: torch.Tensor, image: torch.Tensor
    ) -> torch.Tensor:
        _remember(ctx, image, boxes, options.encoded)
        return _crop(image, boxes, crop_size, *options)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        _, _, of_boxes, of_image = ctx.needs_input_grad
        for_image, for_boxes = _sent(ctx, grad, of_image=of_image, of_boxes=of_boxes)
        return None, None, for_boxes, for_image


def _crop_tensors(
    image: torch.Tensor, boxes: torch.Tensor, crop_size: Sequence[int], options: _Options
) -> torch.Tensor:
    """Crops the rows ``boxes`` of a checked image."""
    if is_watched((boxes, image)):
        found: torch.Tensor = _CROP(image, boxes, crop_size, *options.encoded)
        return found
    has_tangents = torch.autograd.forward_ad._current_level >= 0  # noqa: SLF001 - which `_Crop` refuses
    if has_tangents or (torch.is_grad_enabled() and (image.requires_grad or boxes.requires_grad)):
        return _Crop.apply(crop_size, options, boxes, image)
    return _crop(image, boxes, crop_size, *options)
