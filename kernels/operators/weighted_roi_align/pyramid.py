"""Weighted RoIAlign on a feature pyramid: each RoI is pooled from the level that its size asks for, all levels in one launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...calls import arguments
from ...calls.choosing import Choosing, levels_by
from ...calls.pyramid import checked_maps, checked_shapes, scale_pairs
from ...dialects.multiscale_roi_align import LevelRule
from ...dialects.multiscale_weighted_roi_align import Dialect, composed, named_dialect
from ...dtypes import name_of
from . import problem
from .forward import weigh_and_pool, workspace_bytes
from .problem import BETA, Call, P, Weighing, Where, check_weights, mean_of, rois_with_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ...annotations import A, Array, DataType, GuardName, Layout, LevelRuleName
    from .problem import WeightedMode, WeightsOf


def multiscale_weighted_roi_align(
    inputs: Sequence[A],
    boxes: Array | Sequence[Array],
    weights: Sequence[A],
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
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI from one of several maps, chosen by its size, as `weighted_roi_align` pools it from that map.

    The level is chosen where the arrays are, without waiting, in the launch that pools. A box of which one side is negative has
    no size: by the rules of torchvision, detectron2, mmdetection and maskrcnn-benchmark it is on no level, where its output and
    its gradients are 0, whatever it is divided by; by the others it is on the first. The rules are those of
    ``conformance/operators/multiscale_weighted_roi_align/RULES.md``.

    Args:
        inputs: Maps of the levels, finest first, at most 8: ``(N, C, H_l, W_l)``, or ``(N, H_l, W_l, C)`` with
            ``layout="NHWC"``; float16, bfloat16, float32 or float64. Arrays that are not contiguous are copied first.
        boxes, output_size, sampling_ratio: As for `weighted_roi_align`; corners are in image pixels.
        weights: Of each level, of the pixels of its map, for all channels, ``(N, 1, H_l, W_l)``, or of each channel,
            ``(N, C, H_l, W_l)``, on all levels alike; ``(N, H_l, W_l, 1)`` or ``(N, H_l, W_l, C)`` with ``layout="NHWC"``. With
            ``weights_of="rois"`` of each RoI, so that the first axis is K on all levels: which level a RoI is on nobody has to
            know before the call. Of a RoI those of its level are read, and no others.
        spatial_scales: Feature pixels of each level per image pixel; one number or ``(scale_y, scale_x)`` each.
        aligned, mode, p, beta, normalise, guard, epsilon, weights_of, layout: As for `weighted_roi_align`.
        level_rule: ``"torchvision"``, which None stands for, or another; see `LevelRule`. It decides the level only.
        first_level, canonical_size, canonical_level: As for `multiscale_roi_align`.
        dialect: A `roikit.kernels.dialects.multiscale_weighted_roi_align.Dialect` or the name of one, in place of ``level_rule``
            and ``aligned``.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) that a GPU may use instead of allocating memory;
            `multiscale_weighted_roi_align_workspace` says how many it takes, which nearly always is none.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of the maps: the bits of
        `weighted_roi_align`, called level by level. On a GPU, without ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value, or maps or weights do not go together.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `weighted_roi_align`. What ``out`` then holds is not defined.
    """
    xp, maps = checked_maps(inputs, layout)
    shapes, dtype = tuple(tuple(array.shape) for array in maps), maps[0].dtype
    rows = arguments.box_rows(xp, boxes, name_of(dtype), shapes[0][0])
    weighed_by = tuple(weights)
    channels = check_weights(xp, weighed_by, dtype, shapes, layout, rois_with_weights(weights_of, len(rows)))
    weighing = Weighing(normalise, guard, epsilon, channels, weights_of)
    choosing = Choosing(level_rule, first_level, canonical_size, canonical_level)
    where = where_of(dtype, len(maps), spatial_scales, sampling_ratio, aligned, choosing, dialect)
    call = Call(len(rows), output_size, where, mode, layout, weighing, mean_of(mode, p, beta, dtype))
    output: A = weigh_and_pool(xp, maps, rows, weighed_by, call, out=out, workspace=workspace, check=check)
    return output


def multiscale_weighted_roi_align_workspace(
    input_shapes: Sequence[Sequence[int]],
    rois: int,
    output_size: int | tuple[int, int],
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    dtype: DataType = "float32",
    mode: WeightedMode = "avg",
    layout: Layout = "NCHW",
) -> int:
    """How many bytes `multiscale_weighted_roi_align` needs as ``workspace`` on the current GPU.

    None unless maps are thousands of pixels wide.

    Args:
        input_shapes: Shapes of the maps, in their layout.
        rois: K.
        output_size, sampling_ratio, mode, layout: As for `multiscale_weighted_roi_align`.
        dtype: Name of the data type of the maps.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    return workspace_bytes(checked_shapes(input_shapes, layout), rois, output_size, sampling_ratio, dtype, mode, layout)


def where_of(
    dtype: np.dtype[Any],
    maps: int,
    spatial_scales: Sequence[Any],
    sampling_ratio: Any,
    aligned: Any,
    choosing: Choosing,
    dialect: Any,
) -> Where:
    """Where boxes lie on the maps of as many levels, as the arguments of a call say.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: there is no such rule, a value is wrong, or there are not as many scales as maps.
    """
    scales, rules = scale_pairs(spatial_scales, maps), resolve_dialect(dialect, choosing.level_rule, aligned=aligned)
    levels = levels_by(rules, choosing, scales, dtype)
    if dialect is None:
        return Where(tuple(scales), sampling_ratio, aligned, None, levels)
    return Where(tuple(scales), sampling_ratio, False, rules.sampling, levels)


def resolve_dialect(dialect: str | Dialect | None, level_rule: Any, *, aligned: Any) -> Dialect:
    """The rules that arguments of `multiscale_weighted_roi_align` of these names ask for."""
    aligned = arguments.truth("aligned", aligned)
    if dialect is None:
        rule = arguments.choice(
            "level_rule", LevelRule.TORCHVISION if level_rule is None else level_rule, tuple(LevelRule)
        )
        return composed(LevelRule(rule), problem.resolve_dialect(None, aligned=aligned))
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a multiscale_weighted_roi_align.Dialect or the name of one, not {dialect!r}")
    if aligned or level_rule is not None:
        raise ValueError(
            f"aligned and level_rule go with no dialect, and dialect={dialect!r} says itself what they would: leave them out"
        )
    return rules
