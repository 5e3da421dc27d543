"""The gradient of BorderAlign for the maps, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...calls import arguments
from ...dtypes import name_of
from ...staging.gather_plan import geometry
from ...staging.gathering import Gradient, Macros, gather, workspace_bytes
from .boxes import boxes_of
from .problem import GradientProblem, asked_for, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...calls.problem import Problem
    from ...dialects.border_align import Dialect
    from ...staging.gather_plan import Geometry

_HOST_CHANNELS = 256  # for which sums of a tile of 16 × 16 pixels in float32 take 256 KiB, of a cache of 1 MiB
_DEVICE_CHANNELS = 64  # one for each thread of a block


def border_align_backward(
    grad: A,
    input: A,  # noqa: A002 - mmcv's name
    boxes: Array | Sequence[Array],
    pool_size: int,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """The gradient for the maps that `border_align` pooled (BA-7 of its ``RULES.md``).

    Every element is summed by one thread in the order of the boxes, so that results are the same from run to run, whatever the
    number of threads; nothing is atomic, and nothing need be zero beforehand.

    Args:
        grad: The gradient that arrives at the output: of its shape, and of the data type of ``input``. Sums are at least float32.
        input: The maps that were pooled, which say which point of a side sends it back.
        boxes, pool_size, layout, dialect: As they were given to `border_align`.
        out: Array to write to: shape, data type and device of ``input``, C-contiguous, apart from the other arrays.
        workspace: Array of bytes (uint8), beginning at a multiple of 16, to use instead of allocating memory;
            `border_align_backward_workspace` says how many it takes.
        check: On a GPU, wait for the result and raise for a box that could not be pooled. A CPU always does.

    Returns:
        An array of shape and data type of ``input``. On a GPU, without ``check``, a box that cannot be pooled sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box cannot be pooled; see `border_align`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    arguments.check_from(xp, "grad", grad)
    rows, of_image = boxes_of(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = asked_for(input.dtype, input.shape, len(rows), of_image, pool_size, layout, dialect)
    outs = None if out is None else (out,)
    gradient: A
    (gradient,) = gather(xp, GRADIENT, grad, rows, asked, (input,), outs, workspace, check=check)
    return gradient


def border_align_backward_workspace(
    input_shape: Sequence[int],
    boxes: int,
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
    on_gpu: bool = True,
) -> int:
    """How many bytes `border_align_backward` needs as ``workspace``: `staging.gather_plan.workspace_bytes`.

    Args:
        input_shape: Shape of the maps, in their layout.
        boxes: Of all images.
        layout: As for `border_align`.
        dtype: Name of the data type of the maps.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = arguments.shape_of_maps("input_shape", input_shape)
    asked = asked_for(arguments.dtype_called(dtype), shape, boxes, None, 1, layout, None)
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


def _on_host(problem: Problem, piece: int) -> Geometry:
    channels = min(problem.channels, _HOST_CHANNELS)
    return geometry(problem, piece, 16, 16, channels, most_rois=1, budget=0)


def _on_device(problem: Problem, piece: int, vector: int) -> Geometry:
    del vector
    channels = min(problem.channels, _DEVICE_CHANNELS)
    return geometry(problem, piece, 8, 8, channels, most_rois=1, budget=0)


def _macros(problem: Problem, _mode: str) -> Macros:
    return (*rules_of(problem), ("ALIGNED", 0))


GRADIENT = Gradient(
    operator="border_align",
    problem=GradientProblem.of,
    macros=_macros,
    piece_bytes=lambda _wide: 0,  # boxes are taken one by one
    blocks=lambda _dtype, _mode: 2,
    host_geometry=_on_host,
    device_geometry=_on_device,
)
