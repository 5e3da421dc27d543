"""RoIAlign: bilinear samples of a feature map on a regular grid in each bin of each RoI, averaged or maximised."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.levels import compiled_levels
from ...calls.problem import Asked, kept
from ...dtypes import name_of
from ...execution import device
from ...execution.source import Source, specialise
from ...staging.pooling import Planned, Planners, nothing, planned_on_device, planned_on_host, pool
from ...staging.pooling_plan import DEVICE_THREADS, device_channels, device_vector, worthwhile_threads
from ...staging.sampling import rule_macros
from . import forward_plan as plan
from .problem import RoiAlignProblem, asked_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, DataType, Layout, Mode
    from ...dialects.roi_align import Dialect

_HOST_VECTOR = {"NCHW": 16, "NHWC": 64}  # columns, as many as the widest registers have lanes; channels, four of them
_HOST_CHANNELS = 4

ANY_SIZE = (0, 0)
_COMMON_SIZES = tuple(itertools.product((7, 14), (1, 2)))  # rows and columns of bins, samples along an axis


def roi_align(
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: Mode = "avg",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI of a feature map into a fixed number of bins.

    CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules
    are those of ``conformance/operators/roi_align/RULES.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. An array that is not contiguous is copied first.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``; corners in image
            pixels. Of the data type of ``input``, or float32 with 16-bit maps. A batch index is a whole number; with a
            ``dialect`` its fraction is left out, as all libraries do.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_y, g_x)``. 0 or less: as many as the bin has
            feature pixels, rounded up (or as the dialect says), for every RoI by itself.
        aligned: Whether boxes are shifted by half a feature pixel, which is right, or left as they are and enlarged to at least
            one pixel, which is what the first implementations did.
        mode: ``"avg"`` or ``"max"``, what a bin makes of its samples.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `Dialect` or the name of one, to get the answer of another library. It decides what ``aligned`` would,
            and goes without that. None means torchvision's rules.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) that a GPU may use instead of allocating memory; `roi_align_workspace` says how many
            it takes, which nearly always is none.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of ``input``. On a GPU,
        without ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box is not finite, or its batch index is none of ``0 … N-1``, or it reaches farther
            than 2**20 feature pixels and is sampled adaptively. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    asked = asked_for(
        input.dtype, (input.shape,), len(rows), output_size, (spatial_scale,), sampling_ratio, mode, layout, dialect, aligned
    )  # fmt: skip
    output: A = pool(xp, (input,), rows, asked, PLANNERS, out=out, workspace=workspace, check=check)
    return output


def roi_align_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    dtype: DataType = "float32",
    mode: Mode = "avg",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
) -> int:
    """How many bytes `roi_align` needs as ``workspace`` on the current GPU; 0 unless maps are thousands of pixels wide.

    With ``out``, ``workspace`` and contiguous arrays nothing is allocated, so that a call can be captured in a CUDA graph.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, sampling_ratio, aligned, mode, layout, dialect: As for `roi_align`.
        dtype: Name of the data type of the maps.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    asked = asked_for(
        arguments.dtype_called(dtype), (tuple(input_shape),), rois, output_size, (1.0,), sampling_ratio, mode, layout, dialect,
        aligned,
    )  # fmt: skip
    return plan_on_device(asked, False, device.multiprocessor_count()).workspace_bytes


