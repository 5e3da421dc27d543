"""The gradient of RoIAlign of volumes for the volumes, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...dtypes import name_of
from ...staging.gathering import Gradient, Macros, gather, workspace_bytes
from . import forward_plan as plan
from .folding import NUMBERS, check_volumes, folded, folded_output, shape_of_volumes, size_of_volume
from .problem import VolumeProblem, asked_for, macros_of, output_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...calls.problem import Problem
    from ...dialects.roi_align_3d import Dialect


def roi_align_3d_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    input_shape: Sequence[int],
    spatial_scale: float | tuple[float, float, float] = 1.0,
    sampling_ratio: int | tuple[int, int, int] = -1,
    aligned: bool = False,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """The gradient for the volumes that `roi_align_3d` pooled (RV-9 of ``conformance/operators/roi_align_3d/RULES.md``).

    Every element is summed by one thread in the order of the RoIs, so that results are the same from run to run, whatever the
    number of threads; nothing is atomic, and nothing need be zero beforehand.

    Args:
        grad: The gradient that arrives at the output, finite: ``(K, C, P_d, P_h, P_w)``, or ``(K, P_d, P_h, P_w, C)`` with
            ``layout="NHWC"``; float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes: As they were given to `roi_align_3d`.
        input_shape: Shape of the volumes, ``(N, C, D, H, W)``, or ``(N, D, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, sampling_ratio, aligned, layout, dialect: As they were given to `roi_align_3d`.
        out: Array to write to: ``input_shape``, data type and device of ``grad``, C-contiguous, apart from the other arrays.
        workspace: Array of bytes (uint8), beginning at a multiple of 16, to use instead of allocating memory;
            `roi_align_3d_backward_workspace` says how many it takes.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        An array of shape ``input_shape``, of the data type of ``grad``. On a GPU, without ``check``, a RoI that cannot be pooled
        sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `roi_align_3d`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("grad", grad)
    check_volumes(grad, "grad")
    shape = shape_of_volumes("input_shape", input_shape)
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shape[0], NUMBERS)
    bins = size_of_volume(grad.shape, layout)
    asked = asked_for(grad.dtype, shape, len(rows), bins, spatial_scale, sampling_ratio, layout, dialect, aligned)
    VolumeProblem.of(asked)  # says what is wrong before anything is made of it
    arguments.check_like(xp, "grad", grad, output_shape(shape, len(rows), bins, layout), grad.dtype)
    given = folded_output(xp, out, shape, grad.dtype, layout)
    arriving = folded(xp, grad, layout)
    outs = None if given is None else (given,)
    (gradient,) = gather(xp, GRADIENT, arriving, rows, asked, None, outs, workspace, check=check)
    result: A = gradient.reshape(shape) if out is None else out
    return result


def roi_align_3d_backward_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
    on_gpu: bool = True,
) -> int:
    """How many bytes `roi_align_3d_backward` needs as ``workspace``.

    That is the sum in `staging.gather_plan.workspace_bytes`, of the rows of all slices.

    Args:
        input_shape: Shape of the volumes, in their layout.
        rois: K.
        output_size, layout: As for `roi_align_3d`.
        dtype: Name of the data type of the volumes.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = shape_of_volumes("input_shape", input_shape)
    asked = asked_for(arguments.dtype_called(dtype), shape, rois, output_size, 1.0, 0, layout, None, False)
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


def _macros(problem: Problem, mode: str) -> Macros:
    del mode
    assert isinstance(problem, VolumeProblem)
    return macros_of(problem.dialect)


GRADIENT = Gradient(
    operator="roi_align_3d",
    problem=VolumeProblem.of,
    macros=_macros,
    piece_bytes={4: 136, 8: 200}.__getitem__,
    blocks=plan.blocks_per_multiprocessor,
)
