"""Rotated RoIAlign on a pyramid: a function, a module, and operators, ``torch.ops.roikit.multiscale_roi_align_rotated``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.multiscale_roi_align_rotated import Dialect
from .dispatch import decoded
from .pyramids import PyramidPooling, check_levels, pairs_of
from .tensors import pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout, LevelRule, LevelRuleName
    from .pyramids import Tensors


@traceable
def multiscale_roi_align_rotated(
    inputs: Sequence[torch.Tensor],
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scales: Sequence[float],
    sampling_ratio: int | tuple[int, int] = 0,
    aligned: bool = True,
    clockwise: bool = False,
    *,
    level_rule: LevelRule | LevelRuleName | None = None,
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools each rotated RoI from one of several maps, chosen by its size, all in one launch, as are their gradients.

    Differentiable for ``inputs``, as often as you like, and for ``boxes``, once: centres, sizes and angles can be learned, on the
    levels that sizes ask for.

    Args:
        inputs: Maps of the levels, finest first, at most 8, of the same N, C and data type (under autocast of any).
        boxes: As for `roi_align_rotated`.
        output_size: As for `roi_align_rotated`.
        spatial_scales: Feature pixels of each level per image pixel.
        sampling_ratio: As for `roi_align_rotated`.
        aligned: As for `roi_align_rotated`.
        clockwise: As for `roi_align_rotated`.
        level_rule: How a box becomes a level: ``"axlearn"``, which None stands for, ``"detectron2"`` or ``"mmdetection"``.
        first_level: The level of the first map; None takes it from the scales: 2 for 1/4.
        canonical_size: What the rule relates sizes to, image pixels; None: 224, or 56 for mmdetection.
        canonical_level: The level of a RoI of that size; None: 4, or that of the first map for mmdetection.
        layout: As for `roi_align_rotated`.
        dialect: A `roikit.kernels.dialects.multiscale_roi_align_rotated.Dialect` or the name of one, in place of
            ``level_rule``, ``aligned`` and ``clockwise``.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of the data type of ``inputs[0]``.

    Raises:
        TypeError, ValueError, InvalidRoiError, ImportError: As for `roi_align_rotated`; also if the maps do not go together.
    """
    check_levels(inputs, spatial_scales)
    options = _Options(
        [number for scale in spatial_scales for number in scale_pair("spatial_scales", scale)],
        sampling_ratio_pair(sampling_ratio),
        arguments.truth("aligned", aligned),
        arguments.truth("clockwise", clockwise),
        arguments.choice("layout", layout, LAYOUTS),
        dialect,
        None if level_rule is None else str(level_rule),
        first_level,
        canonical_size,
        canonical_level,
    )

    def pool(maps: Tensors, rows: torch.Tensor, size: tuple[int, int], layout: str) -> torch.Tensor:
        return _POOLING(maps, rows, size, options._replace(layout=layout))

    named = {f"inputs[{i}]": tensor for i, tensor in enumerate(inputs)}
    return pooled(named, boxes, output_size, options.layout, pool, numbers=arguments.CENTRES)


class MultiScaleRoIAlignRotated(torch.nn.Module):  # type: ignore[misc]
    """`multiscale_roi_align_rotated` as a module.

    Args:
        output_size, spatial_scales, sampling_ratio, aligned, clockwise: As for `multiscale_roi_align_rotated`, which checks them.
        level_rule, first_level, canonical_size, canonical_level, layout, dialect: Likewise.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scales: Sequence[float],
        sampling_ratio: int | tuple[int, int] = 0,
        aligned: bool = True,
        clockwise: bool = False,
        *,
        level_rule: LevelRule | LevelRuleName | None = None,
        first_level: int | None = None,
        canonical_size: float | None = None,
        canonical_level: int | None = None,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scales = spatial_scales
        self.sampling_ratio = sampling_ratio
        self.options: dict[str, Any] = {
            "aligned": aligned, "clockwise": clockwise, "level_rule": level_rule, "first_level": first_level,
            "canonical_size": canonical_size, "canonical_level": canonical_level, "layout": layout, "dialect": dialect,
        }  # fmt: skip

    def forward(self, inputs: Sequence[torch.Tensor], rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``inputs``; see `multiscale_roi_align_rotated`."""
        where = (self.output_size, self.spatial_scales, self.sampling_ratio)
        return multiscale_roi_align_rotated(inputs, rois, *where, **self.options)

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
    clockwise: bool
    layout: str
    dialect: str | Dialect | None
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


_POOLING = PyramidPooling(
    "multiscale_roi_align_rotated",
    _Options,
    "float[] scales, int[] sampling_ratio, bool aligned, bool clockwise, str layout, str? dialect, str? level_rule, "
    "int? first_level, float? canonical_size, int? canonical_level",
)
