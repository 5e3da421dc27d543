"""The gradient of rotation-invariant RoIAlign for the maps, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of
from ...staging import gather_plan
from ...staging.gathering import Gradient, gather, workspace_bytes
from .problem import NUMBERS, RotationInvariantProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...dialects.riroi_align_rotated import Dialect


def riroi_align_rotated_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    input_shape: Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int | tuple[int, int] = 0,
    num_orientations: int = 8,
    clockwise: bool = False,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """The gradient for the maps that `riroi_align_rotated` pooled (RI-5 of its ``RULES.md``).

    Every element is summed by one thread in the order of the RoIs and their bins, so that results are the same from run to run,
    whatever the number of threads; nothing is atomic, and nothing need be zero beforehand.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``;
            float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes: As they were given to `riroi_align_rotated`.
        input_shape: Shape of the maps, ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, sampling_ratio, num_orientations, clockwise, layout, dialect: As they were given to `riroi_align_rotated`.
        out: Array to write to: ``input_shape``, data type and device of ``grad``, C-contiguous, apart from the other arrays.
        workspace: Array of bytes (uint8), beginning at a multiple of 16, to use instead of allocating memory;
            `riroi_align_rotated_backward_workspace` says how many it takes.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        An array of shape ``input_shape``, of the data type of ``grad``. On a GPU, without ``check``, a RoI that cannot be pooled
        sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `riroi_align_rotated`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shape = arguments.shape_of_maps("input_shape", input_shape)
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shape[0], NUMBERS)
    asked = asked_for(
        grad.dtype, shape, len(rows), bins_of(grad, layout), spatial_scale, sampling_ratio, num_orientations, clockwise,
        layout, dialect,
    )  # fmt: skip
    outs = None if out is None else (out,)
    gradient: A
    (gradient,) = gather(xp, GRADIENT, grad, rows, asked, None, outs, workspace, check=check)
    return gradient


def riroi_align_rotated_backward_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
    on_gpu: bool = True,
) -> int:
    """How many bytes `riroi_align_rotated_backward` needs as ``workspace``: `staging.gather_plan.workspace_bytes`.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, layout: As for `riroi_align_rotated`.
        dtype: Name of the data type of the maps.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = arguments.shape_of_maps("input_shape", input_shape)
    asked = asked_for(arguments.dtype_called(dtype), shape, rois, output_size, 1.0, 1, 1, False, layout, None)
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


GRADIENT = Gradient(
    operator="riroi_align_rotated",
    problem=RotationInvariantProblem.of,
    macros=lambda problem, _mode: rules_of(problem),
    piece_bytes=lambda _wide: 0,  # RoIs are taken one by one
    blocks=lambda _dtype, _mode: 2,
    host_geometry=gather_plan.points_on_host,
    device_geometry=gather_plan.points_on_device,
)
