"""RoIAlign of volumes: each bin is the average of samples between eight voxels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import kept
from ...dtypes import name_of
from ...execution import device
from ...execution.source import specialise
from ...staging.pooling import Planned, Planners, nothing, planned_on_device, planned_on_host, pool
from ...staging.pooling_plan import DEVICE_THREADS, Work, device_channels, device_vector, worthwhile_threads
from . import forward_plan as plan
from .folding import NUMBERS, check_volumes, folded, folded_output
from .problem import MODE, VolumeProblem, asked_for, macros_of, output_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout
    from ...calls.problem import Asked
    from ...dialects.roi_align_3d import Dialect
    from ...execution.source import Source

# Channels (NHWC) or columns (NCHW) that a CPU takes at once, and channels for which it sums columns together.
_HOST_VECTOR = {"NCHW": 16, "NHWC": 64}
_HOST_CHANNELS = 16


def roi_align_3d(
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int, int],
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
    """Pools each RoI of a volume by averages of samples between its voxels: RoIAlign along three axes.

    CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules are
    those of ``conformance/operators/roi_align_3d/RULES.md``.

    Args:
        input: Volumes ``(N, C, D, H, W)``, or ``(N, D, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. An array that is not contiguous is copied first.
        boxes: ``(K, 7)`` rows ``[batch_index, x1, y1, z1, x2, y2, z2]``, or a list of N arrays ``(L_i, 6)``; corners in image
            pixels. Of the data type of ``input``, or float32 with 16-bit volumes. A batch index is a whole number; with a
            ``dialect`` its fraction is left out, as all libraries do. Of rows ``[batch_index, z1, y1, x1, z2, y2, x2]`` it takes
            ``boxes[:, [0, 3, 2, 1, 6, 5, 4]]``, of ``[batch_index, x1, y1, x2, y2, z1, z2]`` ``boxes[:, [0, 1, 2, 5, 3, 4, 6]]``.
        output_size: Bins per RoI, ``(P_d, P_h, P_w)`` or one number for all three.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_z, scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_d, g_h, g_w)``. 0 or less: as many as the bin has
            feature pixels, rounded up, for every RoI by itself.
        aligned: Whether pixel centres are at whole numbers, so that boxes are moved by half a pixel, and no RoI is enlarged.
            Otherwise each has at least one feature pixel along each axis.
        layout: ``"NCHW"`` for channels first or ``"NHWC"`` for channels last, of ``input`` and output.
        dialect: A `roikit.kernels.dialects.roi_align_3d.Dialect` or the name of one, instead of ``aligned``.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) on the GPU, beginning at a multiple of 16, to use instead of allocating memory;
            `roi_align_3d_workspace` says how many it takes.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C, P_d, P_h, P_w)``, or ``(K, P_d, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of ``input``. On a GPU,
        without ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value; or slices and rows are 2**31 or more in all.
        InvalidRoiError: (a ValueError) a box is not finite, or its batch index is none of ``0 … N-1``; or it is sampled
            adaptively and reaches farther than 2**20 feature pixels. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    check_volumes(input)
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0], NUMBERS)
    asked = asked_for(
        input.dtype, input.shape, len(rows), output_size, spatial_scale, sampling_ratio, layout, dialect, aligned
    )
    VolumeProblem.of(asked)  # says what is wrong before anything is made of it
    shape = output_shape(input.shape, len(rows), output_size, layout)
    given = folded_output(xp, out, shape, input.dtype, layout)
    maps = folded(xp, input, layout)
    output = pool(xp, (maps,), rows, asked, PLANNERS, out=given, workspace=workspace, check=check)
    result: A = output.reshape(shape) if out is None else out
    return result


def roi_align_3d_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int, int],
    sampling_ratio: int | tuple[int, int, int] = -1,
    aligned: bool = False,
    *,
    dtype: DataType = "float32",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> int:
    """How many bytes `roi_align_3d` needs as ``workspace`` on the current GPU; 0 unless adaptive sampling meets large volumes.

    Args:
        input_shape: Shape of the volumes, in their layout.
        rois: K.
        output_size, sampling_ratio, aligned, layout, dialect: As for `roi_align_3d`.
        dtype: Name of the data type of the volumes.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    asked = asked_for(
        arguments.dtype_called(dtype), tuple(input_shape), rois, output_size, 1.0, sampling_ratio, layout, dialect, aligned
    )  # fmt: skip
    return plan_on_device(asked, False, device.multiprocessor_count()).workspace_bytes


def specialised(
    dtype: str,
    layout: str,
    dialect: Dialect,
    *,
    vector: int,
    channels: int = 1,
    packed: bool = False,
    rules_at_launch: bool = False,
) -> Source:
    """The kernel for volumes of a data type (by name).

    ``vector`` is the number of neighbouring elements that a thread reads together, channels (NHWC) or columns (NCHW);
    ``packed`` says that each vector of channels is aligned to its size; ``channels`` is the number of channels for which a
    thread sums columns together (NCHW). ``rules_at_launch`` is that of `specialise`.
    """
    return specialise(
        "roi_align_3d/forward.cu",
        "roi_align_3d_forward",
        dtype,
        (
            *macros_of(dialect),
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
        rules_at_launch=rules_at_launch,
    )


def host_source(dtype: str, layout: str, dialect: Dialect) -> Source:
    """The kernel that a CPU runs."""
    return specialised(
        dtype, layout, dialect, vector=_HOST_VECTOR[layout], channels=_HOST_CHANNELS, rules_at_launch=True
    )


def device_sources(dtype: str, layout: str, dialect: Dialect) -> list[Source]:
    """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
    vector = device_vector(dtype, layout)
    alignments = (False, True) if layout == "NHWC" else (False,)
    return [specialised(dtype, layout, dialect, vector=vector, packed=packed) for packed in alignments]


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = VolumeProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    source = host_source(problem.dtype, problem.layout, problem.dialect)
    threads = worthwhile_threads(Work.of(problem), threads)
    return planned_on_host(problem, source, plan.host_plan(problem, _HOST_VECTOR[problem.layout], threads), threads)


@kept
def plan_on_device(asked: Asked, packed: bool, multiprocessors: int) -> Planned:
    """A call on a GPU with so many multiprocessors, whose arrays are aligned to vectors if they are ``packed``."""
    problem = VolumeProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    vector = device_vector(problem.dtype, problem.layout)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    source = specialised(problem.dtype, problem.layout, problem.dialect, vector=vector, packed=packed)
    planned = plan.device_plan(problem, device_channels(vector, packed=packed))
    return planned_on_device(problem, source, planned, multiprocessors)


PLANNERS = Planners(plan_on_host, plan_on_device)
