"""torchvision's RoIAlign, and that of pyramids, as functions of tensors."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import pad

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS, MODES
from ..kernels.operators.roi_align.problem import sampling_ratio_pair
from .registration import How, pool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..kernels import Dialect

_NARROW = (torch.float16, torch.bfloat16)
_DEVICES = ("cpu", "cuda", "meta")


def roi_align(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: str = "avg",
    layout: str = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools each RoI of a feature map into a fixed number of bins: `torchvision.ops.roi_align`, and more.

    Differentiable for ``input`` (averages twice) and for ``boxes``, which torchvision's is not: where boxes require a gradient,
    they get one. The gradient for boxes has no gradient of its own, nor has that of a maximum. Under autocast the result is
    that of arithmetic in float32, rounded to the data type of ``input``, as torchvision's; 16-bit maps are not copied for it.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. In ``torch.channels_last`` they are read as they are, and so is the result.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or N tensors ``(L_i, 4)``; corners in image pixels. Of the data
            type of ``input``, or float32 with 16-bit maps.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_y, g_x)``. 0 or less: as many as the bin has
            feature pixels.
        aligned: Whether boxes are shifted by half a feature pixel.
        mode: ``"avg"`` or ``"max"``.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input`` and of the result mean.
        dialect: A `roikit.kernels.Dialect` or the name of one; None means torchvision's rules.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``input`` and on its device. On
        a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.operators.roi_align.forward`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    scales = _scale_pair("spatial_scale", spatial_scale)
    how = _how(scales, sampling_ratio, aligned, mode, layout, dialect)
    return _pooled({"input": input}, boxes, output_size, how)


def multiscale_roi_align(
    inputs: Sequence[torch.Tensor],
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scales: Sequence[float | tuple[float, float]],
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    level_rule: str = "torchvision",
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    mode: str = "avg",
    layout: str = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools each RoI from one of several maps, chosen by its size, all in one launch, as are their gradients.

    Args:
        inputs: Maps of the levels, finest first, at most 8, of the same N, C and data type (under autocast of any).
        boxes: As for `roi_align`.
        output_size: As for `roi_align`.
        spatial_scales: Feature pixels of each level per image pixel; one number or ``(scale_y, scale_x)`` each.
        sampling_ratio: As for `roi_align`.
        aligned: As for `roi_align`.
        level_rule: How a box becomes a level: the name of a `roikit.kernels.LevelRule`.
        first_level: The level of the first map; None takes it from the scales: 2 for 1/4.
        canonical_size: What the rule relates sizes to, image pixels; None: 224, or 56 for mmdetection.
        canonical_level: The level of a RoI of that size; None: 4, or that of the first map for mmdetection.
        mode: As for `roi_align`.
        layout: As for `roi_align`.
        dialect: As for `roi_align`.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``inputs[0]``.

    Raises:
        TypeError, ValueError, InvalidRoiError, ImportError: As for `roi_align`; also if the maps do not go together.
    """
    if isinstance(inputs, torch.Tensor):
        raise TypeError("inputs must be a list of tensors, one for each level, not a tensor")
    if not inputs:
        raise ValueError("inputs must be the maps of at least one level")
    if len(spatial_scales) != len(inputs):
        raise ValueError(f"there are {len(spatial_scales)} spatial_scales for {len(inputs)} levels")
    scales = [number for scale in spatial_scales for number in _scale_pair("spatial_scales", scale)]
    how = _how(scales, sampling_ratio, aligned, mode, layout, dialect)
    how = how._replace(
        level_rule=level_rule, first_level=first_level, canonical_size=canonical_size, canonical_level=canonical_level
    )
    return _pooled({f"inputs[{i}]": tensor for i, tensor in enumerate(inputs)}, boxes, output_size, how)


def _scale_pair(name: str, value: Any) -> list[float]:
    scales = arguments.pair(name, value)
    if not all(isinstance(scale, Real) and not isinstance(scale, bool) for scale in scales):
        raise TypeError(f"{name} must be a number or a (height, width) pair, not {value!r}")
    return [float(scale) for scale in scales]


def _how(scales: list[float], ratio: Any, aligned: bool, mode: str, layout: str, dialect: str | Dialect | None) -> How:
    """The options, in the types of the operators' schemas; what they may be, kernels check."""
    return How(
        scales,
        sampling_ratio_pair(ratio),
        bool(aligned),
        arguments.choice("mode", mode, MODES),
        arguments.choice("layout", layout, LAYOUTS),
        dialect,
    )


