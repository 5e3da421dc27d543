"""BorderAlign: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.border_align``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.functional import pad

from .. import kernels
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.dialects.border_align import Dialect
from ..kernels.operators.border_align.problem import SIDES, resolve_pool_size
from .dispatch import decoded
from .memory import place
from .pooling import Pooling, output_of_own_channels
from .tensors import pooled, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout

_OF_IMAGES = 3  # dimensions of boxes


@traceable
def border_align(
    input: torch.Tensor,  # noqa: A002 - mmcv's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    pool_size: int,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools the four sides of each box from channels of their own, by the greatest of some points: `mmcv.ops.border_align`.

    Differentiable for ``input`` and for ``boxes``, once. On a CPU, too.

    Args:
        input: Feature maps ``(N, 4 C, H, W)``, or ``(N, H, W, 4 C)`` with ``layout="NHWC"``: C channels for the top side of
            boxes, then C for the left, the bottom and the right; float16, bfloat16, float32 or float64; on a CPU or an NVIDIA
            GPU. In ``torch.channels_last`` they are read as they are.
        boxes: ``(N, L, 4)``: L boxes ``[x1, y1, x2, y2]`` for each image, the corners in pixels of the map. Or ``(K, 5)`` rows
            ``[batch_index, x1, y1, x2, y2]``, or N tensors ``(L_i, 4)``. Of the data type of ``input``, or float32 with 16-bit
            maps.
        pool_size: Into how many parts points divide each side, from 1 to 1024.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input`` and of the result mean.
        dialect: A `roikit.kernels.dialects.border_align.Dialect` or the name of one; None means ``"roikit"``.

    Returns:
        ``(N, C, L, 4)`` of boxes ``(N, L, 4)``, or ``(N, L, 4, C)`` with ``layout="NHWC"``; of other boxes ``(K, C, 4)``, or
        ``(K, 4, C)``; of the data type of ``input`` and on its device. On a GPU what a box gives that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a box cannot be pooled; see `roikit.kernels.border_align`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    options = _Options(resolve_pool_size(pool_size), arguments.choice("layout", layout, LAYOUTS), dialect)

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _POOLING(maps[0], rows, size, options._replace(layout=layout))

    rows, of_images = _rows_of_images(input, boxes)
    found = pooled({"input": input}, rows, (1, SIDES), options.layout, pool)
    return _with_boxes(found, of_images, options.layout)


class BorderAlign(torch.nn.Module):  # type: ignore[misc]
    """`border_align` as a module: `mmcv.ops.BorderAlign`.

    Args:
        pool_size, layout, dialect: As for `border_align`, which checks them.
    """

    def __init__(self, pool_size: int, *, layout: Layout = "NCHW", dialect: str | Dialect | None = None) -> None:
        super().__init__()
        self.pool_size = pool_size
        self.options: dict[str, Any] = {"layout": layout, "dialect": dialect}

    def forward(self, input: torch.Tensor, boxes: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: A002
        """Pools the sides of ``boxes`` from ``input``; see `border_align`."""
        return border_align(input, boxes, self.pool_size, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return f"pool_size={self.pool_size}{unusual(self, self.options)}"


def _rows_of_images(maps: Any, boxes: Any) -> tuple[Any, tuple[int, int] | None]:
    """Boxes of each image as rows with their batch index, and N and L; all others as they are, and None."""
    if not isinstance(boxes, torch.Tensor) or not isinstance(maps, torch.Tensor) or boxes.ndim != _OF_IMAGES:
        return boxes, None
    images, count, numbers = boxes.shape
    if (maps.ndim and images != maps.shape[0]) or numbers != SIDES:
        raise ValueError(
            f"boxes must have shape (N, L, 4), L boxes [x1, y1, x2, y2] for each of the N = {maps.shape[0]} images; "
            f"or (K, 5), rows [batch_index, x1, y1, x2, y2]; its shape is {tuple(boxes.shape)}"
        )
    wide = boxes.float() if boxes.dtype in (torch.float16, torch.bfloat16) else boxes
    indices = torch.arange(images, device=boxes.device).repeat_interleave(count)
    rows = pad(wide.reshape(images * count, SIDES), (1, 0))
    return rows + pad(indices[:, None].to(rows.dtype), (0, SIDES)), (images, count)


def _with_boxes(found: torch.Tensor, of_images: tuple[int, int] | None, layout: str) -> torch.Tensor:
    """What a row of four bins gives, as an output of boxes, or of images with their boxes."""
    sides = found.squeeze(1 if layout == "NHWC" else 2)
    if of_images is None:
        return sides
    by_image = sides.reshape(*of_images, *sides.shape[1:])
    return by_image if layout == "NHWC" else by_image.permute(0, 2, 1, 3)


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas."""

    pool_size: int
    layout: str
    dialect: str | Dialect | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        return {"pool_size": self.pool_size, "layout": self.layout, "dialect": decoded(self.dialect, Dialect)}


def _of_sides(array: Any, layout: str) -> Any:
    """A view, without the one row of bins."""
    return array[:, 0] if layout == "NHWC" else array[:, :, 0]


class _SidePooling(Pooling):
    """The operators of BorderAlign, whose output has one row of four bins."""

    def pool_eagerly(
        self, maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], *options: Any
    ) -> torch.Tensor:
        """Pools without PyTorch seeing it."""
        chosen = _Options(*options)
        with place(maps.device) as array:
            output = output_of_own_channels(maps, boxes, output_size, chosen.layout)
            out = _of_sides(array(output), chosen.layout)
            kernels.border_align(array(maps), array(boxes), **chosen.of_kernels, out=out)
        return output

    def _gather_eagerly(
        self,
        grad: torch.Tensor,
        boxes: torch.Tensor,
        shape: Sequence[int],
        maps: torch.Tensor | None,
        *options: Any,
    ) -> torch.Tensor:
        chosen = _Options(*options)
        with place(boxes.device) as array:
            gradient = grad.new_empty(tuple(shape))
            arriving = _of_sides(array(grad), chosen.layout)
            given = array(maps), array(boxes)
            kernels.border_align_backward(arriving, *given, **chosen.of_kernels, out=array(gradient))
        return gradient

    def _slope_eagerly(
        self, grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, *options: Any
    ) -> torch.Tensor:
        chosen = _Options(*options)
        with place(boxes.device) as array:
            dtype = torch.float64 if grad.dtype is torch.float64 else torch.float32
            gradient = grad.new_empty((boxes.shape[0], SIDES), dtype=dtype)
            arriving, given = _of_sides(array(grad), chosen.layout), (array(maps), array(boxes))
            kernels.border_align_backward_boxes(arriving, *given, **chosen.of_kernels, out=array(gradient))
        return gradient


_POOLING = _SidePooling(
    "border_align",
    _Options,
    "int pool_size, str layout, str? dialect",
    output=output_of_own_channels,
    looks_at_maps=lambda options: True,  # noqa: ARG005 - whatever they are
    linear=None,
    why=": it jumps where another point has the maximum",
)
