"""PrRoIPool: the mean, over each bin of each RoI, of the surface that bilinear interpolation makes of a feature map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import Asked, kept
from ...dtypes import name_of
from ...execution import device
from ...execution.source import Source, specialise
from ...staging.pooling import Planned, Planners, nothing, planned_on_device, planned_on_host, pool
from ...staging.pooling_plan import DEVICE_THREADS, Work, device_channels, device_vector, worthwhile_threads
from . import forward_plan as plan
from .problem import MODE, RULES, PrRoiPoolProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...dialects.prroi_pool import Dialect

_HOST_VECTOR = {"NCHW": 16, "NHWC": 64}  # columns, as many as the widest registers have lanes; channels, four of them
_HOST_CHANNELS = 4


def prroi_pool(
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
    """Integrates a feature map over each bin of each RoI exactly, and divides by the area of the bin: Precise RoI Pooling.

    Nothing is sampled and no corner is rounded, so that the output changes smoothly with the boxes. Outside the map all is 0, and
    values fall to that within a pixel of its edge. A RoI without area gives 0, one whose second corner lies before the first
    likewise. CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The
    rules are those of ``conformance/operators/prroi_pool/RULES.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. An array that is not contiguous is copied first.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``; corners in image
            pixels. Of the data type of ``input``, or float32 with 16-bit maps. A batch index is a whole number; with a
            ``dialect`` its fraction is left out, as all libraries do.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `roikit.kernels.dialects.prroi_pool.Dialect` or the name of one; they differ in gradients for boxes alone. None
            means mmcv's rules.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) that a GPU may use instead of allocating memory; `prroi_pool_workspace` says how many
            it takes, which nearly always is none.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of ``input``. On a GPU, without
        ``check``, the bins of a RoI that cannot be pooled are NaN.

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


def prroi_pool_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
) -> int:
    """How many bytes `prroi_pool` needs as ``workspace`` on the current GPU; 0 unless maps are many hundreds of pixels wide.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, layout: As for `prroi_pool`.
        dtype: Name of the data type of the maps.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    asked = Asked.of(
        arguments.dtype_called(dtype), (tuple(input_shape),), rois, output_size, (1.0,), MODE, layout, None
    )
    return plan_on_device(asked, False, device.multiprocessor_count()).workspace_bytes


def specialised(dtype: str, layout: str, *, vector: int, channels: int = 1, packed: bool = False) -> Source:
    """The kernel for maps of a data type (by name).

    ``vector`` is the number of neighbouring elements that a thread reads together, channels (NHWC) or columns (NCHW);
    ``packed`` says that each vector of channels is aligned to its size; ``channels`` is the number of channels for which a
    thread sums columns together (NCHW). No dialect changes it.
    """
    return specialise(
        "prroi_pool/forward.cu",
        "prroi_pool_forward",
        dtype,
        (
            *RULES,
            ("LAYOUT", layout),
            ("LEVELS", 1),
            ("VECTOR", vector),
            ("TOGETHER", device_channels(vector, packed=packed)),
            ("CHANNELS", channels),
            ("PREPARED_BYTES", plan.PREPARED_BYTES),
            ("THREADS", DEVICE_THREADS),
            ("BLOCKS", plan.blocks_per_multiprocessor(dtype, MODE)),
            ("DENSE", plan.DENSE),
            ("GATHER", plan.GATHER),
            ("ALIGNED", int(packed)),
        ),
    )


def host_source(dtype: str, layout: str) -> Source:
    """The kernel that a CPU runs."""
    return specialised(dtype, layout, vector=_HOST_VECTOR[layout], channels=_HOST_CHANNELS)


def device_sources(dtype: str, layout: str) -> list[Source]:
    """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
    vector = device_vector(dtype, layout)
    alignments = (False, True) if layout == "NHWC" else (False,)
    return [specialised(dtype, layout, vector=vector, packed=packed) for packed in alignments]


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = PrRoiPoolProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    threads = worthwhile_threads(Work.of(problem), threads)
    laid_out = plan.host_plan(problem, _HOST_VECTOR[problem.layout], threads)
    return planned_on_host(problem, host_source(problem.dtype, problem.layout), laid_out, threads)


@kept
def plan_on_device(asked: Asked, packed: bool, multiprocessors: int) -> Planned:
    """A call on a GPU with so many multiprocessors, whose arrays are aligned to vectors if they are ``packed``."""
    problem = PrRoiPoolProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    vector = device_vector(problem.dtype, problem.layout)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    source = specialised(problem.dtype, problem.layout, vector=vector, packed=packed)
    planned = plan.device_plan(problem, device_channels(vector, packed=packed))
    return planned_on_device(problem, source, planned, multiprocessors)


PLANNERS = Planners(plan_on_host, plan_on_device)
