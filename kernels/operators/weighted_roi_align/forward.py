"""Weighted RoIAlign: bilinear samples of a feature map whose pixels each count as much as their weight says, in bins of RoIs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...calls import arguments
from ...calls.levels import compiled_levels
from ...calls.problem import kept
from ...dtypes import name_of
from ...execution import device
from ...execution.source import Source, specialise
from ...staging import pooling_plan
from ...staging.pooling import Planned, Planners, nothing, planned_on_device, planned_on_host, pool
from ...staging.pooling_plan import DEVICE_THREADS, Room, Work, device_vector, worthwhile_threads
from ...staging.sampling import rule_macros
from ...staging.tapped_plan import laid_out
from . import means
from .problem import (
    BETA,
    Call,
    P,
    Weighing,
    WeightedRoiAlignProblem,
    Where,
    check_weights,
    mean_of,
    rois_with_weights,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from ...annotations import A, Array, DataType, GuardName, Layout
    from ...calls.problem import Asked
    from ...dialects.roi_align import Dialect
    from ...staging.pooling_plan import Plan
    from .problem import WeightedMode, WeightsOf

PREPARED_BYTES = 208
"""Room for a RoI's ``Prepared`` struct (``cuda/weighted_roi_align/forward.cu``), which asserts it."""

_HOST_VECTOR = 16  # channels, as many as the widest registers have lanes
_PARTS = 8  # that a heavy RoI is split into


