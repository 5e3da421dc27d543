"""TensorFlow's crop_and_resize: a function of tensors, a module, and operators, ``torch.ops.roikit.crop_and_resize``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.dialects.crop_and_resize import Dialect
from ..kernels.operators.crop_and_resize.problem import METHODS
from .dispatch import decoded
from .pooling import Pooling
from .tensors import check_plain, pooled, unusual
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
        return _POOLING(maps[0], rows, size, options._replace(layout=layout))

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
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        return {"method": self.method, "layout": self.layout, "dialect": decoded(self.dialect, Dialect)}


_POOLING = Pooling(
    "crop_and_resize",
    _Options,
    "str method, float extrapolation_value, str layout, str? dialect",
    rows=lambda array: (array[:, 1:], array[:, 0].astype("int64")),
    of_forward=("extrapolation_value",),
    linear=lambda options: options._replace(extrapolation_value=0.0),  # outside is nothing but 0
    why=": it jumps where a point crosses a pixel",
)
