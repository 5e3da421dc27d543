"""The gradient of PSRoIAlign for the maps, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of
from ...staging.gathering import Gradient, Macros, gather, workspace_bytes
from ...staging.selected import blocks_per_multiprocessor
from .problem import GradientProblem, asked_for, rule_macros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...calls.problem import Problem
    from ...dialects.ps_roi_align import Dialect


def ps_roi_align_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    input_shape: Sequence[int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """The gradient for the maps that `ps_roi_align` pooled (PA-5 of ``conformance/operators/ps_roi_align/RULES.md``).

    Every element is summed by one thread in the order of the RoIs, so that results are the same from run to run, whatever the
    number of threads; nothing is atomic, and nothing need be zero beforehand.

    Args:
        grad: The gradient that arrives at the output: ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with
            ``layout="NHWC"``; float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes: As they were given to `ps_roi_align`.
        input_shape: Shape of the maps, ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, sampling_ratio, layout, dialect: As they were given to `ps_roi_align`.
        out: Array to write to: ``input_shape``, data type and device of ``grad``, C-contiguous, apart from the other arrays.
        workspace: Array of bytes (uint8), beginning at a multiple of 16, to use instead of allocating memory;
            `ps_roi_align_backward_workspace` says how many it takes.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        An array of shape ``input_shape``, of the data type of ``grad``. On a GPU, without ``check``, a RoI that cannot be pooled
        sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `ps_roi_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shape = arguments.shape_of_maps("input_shape", input_shape)
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shape[0])
    asked = asked_for(
        grad.dtype, shape, len(rows), bins_of(grad, layout), spatial_scale, sampling_ratio, layout, dialect
    )
    outs = None if out is None else (out,)
    gradient: A
    (gradient,) = gather(xp, GRADIENT, grad, rows, asked, None, outs, workspace, check=check)
    return gradient


def ps_roi_align_backward_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
    on_gpu: bool = True,
) -> int:
    """How many bytes `ps_roi_align_backward` needs as ``workspace``: the sum in `staging.gather_plan.workspace_bytes`.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, layout: As for `ps_roi_align`.
        dtype: Name of the data type of the maps.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = arguments.shape_of_maps("input_shape", input_shape)
    asked = asked_for(arguments.dtype_called(dtype), shape, rois, output_size, 1.0, 0, layout, None)
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


def _macros(problem: Problem, mode: str) -> Macros:
    assert isinstance(problem, GradientProblem)
    return rule_macros(problem.dialect.for_gradient(mode))


GRADIENT = Gradient(
    operator="ps_roi_align",
    problem=GradientProblem.of,
    macros=_macros,
    piece_bytes={4: 72, 8: 104}.__getitem__,
    blocks=blocks_per_multiprocessor,
)
