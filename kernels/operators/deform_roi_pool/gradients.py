"""The gradients of deformable RoI pooling for offsets and boxes, so that both can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...calls import arguments
from ...calls.problem import bins_of
from ...dialects.deform_roi_pool import Slope
from ...dtypes import name_of
from .motions import gradient_for
from .problem import asked_for, resolve_dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...dialects.deform_roi_pool import Dialect


def deform_roi_pool_backward_offset(
    grad: A,
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    offset: A,
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = 0,
    gamma: float = 0.1,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the offsets of `deform_roi_pool` (DP-8 of its ``RULES.md``).

    It is the derivative wherever there is one, and at a pixel's row or column that of the cell after it. With
    ``dialect="mmcv"`` it is mmcv's, which differs where a sample lies before the first pixel or after the last one. Sums are
    added up in one order, and so are the same from run to run; four numbers for each bin are allocated.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input, boxes, offset: As they were given to `deform_roi_pool`.
        spatial_scale, sampling_ratio, gamma, layout, dialect: As they were given to `deform_roi_pool`.
        out: Array to write to: shape and data type of ``offset``, C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 2, P_h, P_w)`` of the data type of ``offset``; 0 for a bin whose offset is not finite. On a GPU, without ``check``,
        that of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `deform_roi_pool`. What ``out`` then holds is not defined.
    """
    slope = resolve_dialect(dialect).slope
    gradient: A = _gradient(
        "offset", slope, grad, input, boxes, offset, spatial_scale, sampling_ratio, gamma, layout, dialect, out, check=check
    )  # fmt: skip
    return gradient


def deform_roi_pool_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = 0,
    offset: Array | None = None,
    gamma: float = 0.1,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `deform_roi_pool` (DP-9 of its ``RULES.md``), which nobody else has.

    The number of samples of an adaptive grid is held fixed. Where there is no derivative (a sample exactly on a pixel's row or
    column) it is that of the cell after it.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``; of
            the data type of ``input``.
        input: As it was given to `deform_roi_pool`.
        boxes: Likewise; of a list of arrays the gradient is that of all rows, one after the other.
        spatial_scale, sampling_ratio, offset, gamma, layout, dialect: As they were given to `deform_roi_pool`.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 maps), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 4)``, for x1, y1, x2, y2 in image pixels: float32, or float64 for float64 maps. On a GPU, without ``check``, the row
        of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `deform_roi_pool`. What ``out`` then holds is not defined.
    """
    gradient: A = _gradient(
        "boxes", Slope.DERIVATIVE, grad, input, boxes, offset, spatial_scale, sampling_ratio, gamma, layout, dialect, out,
        check=check,
    )  # fmt: skip
    return gradient


def _gradient(
    of: str, slope: Slope, grad: Any, maps: Any, boxes: Any, offset: Any, scale: Any, ratio: Any, gamma: Any, layout: Any,
    dialect: Any, out: Any, *, check: bool,
) -> Any:  # fmt: skip
    xp = arguments.array_namespace("input", maps)
    arguments.check_feature_map(maps)
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(maps.dtype), maps.shape[0])
    asked = asked_for(
        maps.dtype, maps.shape, len(rows), bins_of(grad, layout), scale, ratio, gamma, layout, dialect, moves=offset is not None
    )  # fmt: skip
    return gradient_for(xp, of, slope, grad, maps, rows, offset, asked, out=out, check=check)
