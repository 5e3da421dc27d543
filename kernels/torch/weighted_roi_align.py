"""Weighted RoIAlign: a function of tensors, a module, and operators of PyTorch, ``torch.ops.roikit.weighted_roi_align``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from .. import kernels
from ..kernels import Dialect
from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.weighted_roi_align import Guard
from ..kernels.operators.weighted_roi_align.problem import BETA, WEIGHTED_MODES, WEIGHTS_OF, P
from .beside import Beside, like_beside, like_corners, like_maps
from .dispatch import decoded, define, encoded, output_of, register, register_last
from .memory import place
from .tensors import pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import GuardName, Layout
    from ..kernels.operators.weighted_roi_align.problem import WeightedMode, WeightsOf

_NAME = "weighted_roi_align"


@traceable
def weighted_roi_align(
    input: torch.Tensor,  # noqa: A002 - torchvision's name
    boxes: torch.Tensor | Sequence[torch.Tensor],
    weights: torch.Tensor,
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: WeightedMode = "avg",
    p: float = P,
    beta: float = BETA,
    normalise: bool = False,
    guard: GuardName = "zero",
    epsilon: float = 1e-6,
    weights_of: WeightsOf = "images",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Averages samples of each bin of each RoI, or takes another mean or the greatest, of pixels that each count by their weight.

    Differentiable for ``input``, ``weights`` and ``boxes``; averages a second time, for ``input`` alone.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or float64;
            on a CPU or an NVIDIA GPU. In ``torch.channels_last`` they are read as they are, and so is the result.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or N tensors ``(L_i, 4)``; corners in image pixels. Of the data
            type of ``input``, or float32 with 16-bit maps.
        weights: Of each pixel, for all channels, ``(N, 1, H, W)``, or of each channel, ``(N, C, H, W)``; ``(N, H, W, 1)`` or
            ``(N, H, W, C)`` with ``layout="NHWC"``. Of the data type of ``input``, and any sign. With ``weights_of="rois"`` of
            each RoI, so that the first axis is K.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_y, g_x)``; adaptive if 0 or less.
        aligned: Whether boxes are shifted by half a feature pixel.
        mode: ``"avg"``, ``"max"``, ``"lp"`` or ``"softmax"``: what a bin makes of its samples.
        p, beta: The parameters of the last two, as for `roikit.kernels.weighted_roi_align`.
        normalise, guard, epsilon: Whether each bin is divided by the sum of its weights, and what becomes of one whose weights
            add up to nothing; see `roikit.kernels.weighted_roi_align`.
        weights_of: ``"images"`` or ``"rois"``: what there are ``weights`` for.
        layout: ``"NCHW"`` or ``"NHWC"``: what the dimensions of ``input``, ``weights`` and of the result mean.
        dialect: A `roikit.kernels.Dialect` or the name of one, which goes without ``aligned``.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``input`` and on its device.
        On a GPU the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or tensors are on several devices, or neither on a CPU nor on an
            NVIDIA GPU.
        InvalidRoiError: (a ValueError) on a CPU, a RoI cannot be pooled; see `roikit.kernels.weighted_roi_align`.
        ImportError: CuPy or ml_dtypes is needed and missing; the message says what to install.
    """
    options = _Options(
        scale_pair("spatial_scale", spatial_scale),
        sampling_ratio_pair(sampling_ratio),
        arguments.truth("aligned", aligned),
        arguments.choice("mode", mode, WEIGHTED_MODES),
        float(p),
        float(beta),
        arguments.truth("normalise", normalise),
        arguments.choice("guard", guard, tuple(Guard)),
        float(epsilon),
        arguments.choice("weights_of", weights_of, WEIGHTS_OF),
        arguments.choice("layout", layout, LAYOUTS),
        encoded(dialect),
    )

    def pool(maps: Sequence[torch.Tensor], rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        found: torch.Tensor = _POOL(maps[0], rows, maps[1], size, *options._replace(layout=layout))
        return found

    return pooled({"input": input, "weights": weights}, boxes, output_size, options.layout, pool)


class WeightedRoIAlign(torch.nn.Module):  # type: ignore[misc]
    """`weighted_roi_align` as a module.

    Args:
        output_size, spatial_scale, sampling_ratio, aligned: As for `weighted_roi_align`, which checks them.
        mode, p, beta, normalise, guard, epsilon, weights_of, layout, dialect: Likewise.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float | tuple[float, float],
        sampling_ratio: int | tuple[int, int],
        aligned: bool = False,
        *,
        mode: WeightedMode = "avg",
        p: float = P,
        beta: float = BETA,
        normalise: bool = False,
        guard: GuardName = "zero",
        epsilon: float = 1e-6,
        weights_of: WeightsOf = "images",
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned
        self.options: dict[str, Any] = {
            "mode": mode, "p": p, "beta": beta, "normalise": normalise, "guard": guard, "epsilon": epsilon,
            "weights_of": weights_of, "layout": layout, "dialect": dialect,
        }  # fmt: skip

    def forward(
        self,
        input: torch.Tensor,  # noqa: A002
        rois: torch.Tensor | Sequence[torch.Tensor],
        weights: torch.Tensor,
    ) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``input``; see `weighted_roi_align`."""
        where = (self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)
        return weighted_roi_align(input, rois, weights, *where, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"output_size={self.output_size}, spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio}, "
            f"aligned={self.aligned}{unusual(self, self.options)}"
        )


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas."""

    scales: Sequence[float]
    sampling_ratio: Sequence[int]
    aligned: bool
    mode: str
    p: float
    beta: float
    normalise: bool
    guard: str
    epsilon: float
    weights_of: str
    layout: str
    dialect: str | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        return {
            **self._asdict(),
            "scales": None,
            "spatial_scale": (self.scales[0], self.scales[1]),
            "sampling_ratio": (self.sampling_ratio[0], self.sampling_ratio[1]),
            "dialect": decoded(self.dialect, Dialect),
        }


_SCHEMA = (
    "float[] scales, int[] sampling_ratio, bool aligned, str mode, float p, float beta, bool normalise, str guard, "
    "float epsilon, str weights_of, str layout, str? dialect"
)


def _called(function: str, *given: Any, options: Sequence[Any], out: torch.Tensor, **named: Any) -> torch.Tensor:
    """What a function of `roikit.kernels` writes to ``out``, of tensors and of what else it takes."""
    how = _Options(*options).of_kernels
    del how["scales"]
    with place(out.device) as array:
        arrays = [array(each) if isinstance(each, torch.Tensor) else each for each in given]
        how |= {name: array(each) if isinstance(each, torch.Tensor) else each for name, each in named.items()}
        getattr(kernels, function)(*arrays, **how, out=array(out))
    return out


def _output(
    maps: torch.Tensor, boxes: torch.Tensor, weights: torch.Tensor, output_size: Sequence[int], *options: Any
) -> torch.Tensor:
    """The output, with nothing in it yet."""
    del weights
    return output_of(maps, boxes, output_size, _Options(*options).layout)


def _pool(
    maps: torch.Tensor, boxes: torch.Tensor, weights: torch.Tensor, output_size: Sequence[int], *options: Any
) -> torch.Tensor:
    out = _output(maps, boxes, weights, output_size, *options)
    height, width = output_size
    return _called(_NAME, maps, boxes, weights, (height, width), options=options, out=out)


def _for_maps(
    grad: torch.Tensor,
    boxes: torch.Tensor,
    weights: torch.Tensor,
    shape: Sequence[int],
    maps: torch.Tensor | None,
    *options: Any,
) -> torch.Tensor:
    out = like_maps(grad, boxes, weights, shape)
    return _called(f"{_NAME}_backward", grad, boxes, weights, tuple(shape), options=options, out=out, input=maps)


def _for_weights(
    grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, weights: torch.Tensor, *options: Any
) -> torch.Tensor:
    out = like_beside(grad, maps, boxes, weights)
    return _called(f"{_NAME}_backward_weights", grad, maps, boxes, weights, options=options, out=out)


def _for_boxes(
    grad: torch.Tensor, maps: torch.Tensor, boxes: torch.Tensor, weights: torch.Tensor, *options: Any
) -> torch.Tensor:
    out = like_corners(grad, maps, boxes, weights)
    return _called(f"{_NAME}_backward_boxes", grad, maps, boxes, weights, options=options, out=out)


_LAST = "Tensor grad, Tensor maps, Tensor boxes, Tensor weights"
_POOL = define(_NAME, "Tensor maps, Tensor boxes, Tensor weights, SymInt[] output_size", _SCHEMA, "Tensor")
_OF_MAPS = "Tensor grad, Tensor boxes, Tensor weights, SymInt[] shape, Tensor? maps"
_GATHER = define(f"{_NAME}_backward", _OF_MAPS, _SCHEMA, "Tensor")
_WEIGH = define(f"{_NAME}_backward_weights", _LAST, _SCHEMA, "Tensor")
_SLOPE = define(f"{_NAME}_backward_boxes", _LAST, _SCHEMA, "Tensor")
_GRADIENTS = Beside("weights", _Options, _POOL, _GATHER, _SLOPE, _WEIGH, lambda options: options.mode != "avg")
register(_NAME, _pool, _output, _GRADIENTS.remember, _GRADIENTS.backward)
register(f"{_NAME}_backward", _for_maps, like_maps, _GRADIENTS.remember_for_maps, _GRADIENTS.backward_of_maps)
register_last(f"{_NAME}_backward_weights", _for_weights, like_beside, why="", of="weights")
register_last(f"{_NAME}_backward_boxes", _for_boxes, like_corners)
