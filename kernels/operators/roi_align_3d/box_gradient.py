"""The gradient of RoIAlign of volumes for the boxes, so that boxes can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...dtypes import name_of
from ...staging.box_gradient import BoxGradient, slope
from .folding import NUMBERS, check_volumes, folded, size_of_volume
from .problem import VolumeProblem, asked_for, macros_of, output_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, Layout
    from ...calls.problem import Problem
    from ...dialects.roi_align_3d import Dialect
    from ...staging.gathering import Macros


def roi_align_3d_backward_boxes(
    grad: Array,
    input: Array,  # noqa: A002 - torchvision's name
    boxes: A | Sequence[A],
    spatial_scale: float | tuple[float, float, float] = 1.0,
    sampling_ratio: int | tuple[int, int, int] = -1,
    aligned: bool = False,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `roi_align_3d` (RV-10 of ``conformance/operators/roi_align_3d/RULES.md``).

    The number of samples of an adaptive grid is held fixed. Where there is no derivative (a sample exactly on a voxel's plane, a
    RoI exactly as large as the least one) it is that from the right.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_d, P_h, P_w)``, or ``(K, P_d, P_h, P_w, C)`` with
            ``layout="NHWC"``; of the data type of ``input``.
        input: The volumes that were pooled: ``(N, C, D, H, W)``, or ``(N, D, H, W, C)``.
        boxes: As they were given to `roi_align_3d`; of a list of arrays the gradient is that of all rows, one after the other.
        spatial_scale, sampling_ratio, aligned, layout, dialect: As they were given to `roi_align_3d`.
        out: Array to write to: ``(K, 6)``, float32 (float64 for float64 volumes), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, 6)``, for x1, y1, z1, x2, y2, z2 in image pixels: float32, or float64 for float64 volumes. On a GPU, without
        ``check``, the row of a RoI that cannot be pooled is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `roi_align_3d`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    check_volumes(input)
    arguments.check_from(xp, "grad", grad)
    check_volumes(grad, "grad")
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0], NUMBERS)
    bins = size_of_volume(grad.shape, layout)
    asked = asked_for(
        input.dtype, input.shape, len(rows), bins, spatial_scale, sampling_ratio, layout, dialect, aligned
    )
    VolumeProblem.of(asked)  # says what is wrong before anything is made of it
    arguments.check_like(xp, "grad", grad, output_shape(input.shape, len(rows), bins, layout), input.dtype)
    maps, arriving = (folded(xp, array, layout) for array in (input, grad))
    gradient: A = slope(xp, GRADIENT, arriving, (maps,), rows, asked, out=out, check=check)
    return gradient


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, VolumeProblem)
    return macros_of(problem.dialect)


GRADIENT = BoxGradient(
    operator="roi_align_3d",
    problem=VolumeProblem.of,
    macros=_macros,
    neighbours=True,
    numbers=len(NUMBERS),
    vector=2,  # eight voxels of it and six sums fit into registers
)