def _pooled(named: Mapping[str, torch.Tensor], boxes: Any, output_size: Any, how: How) -> torch.Tensor:
    maps = list(named.values())
    for name, tensor in named.items():
        _check(name, tensor, maps[0], next(iter(named)))
    rows = _rows(boxes, maps[0])
    dtype, device = maps[0].dtype, maps[0].device
    if device.type != "meta" and torch.is_autocast_enabled(device.type):
        rows = rows.float() if rows.dtype in _NARROW else rows
        if any(tensor.dtype != dtype for tensor in maps):
            maps = [tensor.float() for tensor in maps]
    size = arguments.output_size_pair(output_size)
    if how.layout == "NCHW" and _are_channels_last(maps):
        last = [tensor.permute(0, 2, 3, 1) for tensor in maps]
        return pool(last, rows, size, how._replace(layout="NHWC")).permute(0, 3, 1, 2).to(dtype)
    return pool(maps, rows, size, how).to(dtype)


def _check(name: str, tensor: Any, first: torch.Tensor, first_name: str) -> None:
    """Checks that a map is a tensor of four dimensions where kernels run, and where the first map is."""
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(tensor).__module__}.{type(tensor).__name__}")
    if tensor.device.type not in _DEVICES:
        raise ValueError(
            f"{name} is on {tensor.device}, but must be on a CPU or an NVIDIA GPU: {name}.cpu() is a copy there"
        )
    if tensor.device != first.device:
        raise ValueError(f"{name} is on {tensor.device}, but {first_name} is on {first.device}")
    if tensor.ndim != 4:
        raise ValueError(f"{name} must have 4 dimensions, not shape {tuple(tensor.shape)}")


def _rows(boxes: Any, first: torch.Tensor) -> torch.Tensor:
    """``boxes`` as one tensor of rows with their batch index, on the device of the ``first`` map."""
    if isinstance(boxes, (list, tuple)):
        boxes = _joined(boxes, first)
    if not isinstance(boxes, torch.Tensor):
        raise TypeError(
            f"boxes must be a torch.Tensor or a list of them, not {type(boxes).__module__}.{type(boxes).__name__}"
        )
    if boxes.ndim != 2 or boxes.shape[1] != 5:
        raise ValueError(
            f"boxes must have shape (K, 5), rows [batch_index, x1, y1, x2, y2], or be a list of one (L, 4) tensor per image; "
            f"its shape is {tuple(boxes.shape)}"
        )
    if boxes.device != first.device:
        raise ValueError(f"boxes is on {boxes.device}, but the maps are on {first.device}")
    return boxes


def _joined(boxes: Sequence[Any], first: torch.Tensor) -> torch.Tensor:
    if len(boxes) != first.shape[0]:
        raise ValueError(f"boxes is a list of {len(boxes)} tensors, but there are N = {first.shape[0]} images")
    rows = []
    for i, part in enumerate(boxes):
        if not isinstance(part, torch.Tensor):
            raise TypeError(f"boxes[{i}] must be a torch.Tensor, not {type(part).__module__}.{type(part).__name__}")
        if part.ndim != 2 or part.shape[1] != 4:
            raise ValueError(f"boxes[{i}] must have shape (L, 4), not {tuple(part.shape)}")
        if part.dtype != boxes[0].dtype:
            raise TypeError(f"boxes[{i}] has data type {part.dtype}, but boxes[0] has {boxes[0].dtype}")
        if part.device != boxes[0].device:
            raise ValueError(f"boxes[{i}] is on {part.device}, but boxes[0] is on {boxes[0].device}")
        # 16-bit boxes are widened, which is exact, because 16 bits would not hold every batch index.
        rows.append(pad(part.float() if part.dtype in _NARROW else part, (1, 0), value=i))
    if not rows:
        return first.new_empty((0, 5), dtype=torch.float32 if first.dtype in _NARROW else first.dtype)
    return torch.cat(rows)


def _are_channels_last(maps: Sequence[torch.Tensor]) -> bool:
    last = all(tensor.is_contiguous(memory_format=torch.channels_last) for tensor in maps)
    return last and not all(tensor.is_contiguous() for tensor in maps)
