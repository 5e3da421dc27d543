"""PSRoIPool: the average of the pixels of each bin of each RoI, each bin in a channel of its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import Asked, kept
from ...dtypes import name_of
from ...execution import device
from ...execution.source import Source, specialise
from ...staging import pooling_plan
from ...staging.pooling import Planned, Planners, nothing, planned_on_device, planned_on_host, pool
from ...staging.pooling_plan import DEVICE_THREADS, Room, Work, device_vector, padded, worthwhile_threads
from .problem import PsRoiPoolProblem, rule_macros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...dialects.ps_roi_pool import Dialect

PREPARED_BYTES = 96
"""Room for a RoI's ``Prepared`` struct (``cuda/ps_roi_pool/forward.cu``), which asserts it."""

MODE = "avg"
"""What becomes of the pixels of a bin."""

_HOST_VECTOR = 16  # channels of the output, as many as the widest registers have lanes
_PARTS = 8  # that a heavy RoI is split into


def ps_roi_pool(
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    *,
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI of a feature map, rounded to whole pixels, into bins that each read a channel of their own.

    CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules are
    those of ``conformance/operators/ps_roi_pool/RULES.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. C is ``C_out * P_h * P_w``: bin (p, q) of channel c of the output reads channel ``(c * P_h + p) * P_w + q``.
            An array that is not contiguous is copied first.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``; corners in image
            pixels. Of the data type of ``input``, or float32 with 16-bit maps. A batch index is a whole number; with a
            ``dialect`` its fraction is left out, as all libraries do.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `roikit.kernels.dialects.ps_roi_pool.Dialect` or the name of one, to get the answer of another library. None
            means ``"roikit"``: torchvision's rules, by which the last row and the last column of a map are never read, but that
            bins begin and end where they do in whole numbers, whatever the data type.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) that a GPU may use instead of allocating memory; `ps_roi_pool_workspace` says how many
            it takes, which nearly always is none.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C_out, P_h, P_w)``, or ``(K, P_h, P_w, C_out)`` with ``layout="NHWC"``, of the data type of ``input``. On a GPU,
        without ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box is not finite, or its batch index is none of ``0 … N-1``. What ``out`` then holds
            is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = Asked.of(input.dtype, (input.shape,), len(rows), output_size, (spatial_scale,), MODE, layout, dialect)
    output: A = pool(xp, (input,), rows, asked, PLANNERS, out=out, workspace=workspace, check=check)
    return output


def ps_roi_pool_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
) -> int:
    """How many bytes `ps_roi_pool` needs as ``workspace`` on the current GPU; 0 unless there are thousands of rows of bins.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, layout: As for `ps_roi_pool`.
        dtype: Name of the data type of the maps.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    asked = Asked.of(
        arguments.dtype_called(dtype), (tuple(input_shape),), rois, output_size, (1.0,), MODE, layout, None
    )
    return plan_on_device(asked, False, device.multiprocessor_count()).workspace_bytes


def specialised(
    dtype: str, layout: str, dialect: Dialect, *, vector: int, packed: bool = False, rules_at_launch: bool = False
) -> Source:
    """The kernel for maps of a data type (by name).

    ``vector`` is the number of neighbouring channels of the output that a thread takes together (NHWC); ``packed`` says that
    each vector of these is aligned to its size. ``rules_at_launch`` is that of `specialise`.
    """
    return specialise(
        "ps_roi_pool/forward.cu",
        "ps_roi_pool_forward",
        dtype,
        (
            *rule_macros(dialect, dtype),
            ("LAYOUT", layout),
            ("LEVELS", 1),
            ("VECTOR", vector),
            ("TOGETHER", vector),
            ("PREPARED_BYTES", PREPARED_BYTES),
            ("THREADS", DEVICE_THREADS),
            ("BLOCKS", blocks_per_multiprocessor(dtype, MODE)),
            ("ALIGNED", int(packed)),
        ),
        rules_at_launch=rules_at_launch,
    )


def blocks_per_multiprocessor(dtype: str, mode: str) -> int:
    """How many blocks of `pooling_plan.DEVICE_THREADS` the registers of a multiprocessor must have room for at once.

    Two leave a thread 128 registers, with which nothing is spilled (``benchmarks/operators/ps_roi_pool/compiled.json``).
    """
    del dtype, mode
    return 2


def host_source(dtype: str, layout: str, dialect: Dialect) -> Source:
    """The kernel that a CPU runs."""
    vector = _HOST_VECTOR if layout == "NHWC" else 1
    return specialised(dtype, layout, dialect, vector=vector, rules_at_launch=True)


def device_sources(dtype: str, layout: str, dialect: Dialect) -> list[Source]:
    """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
    vector = device_vector(dtype, layout)
    alignments = (False, True) if layout == "NHWC" else (False,)
    return [specialised(dtype, layout, dialect, vector=vector, packed=packed) for packed in alignments]


def _room(problem: PsRoiPoolProblem) -> Room:
    """Memory for the pixels of each row and column of bins."""
    return Room(PREPARED_BYTES + sum(padded(8 * bins) for bins in problem.bins))


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = PsRoiPoolProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    work = Work.of(problem)
    source = host_source(problem.dtype, problem.layout, problem.dialect)
    threads = worthwhile_threads(work, threads)
    return planned_on_host(problem, source, pooling_plan.host_plan(work, _room(problem), threads), threads)


@kept
def plan_on_device(asked: Asked, packed: bool, multiprocessors: int) -> Planned:
    """A call on a GPU with so many multiprocessors, whose arrays are aligned to vectors if they are ``packed``."""
    problem = PsRoiPoolProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    work = Work.of(problem)
    vector = device_vector(problem.dtype, problem.layout)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    source = specialised(problem.dtype, problem.layout, problem.dialect, vector=vector, packed=packed)
    plan = pooling_plan.device_plan(work, _room(problem), vector, parts=_PARTS, in_lines=False)
    return planned_on_device(problem, source, plan, multiprocessors)


PLANNERS = Planners(plan_on_host, plan_on_device)
