"""torchvision's RoIAlign, and that of pyramids, as functions of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS, MODES
from ..kernels.calls.sampling import sampling_ratio_pair
from .onnx import node
from .registration import How, pool
from .tensors import pooled, scale_pair
from .tracing import is_exporting, traceable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..kernels import Dialect, Layout, LevelRule, LevelRuleName, Mode


@traceable
def roi_align(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: Mode = "avg",
    layout: Layout = "NCHW",
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
    scales = scale_pair("spatial_scale", spatial_scale)
    how = _how(scales, sampling_ratio, aligned, mode, layout, dialect)
    return pooled({"input": input}, boxes, output_size, layout, _pool_by(how), has_node=True)


@traceable
def multiscale_roi_align(
    inputs: Sequence[torch.Tensor],
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scales: Sequence[float | tuple[float, float]],
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    level_rule: LevelRule | LevelRuleName = "torchvision",
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    mode: Mode = "avg",
    layout: Layout = "NCHW",
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
    scales = [number for scale in spatial_scales for number in scale_pair("spatial_scales", scale)]
    how = _how(scales, sampling_ratio, aligned, mode, layout, dialect)
    how = how._replace(
        level_rule=level_rule, first_level=first_level, canonical_size=canonical_size, canonical_level=canonical_level
    )
    return pooled(
        {f"inputs[{i}]": tensor for i, tensor in enumerate(inputs)},
        boxes,
        output_size,
        layout,
        _pool_by(how),
        has_node=True,
    )


def _how(scales: list[float], ratio: Any, aligned: bool, mode: str, layout: str, dialect: str | Dialect | None) -> How:
    """The options, in the types of the operators' schemas; what they may be, kernels check."""
    return How(
        scales,
        sampling_ratio_pair(ratio),
        arguments.truth("aligned", aligned),
        arguments.choice("mode", mode, MODES),
        arguments.choice("layout", layout, LAYOUTS),
        dialect,
    )


def _pool_by(how: How) -> Callable[[Sequence[torch.Tensor], torch.Tensor, tuple[int, int], str], torch.Tensor]:
    """What pools with these options in a layout."""
    function = node if is_exporting() else pool
    return lambda maps, rows, size, layout: function(maps, rows, size, how._replace(layout=layout))
