"""PSRoIAlign on a pyramid: a function, a module, and operators, ``torch.ops.roikit.multiscale_ps_roi_align``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ..kernels.calls import arguments
from ..kernels.calls.problem import LAYOUTS
from ..kernels.calls.sampling import sampling_ratio_pair
from ..kernels.dialects.multiscale_ps_roi_align import Dialect, named_dialect
from .dispatch import decoded
from .pooling import output_of_own_channels
from .pyramids import PyramidPooling, check_levels, pairs_of
from .tensors import pooled, scale_pair, unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout, LevelRule, LevelRuleName
    from .pyramids import Tensors


@traceable
def multiscale_ps_roi_align(
    inputs: Sequence[torch.Tensor],
    boxes: torch.Tensor | Sequence[torch.Tensor],
    output_size: int | tuple[int, int],
    spatial_scales: Sequence[float | tuple[float, float]],
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    level_rule: LevelRule | LevelRuleName | None = None,
    first_level: int | None = None,
    canonical_size: float | None = None,
    canonical_level: int | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> torch.Tensor:
    """Pools each RoI from one of several maps, chosen by its size, each bin in channels of its own, all in one launch.

    So are the gradients. Differentiable for ``inputs``, as often as you like, and for ``boxes``, once, on the levels that sizes
    ask for.

    Args:
        inputs: Maps of the levels, finest first, at most 8, of the same N, C and data type (under autocast of any). C is
            ``C_out * P_h * P_w``.
        boxes: As for `ps_roi_align`.
        output_size: As for `ps_roi_align`.
        spatial_scales: Feature pixels of each level per image pixel; one number or ``(scale_y, scale_x)`` each.
        sampling_ratio: As for `ps_roi_align`.
        level_rule: How a box becomes a level: ``"axlearn"``, which None stands for, or another; see
            `roikit.kernels.LevelRule`.
        first_level: The level of the first map; None takes it from the scales: 2 for 1/4.
        canonical_size: What the rule relates sizes to, image pixels; None: 224, or 56 for mmdetection.
        canonical_level: The level of a RoI of that size; None: 4, or that of the first map for mmdetection.
        layout: As for `ps_roi_align`.
        dialect: A `roikit.kernels.dialects.multiscale_ps_roi_align.Dialect` or the name of one, in place of ``level_rule``.

    Returns:
        ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with ``layout="NHWC"``; of the data type of ``inputs[0]``.

    Raises:
        TypeError, ValueError, InvalidRoiError, ImportError: As for `ps_roi_align`; also if the maps do not go together.
    """
    check_levels(inputs, spatial_scales)
    options = _Options(
        [number for scale in spatial_scales for number in scale_pair("spatial_scales", scale)],
        sampling_ratio_pair(sampling_ratio),
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
    return pooled(named, boxes, output_size, options.layout, pool)


class MultiScalePSRoIAlign(torch.nn.Module):  # type: ignore[misc]
    """`multiscale_ps_roi_align` as a module.

    Args:
        output_size, spatial_scales, sampling_ratio: As for `multiscale_ps_roi_align`, which checks them.
        level_rule, first_level, canonical_size, canonical_level, layout, dialect: Likewise.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scales: Sequence[float | tuple[float, float]],
        sampling_ratio: int | tuple[int, int] = -1,
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
            "level_rule": level_rule, "first_level": first_level, "canonical_size": canonical_size,
            "canonical_level": canonical_level, "layout": layout, "dialect": dialect,
        }  # fmt: skip

    def forward(self, inputs: Sequence[torch.Tensor], rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``inputs``; see `multiscale_ps_roi_align`."""
        where = (self.output_size, self.spatial_scales, self.sampling_ratio)
        return multiscale_ps_roi_align(inputs, rois, *where, **self.options)

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

    @property
    def of_gradient(self) -> _Options:
        """Those of the function whose transpose the gradient is: an average of nothing is 0 there."""
        dialect = decoded(self.dialect, Dialect)
        rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
        return self if rules is None else self._replace(dialect=rules.for_gradient("avg"))


_POOLING = PyramidPooling(
    "multiscale_ps_roi_align",
    _Options,
    "float[] scales, int[] sampling_ratio, str layout, str? dialect, str? level_rule, int? first_level, "
    "float? canonical_size, int? canonical_level",
    output=output_of_own_channels,
    linear=lambda options: options.of_gradient,
)
