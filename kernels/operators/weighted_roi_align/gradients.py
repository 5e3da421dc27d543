"""The gradients of weighted RoIAlign for maps, weights and boxes: RoIAlign's, gathered tile by tile, of what bins share out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from .problem import BETA, P, Where
from .sending import for_boxes, for_maps, for_weights
from .shares import Sharing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, GuardName, Layout
    from ...dialects.roi_align import Dialect
    from .problem import WeightedMode, WeightsOf


def weighted_roi_align_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    weights: A,
    input_shape: Sequence[int],
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
    input: Array | None = None,  # noqa: A002 - torchvision's name
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the maps that `weighted_roi_align` pooled (SW-6 of ``conformance/operators/weighted_roi_align/RULES.md``).

    Every element is summed by one thread in the order of the RoIs, so that results are the same from run to run, whatever the
    number of threads; nothing is atomic. What is between the steps is allocated: an array of the maps' shape, and one of the
    output's; of a maximum another of the maps' shape, and its winners; of a mean that, and three of the output's.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``;
            float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes, weights: As they were given to `weighted_roi_align`; the weights of the data type of ``grad``.
        input_shape: Shape of the maps, ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, sampling_ratio, aligned, mode, p, beta, normalise, guard, epsilon, weights_of, layout, dialect: As they
            were given to `weighted_roi_align`.
        input: The maps, which all but averages need; of the data type of ``grad``.
        out: Array to write to: ``input_shape``, data type and device of ``grad``, C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        An array of shape ``input_shape``, of the data type of ``grad``. On a GPU, without ``check``, a RoI that cannot be pooled
        sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `weighted_roi_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("grad", grad)
    shape = arguments.shape_of_maps("input_shape", input_shape)
    sharing = Sharing.of(
        xp, grad, boxes, (weights,), (shape,), Where((spatial_scale,), sampling_ratio, aligned, dialect), mode, p, beta,
        normalise, guard, epsilon, weights_of, layout,
    )  # fmt: skip
    maps, outs = (None if given is None else (given,) for given in (input, out))
    gradient: A
    (gradient,) = for_maps(sharing, grad, (weights,), maps, outs, check=check)
    return gradient


def weighted_roi_align_backward_weights(
    grad: A,
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    weights: A,
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
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the weights of `weighted_roi_align` (SW-7 of ``conformance/operators/weighted_roi_align/RULES.md``).

    It is summed in the order of the RoIs and then of channels, and so the same from run to run. What is between the steps is
    allocated: an array of the maps' shape, and with ``normalise`` two of the output's.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input, boxes, weights: As they were given to `weighted_roi_align`.
        spatial_scale, sampling_ratio, aligned, mode, p, beta, normalise, guard, epsilon, weights_of, layout, dialect: As they
            were given to `weighted_roi_align`. Through ``"none"`` and a sum of 0 there is no gradient: it is not finite.
        out: Array to write to: shape, data type and device of ``weights``, C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        An array of the shape of ``weights``, of the data type of ``grad``: of weights that all channels have the sum over
        these. On a GPU, without ``check``, a RoI that cannot be pooled sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `weighted_roi_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    sharing = Sharing.of(
        xp, grad, boxes, (weights,), (tuple(input.shape),), Where((spatial_scale,), sampling_ratio, aligned, dialect), mode,
        p, beta, normalise, guard, epsilon, weights_of, layout,
    )  # fmt: skip
    gradient: A
    (gradient,) = for_weights(sharing, grad, (input,), (weights,), None if out is None else (out,), check=check)
    return gradient


def weighted_roi_align_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    weights: Array,
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
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `weighted_roi_align` (SW-8 of ``conformance/operators/weighted_roi_align/RULES.md``).

    The number of samples of an adaptive grid is held fixed. Where there is no derivative (a sample exactly on a pixel, a RoI
    exactly as large as the least one) it is that from the right. What is between the steps is allocated: the weighted maps, and
    with ``normalise`` two arrays of the output's shape.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input, weights: As they were given to `weighted_roi_align`.
        boxes: Likewise; of a list of arrays the gradient is that of all rows, one after the other.
        spatial_scale, sampling_ratio, aligned, mode, p, beta, normalise, guard, epsilon, weights_of, layout, dialect: As they
            were given to `weighted_roi_align`. Through ``"none"`` and a sum of 0 there is no gradient: it is not finite.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 maps), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels: float32, or float64 for float64 maps. On a GPU, without ``check``, the row
        of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `weighted_roi_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    sharing = Sharing.of(
        xp, grad, boxes, (weights,), (tuple(input.shape),), Where((spatial_scale,), sampling_ratio, aligned, dialect), mode,
        p, beta, normalise, guard, epsilon, weights_of, layout,
    )  # fmt: skip
    gradient: A = for_boxes(sharing, grad, (input,), (weights,), out, check=check)
    return gradient