def weighted_roi_align(
    input: A,  # noqa: A002 - torchvision's name
    boxes: Array | Sequence[Array],
    weights: A,
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: WeightedMode = "avg",
    p: float = P,
    beta: float = BETA,
    normalise: bool = False,
    guard: GuardName = "zero",
    epsilon: float = 1e-6,
    weights_of: WeightsOf = "images",
    layout: Layout = "NCHW",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """Pools each RoI of a feature map into bins, each pixel counting as much as its weight says: a mask, saliency, or learned.

    The pixels are multiplied by their weights, and `roi_align` averages the samples of the products, or takes their maximum; or
    a bin is one of two means of these samples f: ``(Σ |f|**p / n) ** (1 / p)``, or their softmax, ``Σ q f`` with q in
    proportion to ``exp(beta * f)``. A sample that is outside the map is 0, as for averages.
    With ``normalise`` a bin is divided by what it makes of the weights alone: a weighted mean, which is the same wherever pixels
    are, whatever the weights. CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the
    same source. The rules are those of ``conformance/operators/weighted_roi_align/RULES.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. An array that is not contiguous is copied first.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``; corners in image
            pixels. Of the data type of ``input``, or float32 with 16-bit maps. A batch index is a whole number; with a
            ``dialect`` its fraction is left out, as all libraries do.
        weights: Of each pixel, for all channels, ``(N, 1, H, W)``, or of each channel, ``(N, C, H, W)``; ``(N, H, W, 1)`` or
            ``(N, H, W, C)`` with ``layout="NHWC"``. Of the data type of ``input``, and any sign. With ``weights_of="rois"`` of
            each RoI, the pixels of its image, so that the first axis is K.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_y, g_x)``. 0 or less: as many as the bin has
            feature pixels, rounded up (or as the dialect says), for every RoI by itself.
        aligned: Whether boxes are shifted by half a feature pixel, as for `roi_align`.
        mode: ``"avg"``, ``"max"``, ``"lp"`` or ``"softmax"``, what a bin makes of its samples (SW-3, SW-13, SW-14, SW-15). A
            pixel of weight 0 is 0 to all of these, and is not left out.
        p: The exponent of ``mode="lp"``: 1 or greater, and a number of the type that is computed with (float32, or float64 for
            float64 maps). 1 is the mean of absolute values; the greater it is, the nearer is the greatest of them.
        beta: The sharpness of ``mode="softmax"``, in units of 1 over those of the maps: 0 is the average, the greatest and the
            least sample are its limits. A number of the type that is computed with.
        normalise: Whether each bin is divided by the sum of its weights. Averages alone are.
        guard: What becomes of a bin whose weights add up to nothing, if bins are divided: ``"zero"`` makes it 0 where the sum is
            exactly 0, ``"add"`` adds ``epsilon`` to every sum, ``"clamp"`` makes every sum ``epsilon`` at least, ``"none"``
            divides by 0.
        epsilon: Greater than 0; of weights over the number of samples, as an output is.
        weights_of: ``"images"`` or ``"rois"``: what there are ``weights`` for, of which the shape does not tell.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input``, ``weights`` and output.
        dialect: A `roikit.kernels.Dialect` or the name of one, by whose rules boxes lie and are sampled. It decides what
            ``aligned`` would, and goes without that. None means torchvision's rules.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) that a GPU may use instead of allocating memory; `weighted_roi_align_workspace` says how
            many it takes, which nearly always is none.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of ``input``. With weights of 1,
        not normalised, it has the bits of `roi_align`. On a GPU, without ``check``, the bins of a RoI that cannot be pooled are
        NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box is not finite, or its batch index is none of ``0 … N-1``, or it reaches farther
            than 2**20 feature pixels and is sampled adaptively. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    rows = arguments.box_rows(xp, boxes, name_of(input.dtype), input.shape[0])
    rois = rois_with_weights(weights_of, len(rows))
    channels = check_weights(xp, (weights,), input.dtype, (input.shape,), layout, rois)
    weighing = Weighing(normalise, guard, epsilon, channels, weights_of)
    mean = mean_of(mode, p, beta, input.dtype)
    where = Where((spatial_scale,), sampling_ratio, aligned, dialect)
    call = Call(len(rows), output_size, where, mode, layout, weighing, mean)
    output: A = weigh_and_pool(xp, (input,), rows, (weights,), call, out=out, workspace=workspace, check=check)
    return output


def weigh_and_pool(
    xp: ModuleType, maps: tuple[Any, ...], rows: Any, weights: tuple[Any, ...], call: Call, *, out: Any, workspace: Any,
    check: bool,
) -> Any:  # fmt: skip
    """Pools the RoIs ``rows`` of checked ``maps`` by checked ``weights``, of which there are as many as levels."""
    # What arrives is read by gradients alone.
    beside = arguments.named("weights", weights) | arguments.named("grad", weights)
    asked = call.weighed(maps[0].dtype, tuple(array.shape for array in maps))
    return pool(
        xp, maps, rows, asked, means.PLANNERS if call.mean else PLANNERS, out=out, workspace=workspace, check=check,
        beside=beside,
    )  # fmt: skip


def weighted_roi_align_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    sampling_ratio: int | tuple[int, int] = -1,
    *,
    dtype: DataType = "float32",
    mode: WeightedMode = "avg",
    layout: Layout = "NCHW",
) -> int:
    """How many bytes `weighted_roi_align` needs as ``workspace`` on the current GPU; 0 unless maps are thousands of pixels wide.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, sampling_ratio, mode, layout: As for `weighted_roi_align`.
        dtype: Name of the data type of the maps.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    return workspace_bytes((input_shape,), rois, output_size, sampling_ratio, dtype, mode, layout)


def workspace_bytes(
    shapes: Sequence[Sequence[int]],
    rois: int,
    output_size: Any,
    sampling_ratio: Any,
    dtype: str,
    mode: Any,
    layout: Any,
) -> int:
    """How many bytes a call on maps of these shapes needs as ``workspace`` on the current GPU, whatever it weighs them by."""
    wanted, weighing = arguments.dtype_called(dtype), Weighing(False, "zero", 1.0, 1)
    mean = mean_of(mode, P, BETA, wanted)
    where = Where(tuple(2.0**-level for level in range(len(shapes))), sampling_ratio, False, None)
    call = Call(rois, output_size, where, mode, layout, weighing, mean)
    plan = means.plan_on_device if mean else plan_on_device
    asked = call.weighed(wanted, tuple(map(tuple, shapes)))
    return plan(asked, False, device.multiprocessor_count()).workspace_bytes


def specialised(
    dtype: str,
    mode: str,
    layout: str,
    dialect: Dialect,
    *,
    vector: int,
    levels: int = 1,
    packed: bool = False,
    rules_at_launch: bool = False,
) -> Source:
    """The kernel for maps of a data type (by name), of so many levels.

    ``vector`` is the number of neighbouring channels that a thread takes together (NHWC); ``packed`` says that each vector of
    these is aligned to its size. ``rules_at_launch`` is that of `specialise`.
    """
    macros: tuple[tuple[str, Any], ...] = (
        ("LAYOUT", layout),
        ("LEVELS", levels),
        ("VECTOR", vector),
        ("TOGETHER", vector),
        ("PREPARED_BYTES", PREPARED_BYTES),
        ("THREADS", DEVICE_THREADS),
        ("BLOCKS", _blocks(dtype, mode, layout)),
        ("ALIGNED", int(packed)),
    )
    return specialise(
        "weighted_roi_align/forward.cu",
        "weighted_roi_align_forward",
        dtype,
        (*rule_macros(dialect, mode), *macros),
        rules_at_launch=rules_at_launch,
    )


def blocks_per_multiprocessor(dtype: str, mode: str) -> int:
    """How many blocks of `pooling_plan.DEVICE_THREADS` the registers of a multiprocessor must have room for at once.

    Two leave a thread 128 registers, with which nothing is spilled but by pooling in float64, channels first (`_blocks`): see
    ``benchmarks/operators/weighted_roi_align/compiled.json``.
    """
    del dtype, mode
    return 2


def _blocks(dtype: str, mode: str, layout: str) -> int:
    """The same of pooling: one of float64 with channels first, which would spill on some architectures."""
    return 1 if (dtype, layout) == ("float64", "NCHW") else blocks_per_multiprocessor(dtype, mode)


def host_source(dtype: str, mode: str, layout: str, dialect: Dialect, levels: int = 1) -> Source:
    """The kernel that a CPU runs."""
    vector = _HOST_VECTOR if layout == "NHWC" else 1
    return specialised(
        dtype, mode, layout, dialect, vector=vector, levels=compiled_levels(levels), rules_at_launch=True
    )  # fmt: skip


def device_sources(dtype: str, mode: str, layout: str, dialect: Dialect, levels: int = 1) -> list[Source]:
    """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
    vector = device_vector(dtype, layout)
    alignments = (False, True) if layout == "NHWC" else (False,)
    return [
        specialised(dtype, mode, layout, dialect, vector=vector, levels=levels, packed=packed) for packed in alignments
    ]


def _laid_out(problem: WeightedRoiAlignProblem, plan: Callable[[Work, Room], Plan]) -> Plan:
    """A plan with room for the taps, or samples, of each row and column of bins."""
    return laid_out(problem, problem.sampling, problem.dialect.outside, PREPARED_BYTES, plan)


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = WeightedRoiAlignProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    source = host_source(problem.dtype, problem.mode, problem.layout, problem.dialect, len(problem.heights))
    threads = worthwhile_threads(Work.of(problem), threads)
    plan = _laid_out(problem, lambda work, room: pooling_plan.host_plan(work, room, threads))
    return planned_on_host(problem, source, plan, threads)


@kept
def plan_on_device(asked: Asked, packed: bool, multiprocessors: int) -> Planned:
    """A call on a GPU with so many multiprocessors, whose arrays are aligned to vectors if they are ``packed``."""
    problem = WeightedRoiAlignProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    vector = device_vector(problem.dtype, problem.layout)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    source = specialised(
        problem.dtype, problem.mode, problem.layout, problem.dialect, vector=vector, levels=len(problem.heights),
        packed=packed,
    )  # fmt: skip
    parts = 1 if all(problem.sampling) else _PARTS
    plan = _laid_out(
        problem, lambda work, room: pooling_plan.device_plan(work, room, vector, parts=parts, in_lines=False)
    )
    return planned_on_device(problem, source, plan, multiprocessors)


PLANNERS = Planners(plan_on_host, plan_on_device)
