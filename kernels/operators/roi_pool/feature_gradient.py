"""The gradient of RoIPool for the maps, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import Asked, bins_of
from ...dtypes import name_of
from ...staging.gather_plan import Geometry, geometry, host_geometry
from ...staging.gathering import Gradient, Macros, gather, workspace_bytes
from .forward import blocks_per_multiprocessor
from .problem import RoiPoolProblem, rule_macros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout, Mode
    from ...calls.problem import Problem
    from ...dialects.roi_pool import Dialect

_LANES = 16  # the most that a register of any CPU has
_LINE_BYTES = 72 * 1024  # of find_and_send.cuh: for as many pixels and bins as it turns together
_MOST_COLUMNS = 256  # of a tile, the sums of which then take 256 KiB in float32


def roi_pool_backward(
    grad: A,
    boxes: Array | Sequence[Array],
    input_shape: Sequence[int],
    spatial_scale: float | tuple[float, float] = 1.0,
    *,
    mode: Mode = "max",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    input: Array | None = None,  # noqa: A002 - torchvision's name
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """The gradient for the maps that `roi_pool` pooled (RP-8 of ``conformance/operators/roi_pool/RULES.md``).

    A bin sends what arrives at it to the first, row by row, of its greatest pixels; of an average to all of its pixels alike.
    Boxes have no gradient: an output does not change until a corner becomes another pixel.

    Every element is summed by one thread in the order of the RoIs, so that results are the same from run to run, whatever the
    number of threads; nothing is atomic, and nothing need be zero beforehand.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``;
            float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes: As they were given to `roi_pool`.
        input_shape: Shape of the maps, ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, mode, layout, dialect: As they were given to `roi_pool`.
        input: The maps, which a maximum needs; of the data type of ``grad``.
        out: Array to write to: ``input_shape``, data type and device of ``grad``, C-contiguous, apart from the other arrays.
        workspace: Array of bytes (uint8), beginning at a multiple of 16, to use instead of allocating memory;
            `roi_pool_backward_workspace` says how many it takes.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        An array of shape ``input_shape``, of the data type of ``grad``. On a GPU, without ``check``, a RoI that cannot be pooled
        sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `roi_pool`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shape = arguments.shape_of_maps("input_shape", input_shape)
    rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shape[0])
    asked = Asked.of(grad.dtype, (shape,), len(rows), bins_of(grad, layout), (spatial_scale,), mode, layout, dialect)
    maps = None if input is None else (input,)
    outs = None if out is None else (out,)
    gradient: A
    (gradient,) = gather(xp, GRADIENT, grad, rows, asked, maps, outs, workspace, check=check)
    return gradient


def roi_pool_backward_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    mode: Mode = "max",
    layout: Layout = "NCHW",
    on_gpu: bool = True,
) -> int:
    """How many bytes `roi_pool_backward` needs as ``workspace``: the sum in `staging.gather_plan.workspace_bytes`.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, mode, layout: As for `roi_pool`.
        dtype: Name of the data type of the maps.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = arguments.shape_of_maps("input_shape", input_shape)
    asked = Asked.of(arguments.dtype_called(dtype), (shape,), rois, output_size, (1.0,), mode, layout, None)
    return workspace_bytes(GRADIENT, asked, on_gpu=on_gpu)


def _macros(problem: Problem, mode: str) -> Macros:
    assert isinstance(problem, RoiPoolProblem)
    macros = rule_macros(problem.dialect.for_gradient(mode), mode, problem.dtype)
    return (*macros, ("LINE_BYTES", _LINE_BYTES)) if mode == "max" else macros


def _host_geometry(problem: Problem, piece: int) -> Geometry:
    """The usual one, but where a CPU turns rows of maps and of bins into lines: runs of the map, for a register of channels."""
    if problem.mode == "avg" or problem.layout == "NHWC":
        return host_geometry(problem, piece)
    wide = min(max(problem.widths), _MOST_COLUMNS)
    sized = geometry(problem, piece, 16, wide, _LANES, most_rois=32, budget=2**20)
    return replace(sized, memory=sized.memory + _LINE_BYTES)  # after the sums


GRADIENT = Gradient(
    operator="roi_pool",
    problem=RoiPoolProblem.of,
    macros=_macros,
    piece_bytes=lambda _: 72,  # two axes of 24 bytes, whatever the type of sums; a number, and four of 32 bits
    blocks=blocks_per_multiprocessor,
    host_geometry=_host_geometry,
    at_once=True,
)
