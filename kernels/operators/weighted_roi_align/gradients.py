"""The gradients of weighted RoIAlign for maps, weights and boxes: RoIAlign's, gathered tile by tile, of what bins share out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...dtypes import name_of
from ...staging.box_gradient import slope
from . import pixels, rois
from .pixels import Shape, run_step
from .shares import OF_BOXES, Sharing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from ...annotations import A, Array, GuardName, Layout, Mode
    from ...dialects.roi_align import Dialect
    from .problem import WeightsOf


def weighted_roi_align_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    weights: A,
    input_shape: Sequence[int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: Mode = "avg",
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
    output's; of a maximum another of the maps' shape, and its winners.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``;
            float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes, weights: As they were given to `weighted_roi_align`; the weights of the data type of ``grad``.
        input_shape: Shape of the maps, ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, sampling_ratio, aligned, mode, normalise, guard, epsilon, weights_of, layout, dialect: As they were given
            to `weighted_roi_align`.
        input: The maps, which a maximum needs; of the data type of ``grad``.
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
        xp, grad, boxes, weights, shape, spatial_scale, sampling_ratio, aligned, mode, normalise, guard, epsilon,
        weights_of, layout, dialect,
    )  # fmt: skip
    others = {"grad": grad, "boxes": sharing.rows, "weights": weights}
    if mode == "max":
        others["input"] = input = _compared_maps(xp, input, shape, grad)  # noqa: A001 - likewise
    out = arguments.output_array(xp, out, shape, grad.dtype, **others)
    if sharing.is_of_rois:
        _write_maps_of_rois(sharing, input, out, check=check)
    else:
        _write_for_maps(sharing, input, weights, out, check=check)
    gradient: A = out
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
    mode: Mode = "avg",
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
        spatial_scale, sampling_ratio, aligned, mode, normalise, guard, epsilon, weights_of, layout, dialect: As they were given
            to `weighted_roi_align`. Through ``"none"`` and a sum of 0 there is no gradient: it is not finite.
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
    xp, sharing = _of_maps(
        grad, input, boxes, weights, spatial_scale, sampling_ratio, aligned, mode, normalise, guard, epsilon,
        weights_of, layout, dialect,
    )  # fmt: skip
    others = {"grad": grad, "boxes": sharing.rows, "weights": weights, "input": input}
    out = arguments.output_array(xp, out, tuple(weights.shape), grad.dtype, **others)
    if sharing.is_of_rois:
        _write_weights_of_rois(sharing, input, out, check=check)
    else:
        _write_for_weights(sharing, input, weights, out, check=check)
    gradient: A = out
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
    mode: Mode = "avg",
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
        spatial_scale, sampling_ratio, aligned, mode, normalise, guard, epsilon, weights_of, layout, dialect: As they were given
            to `weighted_roi_align`. Through ``"none"`` and a sum of 0 there is no gradient: it is not finite.
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
    xp, sharing = _of_maps(
        grad, input, boxes, weights, spatial_scale, sampling_ratio, aligned, mode, normalise, guard, epsilon,
        weights_of, layout, dialect,
    )  # fmt: skip
    others = {"grad": grad, "boxes": sharing.rows, "weights": weights, "input": input}
    out = arguments.output_array(xp, out, (len(sharing.rows), 4), sharing.rows.dtype, **others)
    if sharing.is_of_rois:
        _write_boxes_with_weights(sharing, input, out, check=check)
    else:
        _write_for_boxes(sharing, input, weights, out, check=check)
    gradient: A = out
    return gradient


def _of_maps(grad: Any, maps: Any, boxes: Any, weights: Any, *how: Any) -> tuple[Any, Sharing]:
    """A gradient that looks at the maps."""
    xp = arguments.array_namespace("input", maps)
    arguments.check_feature_map(maps)
    sharing = Sharing.of(xp, grad, boxes, weights, tuple(maps.shape), *how)
    arguments.check_like(xp, "input", maps, tuple(maps.shape), grad.dtype)
    return xp, sharing


def _compared_maps(xp: ModuleType, maps: Any, shape: tuple[int, ...], grad: Any) -> Any:
    """The maps that a maximum was taken of, checked."""
    if maps is None:
        raise ValueError('the gradient of mode="max" needs the maps that were pooled: pass input')
    arguments.check_from(xp, "input", maps)
    arguments.check_like(xp, "input", maps, shape, grad.dtype)
    if xp is not np:
        arguments.check_same_device(xp, grad, input=maps)
    return maps


def _write_for_maps(sharing: Sharing, maps: Any, weights: Any, out: Any, *, check: bool) -> None:
    """SW-6, of weights of images; an average needs no maps."""
    xp, call = sharing.xp, sharing.call
    sent = sharing.sent(sharing.shares(), sharing.compared(maps, weights), check=check)
    how = Shape.of(sharing.shape, call.layout, call.weighing.channels)
    weights = arguments.contiguous(xp, weights)
    run_step(xp, "for_maps", name_of(out.dtype), call.layout, how, sent=sent, weights=weights, gradient=out)


def _write_for_weights(sharing: Sharing, maps: Any, weights: Any, out: Any, *, check: bool = False) -> None:
    """SW-7, of weights of images."""
    xp, call = sharing.xp, sharing.call
    sent, taken = sharing.sent(sharing.shares(), sharing.compared(maps, weights), check=check), None
    if sharing.normalises:
        taken = sharing.sent(sharing.taken_by_bins(maps), shape=tuple(sharing.weights.shape))
    how = Shape.of(sharing.shape, call.layout, call.weighing.channels)
    maps = arguments.contiguous(xp, maps)
    run_step(
        xp, "for_weights", name_of(out.dtype), call.layout, how, maps=maps, sent=sent, taken=taken, gradient=out
    )  # fmt: skip


def _write_for_boxes(sharing: Sharing, maps: Any, weights: Any, out: Any, *, check: bool = False) -> None:
    """SW-8, of weights of images."""
    xp, layout = sharing.xp, sharing.call.layout
    products = pixels.weighed(xp, maps, weights, layout)
    slope(xp, OF_BOXES, sharing.shares(), (products,), sharing.rows, sharing.of_roi_align(), out=out, check=check)
    if not (sharing.normalises and sharing.grad.size):
        return
    # What the sums of weights change as boxes move.
    asked = sharing.of_roi_align(tuple(sharing.weights.shape))
    taken = slope(
        xp, OF_BOXES, sharing.taken_by_bins(maps), (sharing.weights,), sharing.rows, asked, out=None, check=False
    )
    run_step(xp, "take_away", name_of(out.dtype), layout, Shape(len(out), 1, 4), taken=taken, **{"from": out})


# ---- weights of RoIs -------------------------------------------------------------------------------------------------


def _write_maps_of_rois(sharing: Sharing, maps: Any, out: Any, *, check: bool) -> None:
    """SW-6, of weights of RoIs; an average needs no maps."""
    sharing.check(wanted=check)
    with rois.as_computed(sharing, out) as gradient:
        gradient.fill(0)
        for part in rois.parts(sharing):
            of_rois = part.sharing
            compared = None if maps is None else of_rois.compared(rois.maps_of(part, maps), of_rois.weights)
            rois.add_rois(part, of_rois.sent(of_rois.shares(), compared), gradient)


def _write_weights_of_rois(sharing: Sharing, maps: Any, out: Any, *, check: bool) -> None:
    """SW-7, of weights of RoIs."""
    sharing.check(wanted=check)
    for part in rois.parts(sharing):
        with rois.as_computed(sharing, out[part.several]) as gradient:
            _write_for_weights(part.sharing, rois.maps_of(part, maps), part.sharing.weights, gradient)


def _write_boxes_with_weights(sharing: Sharing, maps: Any, out: Any, *, check: bool) -> None:
    """SW-8, of weights of RoIs."""
    sharing.check(wanted=check)
    for part in rois.parts(sharing):
        _write_for_boxes(part.sharing, rois.maps_of(part, maps), part.sharing.weights, out[part.several])
