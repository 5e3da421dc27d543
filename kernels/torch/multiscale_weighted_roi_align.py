"""Weighted RoIAlign on a pyramid: a function, a module, and operators, ``torch.ops.roikit.multiscale_weighted_roi_align``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.multiscale_weighted_roi_align import Dialect
from ..kernels.dialects.weighted_roi_align import Guard
from ..kernels.operators.weighted_roi_align.problem import BETA, WEIGHTED_MODES, WEIGHTS_OF, P
from .dispatch import decoded, encoded
from .pyramids import check_levels, pairs_of
from .tensors import pooled, scale_pair, unusual
from .tracing import traceable
from .weighed_pyramids import WeighedPyramidPooling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import GuardName, Layout, LevelRule, LevelRuleName
    from ..kernels.operators.weighted_roi_align.problem import WeightedMode, WeightsOf
    from .pyramids import Tensors


@traceable
def multiscale_weighted_roi_align(
    inputs: Sequence[torch.Tensor],
    boxes: torch.Tensor | Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scales: Sequence[float | tuple[float, float]],
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    level_rule: LevelRule | LevelRuleName | None = None,
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
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
    """Pools each RoI from one of several maps, chosen by its size, of pixels that each count by their weight, all in one launch.

    Differentiable for ``inputs``, ``weights`` and ``boxes``, on the levels that sizes ask for; averages a second time, for
    ``inputs`` alone.

    Args:
        inputs: Maps of the levels, finest first, at most 8, of the same N, C and data type (under autocast of any).
        boxes, output_size, sampling_ratio, aligned: As for `weighted_roi_align`.
        weights: Of each level, of the pixels of its map, as for `weighted_roi_align`; with ``weights_of="rois"`` those of all
            levels have a first axis of K, and of a RoI those of its level are read.
        spatial_scales: Feature pixels of each level per image pixel; one number or ``(scale_y, scale_x)`` each.
        level_rule: How a box becomes a level: ``"torchvision"``, which None stands for, or another; see
            `roikit.kernels.LevelRule`.
        first_level: The level of the first map; None takes it from the scales: 2 for 1/4.
        canonical_size: What the rule relates sizes to, image pixels; None: 224, or 56 for mmdetection.
        canonical_level: The level of a RoI of that size; None: 4, or that of the first map for mmdetection.
        mode, p, beta, normalise, guard, epsilon, weights_of, layout: As for `weighted_roi_align`.
        dialect: A `roikit.kernels.dialects.multiscale_weighted_roi_align.Dialect` or the name of one, in place of
            ``level_rule`` and ``aligned``.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``inputs[0]``.

    Raises:
        TypeError, ValueError, InvalidRoiError, ImportError: As for `weighted_roi_align`; also if maps or weights do not go
            together.
    """
    check_levels(inputs, spatial_scales)
    if isinstance(weights, torch.Tensor):
        raise TypeError("weights must be a list of tensors, one for each level, not a tensor")
    if len(weights) != len(inputs):
        raise ValueError(f"weights has {len(weights)} tensors for {len(inputs)} levels")
    options = _Options(
        [number for scale in spatial_scales for number in scale_pair("spatial_scales", scale)],
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
        None if level_rule is None else str(level_rule),
        first_level,
        canonical_size,
        canonical_level,
    )

    def pool(tensors: Tensors, rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        maps, weighed_by = tensors[: len(inputs)], tensors[len(inputs) :]
        return _POOLING(maps, rows, weighed_by, size, options._replace(layout=layout))

    named = {f"inputs[{i}]": tensor for i, tensor in enumerate(inputs)}
    named |= {f"weights[{i}]": tensor for i, tensor in enumerate(weights)}
    return pooled(named, boxes, output_size, options.layout, pool)


class MultiScaleWeightedRoIAlign(torch.nn.Module):  # type: ignore[misc]
    """`multiscale_weighted_roi_align` as a module.

    Args:
        output_size, spatial_scales, sampling_ratio, aligned: As for `multiscale_weighted_roi_align`, which checks them.
        level_rule, first_level, canonical_size, canonical_level: Likewise.
        mode, p, beta, normalise, guard, epsilon, weights_of, layout, dialect: Likewise.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scales: Sequence[float | tuple[float, float]],
        sampling_ratio: int | tuple[int, int] = -1,
        aligned: bool = False,
        *,
        level_rule: LevelRule | LevelRuleName | None = None,
        first_level: int | None = None,
        canonical_size: float | None = None,
        canonical_level: int | None = None,
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
        self.spatial_scales = spatial_scales
        self.sampling_ratio = sampling_ratio
        self.options: dict[str, Any] = {
            "aligned": aligned, "level_rule": level_rule, "first_level": first_level, "canonical_size": canonical_size,
            "canonical_level": canonical_level, "mode": mode, "p": p, "beta": beta, "normalise": normalise,
            "guard": guard, "epsilon": epsilon, "weights_of": weights_of, "layout": layout, "dialect": dialect,
        }  # fmt: skip

    def forward(
        self,
        inputs: Sequence[torch.Tensor],
        rois: torch.Tensor | Sequence[torch.Tensor],
        weights: Sequence[torch.Tensor],
    ) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``inputs``; see `multiscale_weighted_roi_align`."""
        where = (self.output_size, self.spatial_scales, self.sampling_ratio)
        return multiscale_weighted_roi_align(inputs, rois, weights, *where, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"output_size={self.output_size}, spatial_scales={self.spatial_scales}, sampling_ratio={self.sampling_ratio}"
            f"{unusual(self, self.options)}"
        )


class _Options(NamedTuple):
    """What the operators take besides tensors and shapes, in the order of their schemas; ``scales`` are y and x of each level."""

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
    level_rule: str | None
    first_level: int | None
    canonical_size: float | None
    canonical_level: int | None

    @property
    def of_kernels(self) -> dict[str, Any]:
        """The arguments of `roikit.kernels`."""
        named = self._asdict()
        scales = named.pop("scales")
        return {
            **named,
            "spatial_scales": pairs_of(scales),
            "sampling_ratio": tuple(self.sampling_ratio),
            "dialect": decoded(self.dialect, Dialect),
        }


_POOLING = WeighedPyramidPooling(
    "multiscale_weighted_roi_align",
    _Options,
    "float[] scales, int[] sampling_ratio, bool aligned, str mode, float p, float beta, bool normalise, str guard, "
    "float epsilon, str weights_of, str layout, str? dialect, str? level_rule, int? first_level, float? canonical_size, "
    "int? canonical_level",
)
