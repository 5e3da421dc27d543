"""The gradients of weighted RoIAlign for maps, weights and boxes: RoIAlign's, gathered tile by tile, of what bins share out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...calls import arguments
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from ...staging.gathering import Gradient, gather
from ...staging.sampling import rule_macros
from . import pixels
from .forward import blocks_per_multiprocessor
from .pixels import Shape, run_step
from .problem import MODE, SamplingProblem
from .shares import Sharing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, GuardName, Layout
    from ...calls.problem import Problem
    from ...dialects.roi_align import Dialect
    from ...staging.gathering import Macros


def weighted_roi_align_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    weights: A,
    input_shape: Sequence[int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    normalise: bool = False,
    guard: GuardName = "zero",
    epsilon: float = 1e-6,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the maps that `weighted_roi_align` pooled (SW-6 of ``conformance/operators/weighted_roi_align/RULES.md``).

    Every element is summed by one thread in the order of the RoIs, so that results are the same from run to run, whatever the
    number of threads; nothing is atomic. What is between the steps is allocated: an array of the maps' shape, and one of the
    output's.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``;
            float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes, weights: As they were given to `weighted_roi_align`; the weights of the data type of ``grad``.
        input_shape: Shape of the maps, ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, sampling_ratio, aligned, normalise, guard, epsilon, layout, dialect: As they were given to
            `weighted_roi_align`.
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
        xp, grad, boxes, weights, shape, spatial_scale, sampling_ratio, aligned, normalise, guard, epsilon, layout, dialect
    )  # fmt: skip
    out = arguments.output_array(xp, out, shape, grad.dtype, grad=grad, boxes=sharing.rows, weights=weights)
    sent = _sent(sharing, sharing.shares(), check=check)
    weights = arguments.contiguous(xp, weights)
    how = Shape.of(shape, layout, sharing.call.weighing.channels)
    run_step(xp, "for_maps", name_of(grad.dtype), layout, how, sent=sent, weights=weights, gradient=out)
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
    normalise: bool = False,
    guard: GuardName = "zero",
    epsilon: float = 1e-6,
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
        spatial_scale, sampling_ratio, aligned, normalise, guard, epsilon, layout, dialect: As they were given to
            `weighted_roi_align`. Through ``"none"`` and a sum of 0 there is no gradient: it is not finite.
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
        grad, input, boxes, weights, spatial_scale, sampling_ratio, aligned, normalise, guard, epsilon, layout, dialect
    )  # fmt: skip
    others = {"grad": grad, "boxes": sharing.rows, "weights": weights, "input": input}
    out = arguments.output_array(xp, out, tuple(weights.shape), grad.dtype, **others)
    sent, taken = _sent(sharing, sharing.shares(), check=check), None
    if sharing.normalises:
        taken = _sent(sharing, _taken_by_bins(sharing, input), tuple(weights.shape))
    maps = arguments.contiguous(xp, input)
    how = Shape.of(tuple(input.shape), layout, sharing.call.weighing.channels)
    run_step(
        xp, "for_weights", name_of(grad.dtype), layout, how, maps=maps, sent=sent, taken=taken, gradient=out
    )  # fmt: skip
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
    normalise: bool = False,
    guard: GuardName = "zero",
    epsilon: float = 1e-6,
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
        spatial_scale, sampling_ratio, aligned, normalise, guard, epsilon, layout, dialect: As they were given to
            `weighted_roi_align`. Through ``"none"`` and a sum of 0 there is no gradient: it is not finite.
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
        grad, input, boxes, weights, spatial_scale, sampling_ratio, aligned, normalise, guard, epsilon, layout, dialect
    )  # fmt: skip
    others = {"grad": grad, "boxes": sharing.rows, "weights": weights, "input": input}
    out = arguments.output_array(xp, out, (len(sharing.rows), 4), sharing.rows.dtype, **others)
    products = pixels.weighed(xp, input, weights, layout)
    gradient: A = slope(
        xp, OF_BOXES, sharing.shares(), (products,), sharing.rows, sharing.of_roi_align(), out=out, check=check
    )
    if sharing.normalises and sharing.grad.size:
        _take_away(sharing, input, gradient)
    return gradient


def _take_away(sharing: Sharing, maps: Any, gradient: Any) -> None:
    """Takes away what the sums of weights change as boxes move."""
    xp, layout = sharing.xp, sharing.call.layout
    asked = sharing.of_roi_align(tuple(sharing.weights.shape))
    taken = slope(
        xp, OF_BOXES, _taken_by_bins(sharing, maps), (sharing.weights,), sharing.rows, asked, out=None, check=False
    )
    shape = Shape(len(gradient), 1, 4)
    run_step(xp, "take_away", name_of(gradient.dtype), layout, shape, taken=taken, **{"from": gradient})


def _taken_by_bins(sharing: Sharing, maps: Any) -> Any:
    """What bins take away for their sums of weights: summed over channels where all have the same weights."""
    xp, layout = sharing.xp, sharing.call.layout
    by_bins = sharing.taken(pixels.widened(xp, maps, layout))
    return pixels.channels_added(xp, by_bins, layout) if sharing.call.weighing.channels == 1 else by_bins


def _of_maps(grad: Any, maps: Any, boxes: Any, weights: Any, *how: Any) -> tuple[Any, Sharing]:
    """A gradient that looks at the maps."""
    xp = arguments.array_namespace("input", maps)
    arguments.check_feature_map(maps)
    sharing = Sharing.of(xp, grad, boxes, weights, tuple(maps.shape), *how)
    arguments.check_like(xp, "input", maps, tuple(maps.shape), grad.dtype)
    return xp, sharing


def _sent(sharing: Sharing, shares: Any, shape: tuple[int, ...] | None = None, *, check: bool = False) -> Any:
    """What RoIAlign sends to maps of this shape, or of that of the call's, in the type that is computed with."""
    asked = sharing.of_roi_align(shape)
    (sent,) = gather(sharing.xp, OF_MAPS, shares, sharing.rows, asked, None, None, None, check=check)
    return sent


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, SamplingProblem)
    return rule_macros(problem.dialect.for_gradient(MODE), MODE)


OF_MAPS = Gradient(
    operator="weighted_roi_align",
    problem=SamplingProblem.of,
    macros=lambda problem, _mode: _macros(problem),
    piece_bytes={4: 72, 8: 104}.__getitem__,
    blocks=blocks_per_multiprocessor,
)
OF_BOXES = BoxGradient(operator="weighted_roi_align", problem=SamplingProblem.of, macros=_macros, neighbours=True)
