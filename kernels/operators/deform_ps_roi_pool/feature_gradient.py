"""The gradient of deformable PSRoIPool for the maps, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of
from ...staging import gather_plan
from ...staging.gathering import Gradient, gather, workspace_bytes
from ...staging.rows import joined
from .problem import GradientProblem, asked_for, check_offset, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...dialects.deform_ps_roi_pool import Dialect


def deform_ps_roi_pool_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    input_shape: Sequence[int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = 4,
    offset: A | None = None,
    gamma: float = 0.1,
    *,
    group_size: int | tuple[int, int] | None = None,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """The gradient for the maps that `deform_ps_roi_pool` pooled (DQ-8 of its ``RULES.md``).

    Every element is summed by one thread in the order of the RoIs and their bins, so that results are the same from run to run,
    whatever the number of threads; nothing is atomic, and nothing need be zero beforehand.

    Args:
        grad: The gradient that arrives at the output: ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with
            ``layout="NHWC"``; float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes: As they were given to `deform_ps_roi_pool`.
        input_shape: Shape of the maps, ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, sampling_ratio, offset, gamma, group_size, layout, dialect: As they were given to `deform_ps_roi_pool`.
        out: Array to write to: ``input_shape``, data type and device of ``grad``, C-contiguous, apart from the other arrays.
        workspace: Array of bytes (uint8), beginning at a multiple of 16, to use instead of allocating memory;
            `deform_ps_roi_pool_backward_workspace` says how many it takes. Rows that have offsets are allocated besides.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        An array of shape ``input_shape``, of the data type of ``grad``. On a GPU, without ``check``, a RoI that cannot be pooled
        sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `deform_ps_roi_pool`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shape = arguments.shape_of_maps("input_shape", input_shape)
    plain = arguments.box_rows(xp, boxes, name_of(grad.dtype), shape[0])
    check_offset(xp, offset)
    asked = asked_for(
        grad.dtype, shape, len(plain), bins_of(grad, layout), spatial_scale, sampling_ratio, offset, gamma, group_size, layout,
        dialect,
    )  # fmt: skip
    rows = joined(xp, "deform_ps_roi_pool", plain, offset, GradientProblem.of(asked).offset_shape, grad)
    outs = None if out is None else (out,)
    gradient: A
    (gradient,) = gather(xp, GRADIENT, grad, rows, asked, None, outs, workspace, check=check)
    return gradient


def deform_ps_roi_pool_backward_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    group_size: int | tuple[int, int] | None = None,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
    on_gpu: bool = True,
) -> int:
    """How many bytes `deform_ps_roi_pool_backward` needs as ``workspace``: `staging.gather_plan.workspace_bytes`.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, group_size, layout: As for `deform_ps_roi_pool`.
        dtype: Name of the data type of the maps.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = arguments.shape_of_maps("input_shape", input_shape)
    kind = arguments.dtype_called(dtype)
    asked = asked_for(kind, shape, rois, output_size, 1.0, 1, None, 1.0, group_size, layout, None)
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


GRADIENT = Gradient(
    operator="deform_ps_roi_pool",
    problem=GradientProblem.of,
    macros=lambda problem, _mode: rules_of(problem),
    piece_bytes=lambda _wide: 0,  # RoIs are taken one by one
    blocks=lambda _dtype, _mode: 2,
    host_geometry=gather_plan.points_on_host,
    device_geometry=gather_plan.points_on_device,
)