def specialised(
    dtype: str,
    mode: str,
    layout: str,
    dialect: Dialect,
    *,
    vector: int,
    channels: int = 1,
    packed: bool = False,
    levels: int = 1,
    gather: int = plan.GATHER,
    sizes: tuple[int, int] = ANY_SIZE,
    rules_at_launch: bool = False,
) -> Source:
    """The kernel for maps of a data type (by name).

    ``vector`` is the number of neighbouring elements that a thread reads together, channels (NHWC) or columns (NCHW);
    ``packed`` says that each vector of channels is aligned to its size; ``channels`` is the number of channels for which a
    thread sums columns together (NCHW); ``levels`` is the number of levels that a RoI may be pooled from. A RoI with at most
    ``gather`` taps for each bin is pooled bin by bin (NCHW on a GPU). ``sizes`` are one of `common_sizes`, for calls of just
    these, or `ANY_SIZE`. ``rules_at_launch`` is that of `specialise`.
    """
    return specialise(
        "roi_align/forward.cu",
        "roi_align_forward",
        dtype,
        (
            *rule_macros(dialect, mode),
            ("LAYOUT", layout),
            ("LEVELS", levels),
            ("BINS", sizes[0]),
            ("SAMPLING", sizes[1]),
            ("VECTOR", vector),
            ("TOGETHER", device_channels(vector, packed=packed)),
            ("CHANNELS", channels),
            ("PREPARED_BYTES", plan.PREPARED_BYTES),
            ("THREADS", DEVICE_THREADS),
            ("BLOCKS", plan.blocks_per_multiprocessor(dtype, mode)),
            ("DENSE", plan.DENSE),
            ("GATHER", gather),
            ("ALIGNED", int(packed)),
        ),
        rules_at_launch=rules_at_launch,
    )


def host_source(dtype: str, mode: str, layout: str, dialect: Dialect, levels: int = 1) -> Source:
    """The kernel that a CPU runs."""
    return specialised(
        dtype, mode, layout, dialect,
        vector=_HOST_VECTOR[layout], channels=_HOST_CHANNELS, levels=compiled_levels(levels), rules_at_launch=True,
    )  # fmt: skip


def common_sizes(dtype: str, mode: str, layout: str) -> tuple[tuple[int, int], ...]:
    """The sizes for which a GPU has kernels of their own: (rows and columns of bins, samples along an axis).

    They take 3 to 8 % fewer instructions for an output value (`benchmarks/operators/roi_align/instructions.py`). With channels
    last in float32 it is 2 to 3 %, and a register is spilled; in float64, and of maxima, it was not counted: there are none.
    """
    return _COMMON_SIZES if mode == "avg" and dtype != "float64" and (layout == "NCHW" or dtype != "float32") else ()


def device_sources(dtype: str, mode: str, layout: str, dialect: Dialect) -> list[Source]:
    """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
    vector = device_vector(dtype, layout)
    alignments = (False, True) if layout == "NHWC" else (False,)
    return [
        specialised(dtype, mode, layout, dialect, vector=vector, packed=packed, sizes=sizes)
        for packed, sizes in itertools.product(alignments, (ANY_SIZE, *common_sizes(dtype, mode, layout)))
    ]


def _sizes(problem: RoiAlignProblem) -> tuple[int, int]:
    """Those of `common_sizes` that a call has, or `ANY_SIZE`."""
    (bins, bins_x), (sampling, sampling_x) = problem.bins, problem.sampling
    square = bins == bins_x and sampling == sampling_x and len(problem.heights) == 1
    common = common_sizes(problem.dtype, problem.mode, problem.layout)
    return (bins, sampling) if square and (bins, sampling) in common else ANY_SIZE


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = RoiAlignProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    source = host_source(problem.dtype, problem.mode, problem.layout, problem.dialect, len(problem.heights))
    shape = plan.Shape.of(problem)
    threads = worthwhile_threads(shape.work, threads)
    return planned_on_host(problem, source, plan.host_plan(shape, _HOST_VECTOR[problem.layout], threads), threads)


@kept
def plan_on_device(asked: Asked, packed: bool, multiprocessors: int) -> Planned:
    """A call on a GPU with so many multiprocessors, whose arrays are aligned to vectors if they are ``packed``."""
    problem = RoiAlignProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    vector = device_vector(problem.dtype, problem.layout)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    source = specialised(
        problem.dtype, problem.mode, problem.layout, problem.dialect,
        vector=vector, packed=packed, levels=len(problem.heights), sizes=_sizes(problem),
    )  # fmt: skip
    planned = plan.device_plan(plan.Shape.of(problem), device_channels(vector, packed=packed))
    return planned_on_device(problem, source, planned, multiprocessors)


PLANNERS = Planners(plan_on_host, plan_on_device)
