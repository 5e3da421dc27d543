"""The gradients of weighted RoIAlign on a feature pyramid, for the maps, weights and boxes of all levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...calls import arguments
from ...calls.choosing import Choosing
from ...calls.pyramid import checked_maps, checked_shapes
from .problem import BETA, P
from .pyramid import where_of
from .sending import for_boxes, for_maps, for_weights
from .shares import Sharing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, GuardName, Layout, LevelRuleName
    from ...dialects.multiscale_roi_align import LevelRule
    from ...dialects.multiscale_weighted_roi_align import Dialect
    from .problem import WeightedMode, WeightsOf


def multiscale_weighted_roi_align_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    weights: Sequence[A],
    input_shapes: Sequence[Sequence[int]],
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
    inputs: Sequence[Array] | None = None,
    out: Sequence[A] | None = None,
    check: bool = False,
) -> tuple[A, ...]:
    """The gradients for the maps that `multiscale_weighted_roi_align` pooled, as `weighted_roi_align_backward` makes them.

    Every element is summed by one thread in the order of the RoIs, so that results are the same from run to run. What is between
    the steps is allocated, as there; with weights of RoIs the maps of some RoIs at a time, on all levels.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``.
        boxes, weights, spatial_scales, sampling_ratio, aligned: As they were given to `multiscale_weighted_roi_align`; the
            weights of the data type of ``grad``.
        input_shapes: Shapes of the maps, in their layout.
        level_rule, first_level, canonical_size, canonical_level, mode, p, beta: As they were given to it, too.
        normalise, guard, epsilon, weights_of, layout, dialect: Likewise.
        inputs: The maps, which all but averages need; of the data type of ``grad``.
        out: Arrays to write to, one for each level.
        check: As for `weighted_roi_align_backward`.

    Returns:
        An array for each level, of its shape and of the data type of ``grad``.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `weighted_roi_align`.
    """
    xp = arguments.array_namespace("grad", grad)
    shapes = tuple(checked_shapes(input_shapes, layout, inputs=inputs, out=out))
    choosing = Choosing(level_rule, first_level, canonical_size, canonical_level)
    where = where_of(grad.dtype, len(shapes), spatial_scales, sampling_ratio, aligned, choosing, dialect)
    given = tuple(weights)
    sharing = Sharing.of(
        xp, grad, boxes, given, shapes, where, mode, p, beta, normalise, guard, epsilon, weights_of, layout
    )
    maps = None if inputs is None else tuple(inputs)
    return for_maps(sharing, grad, given, maps, out, check=check)


def multiscale_weighted_roi_align_backward_weights(
    grad: A,
    inputs: Sequence[A],
    boxes: Array | Sequence[Array],
    weights: Sequence[A],
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
    out: Sequence[A] | None = None,
    check: bool = False,
) -> tuple[A, ...]:
    """The gradients for the weights of `multiscale_weighted_roi_align`, as `weighted_roi_align_backward_weights` makes them.

    Args:
        grad: The gradient that arrives at the output; of the data type of the maps.
        inputs, boxes, weights, spatial_scales, sampling_ratio, aligned: As they were given to `multiscale_weighted_roi_align`.
        level_rule, first_level, canonical_size, canonical_level, mode, p, beta: As they were given to it, too.
        normalise, guard, epsilon, weights_of, layout, dialect: Likewise.
        out: Arrays to write to, one for each level, of the shape of its weights.
        check: As for `weighted_roi_align_backward_weights`.

    Returns:
        An array for each level, of the shape of its weights and of the data type of ``grad``. A RoI that has weights of its own
        sends something to those of its level alone.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `weighted_roi_align`.
    """
    maps, given, sharing = _of_maps(
        grad, inputs, boxes, weights, spatial_scales, sampling_ratio, aligned,
        Choosing(level_rule, first_level, canonical_size, canonical_level), dialect, mode, p, beta, normalise, guard,
        epsilon, weights_of, layout,
    )  # fmt: skip
    if out is not None and len(out) != len(given):
        raise ValueError(f"out has {len(out)} arrays for {len(given)} levels")
    return for_weights(sharing, grad, maps, given, out, check=check)


def multiscale_weighted_roi_align_backward_boxes(
    grad: Array,
    inputs: Sequence[Array],
    boxes: A | Sequence[A],
    weights: Sequence[Array],
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
    check: bool = False,
) -> A:
    """The gradient for the boxes of `multiscale_weighted_roi_align`, each on the level that it was pooled from.

    Args:
        grad: The gradient that arrives at the output; of the data type of the maps.
        inputs, boxes, weights, spatial_scales, sampling_ratio, aligned: As they were given to `multiscale_weighted_roi_align`.
        level_rule, first_level, canonical_size, canonical_level, mode, p, beta: As they were given to it, too.
        normalise, guard, epsilon, weights_of, layout, dialect: Likewise.
        out, check: As for `weighted_roi_align_backward_boxes`.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels. Levels stay what they are.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: as for `weighted_roi_align`.
    """
    maps, given, sharing = _of_maps(
        grad, inputs, boxes, weights, spatial_scales, sampling_ratio, aligned,
        Choosing(level_rule, first_level, canonical_size, canonical_level), dialect, mode, p, beta, normalise, guard,
        epsilon, weights_of, layout,
    )  # fmt: skip
    gradient: A = for_boxes(sharing, grad, maps, given, out, check=check)
    return gradient


def _of_maps(
    grad: Any, inputs: Sequence[Any], boxes: Any, weights: Sequence[Any], spatial_scales: Sequence[Any], sampling_ratio: Any,
    aligned: Any, choosing: Choosing, dialect: Any, *how: Any,
) -> tuple[tuple[Any, ...], tuple[Any, ...], Sharing]:  # fmt: skip
    """The maps and weights of a gradient that looks at both, and the gradient; ``how`` ends with the layout."""
    xp, maps = checked_maps(inputs, how[-1])
    where = where_of(maps[0].dtype, len(maps), spatial_scales, sampling_ratio, aligned, choosing, dialect)
    given, shapes = tuple(weights), tuple(tuple(array.shape) for array in maps)
    return maps, given, Sharing.of(xp, grad, boxes, given, shapes, where, *how)
