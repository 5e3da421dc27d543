"""The gradient of crop_and_resize for the images, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of
from ...staging.gathering import Gradient, Macros, gather, workspace_bytes
from .forward import blocks_per_multiprocessor
from .problem import CropAndResizeProblem, asked_for, check_apart, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, CropMethod, DataType, Layout
    from ...calls.problem import Problem
    from ...dialects.crop_and_resize import Dialect


def crop_and_resize_backward(
    grad: A,
    boxes: Array,
    box_indices: Array,
    image_shape: Sequence[int],
    method: CropMethod = "bilinear",
    *,
    layout: Layout = "NHWC",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """The gradient for the images of `crop_and_resize` (CR-7 of ``conformance/operators/crop_and_resize/RULES.md``).

    Every element is summed by one thread in the order of the boxes, so that results are the same from run to run, whatever the
    number of threads; nothing is atomic, and nothing need be zero beforehand.

    Args:
        grad: The gradient that arrives at the output: ``(K, P_h, P_w, C)``, or ``(K, C, P_h, P_w)`` with ``layout="NCHW"``;
            float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes, box_indices: As they were given to `crop_and_resize`.
        image_shape: Shape of the images, ``(N, H, W, C)``, or ``(N, C, H, W)`` with ``layout="NCHW"``.
        method, layout, dialect: As they were given to `crop_and_resize`.
        out: Array to write to: ``image_shape``, data type and device of ``grad``, C-contiguous, apart from the other arrays.
        workspace: Array of bytes (uint8), beginning at a multiple of 16, to use instead of allocating memory;
            `crop_and_resize_backward_workspace` says how many it takes.
        check: On a GPU, wait for the result and raise for a box that could not be cropped. A CPU always does.

    Returns:
        An array of shape ``image_shape``, of the data type of ``grad``. On a GPU, without ``check``, a box that cannot be
        cropped sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box cannot be cropped; see `crop_and_resize`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shape = arguments.shape_of_maps("image_shape", image_shape)
    rows = rows_of(xp, boxes, box_indices, name_of(grad.dtype), shape[0])
    check_apart(xp, out, boxes=boxes, box_indices=box_indices)
    asked = asked_for(grad.dtype, shape, len(rows), bins_of(grad, layout), method, layout, dialect)
    outs = None if out is None else (out,)
    gradient: A
    (gradient,) = gather(xp, GRADIENT, grad, rows, asked, None, outs, workspace, check=check)
    return gradient


def crop_and_resize_backward_workspace(
    image_shape: Sequence[int],
    boxes: int,
    crop_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NHWC",
    on_gpu: bool = True,
) -> int:
    """How many bytes `crop_and_resize_backward` needs as ``workspace``: the sum in `staging.gather_plan.workspace_bytes`.

    Args:
        image_shape: Shape of the images, in their layout.
        boxes: K.
        crop_size, layout: As for `crop_and_resize`.
        dtype: Name of the data type of the images.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = arguments.shape_of_maps("image_shape", image_shape)
    asked = asked_for(arguments.dtype_called(dtype), shape, boxes, crop_size, "bilinear", layout, None)
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


def _macros(problem: Problem, mode: str) -> Macros:
    """Those that no other file of the gradient defines: rules come with the launch."""
    del problem
    return (("MODE", mode),)


GRADIENT = Gradient(
    operator="crop_and_resize",
    problem=CropAndResizeProblem.of,
    macros=_macros,
    piece_bytes={4: 80, 8: 104}.__getitem__,
    blocks=blocks_per_multiprocessor,
)
