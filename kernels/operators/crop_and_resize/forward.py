"""crop_and_resize: a value between the pixels around each point of a grid in each box."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...calls import arguments
from ...calls.problem import kept
from ...dtypes import itemsize, name_of, wider
from ...execution import device
from ...execution.source import Source, specialise
from ...staging import pooling_plan
from ...staging.pooling import Planned, Planners, nothing, planned_on_device, planned_on_host, pool
from ...staging.pooling_plan import (
    DEVICE_THREADS,
    Room,
    Work,
    device_channels,
    device_vector,
    padded,
    worthwhile_threads,
)
from .problem import RULES, CropAndResizeProblem, asked_for, check_apart, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...annotations import A, Array, CropMethod, DataType, Layout
    from ...calls.problem import Asked
    from ...dialects.crop_and_resize import Dialect

PREPARED_BYTES = 80
"""Room for a box's ``Prepared`` struct (``cuda/crop_and_resize/forward.cu``), which asserts it."""

_HOST_VECTOR = 16  # channels, as many as the widest registers have lanes
_PARTS = 8  # that the rows of points of a large crop are split into


def crop_and_resize(
    image: A,
    boxes: Array,
    box_indices: Array,
    crop_size: int | tuple[int, int],
    method: CropMethod = "bilinear",
    extrapolation_value: float = 0.0,
    *,
    layout: Layout = "NHWC",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    workspace: Array | None = None,
    check: bool = False,
) -> A:
    """Crops boxes out of images and resizes all crops to one size, as ``tf.image.crop_and_resize`` does.

    CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules are
    those of ``conformance/operators/crop_and_resize/RULES.md``.

    Args:
        image: Images ``(N, H, W, C)``, or ``(N, C, H, W)`` with ``layout="NCHW"``; float16, bfloat16, float32 or float64. An
            array that is not contiguous is copied first.
        boxes: ``(K, 4)`` rows ``[y1, x1, y2, x2]`` in fractions of the image: 0 is the centre of its first pixel, 1 that of its
            last. A box may reach beyond it, and its second corner may come before its first, which flips the crop. Float32, or
            of the data type of ``image``.
        box_indices: ``(K,)``, the image that each box is cropped from; int32 or int64.
        crop_size: Points of a crop along y and x, ``(P_h, P_w)`` or one number for both.
        method: ``"bilinear"``, or ``"nearest"``: the pixel nearest to each point.
        extrapolation_value: The value of a point outside the image.
        layout: ``"NHWC"`` or ``"NCHW"``, of ``image`` and output.
        dialect: A `roikit.kernels.dialects.crop_and_resize.Dialect` or the name of one, to get the answer of another library.
            None means ``"roikit"``: the last point of an axis is at the second corner of the box, where TensorFlow may round it
            beyond the image.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        workspace: Array of bytes (uint8) that a GPU may use instead of allocating memory; `crop_and_resize_workspace` says how
            many it takes, which nearly always is none.
        check: On a GPU, wait for the result and raise for a box that could not be cropped. A CPU always does.

    Returns:
        ``(K, P_h, P_w, C)``, or ``(K, C, P_h, P_w)`` with ``layout="NCHW"``, of the data type of ``image`` (TensorFlow's is
        float32 whatever the image is of). On a GPU, without ``check``, the crop of a box that cannot be cropped is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box is not finite, or its index is none of ``0 … N-1``. What ``out`` then holds is not
            defined.
    """
    xp = arguments.array_namespace("image", image)
    arguments.check_feature_map(image, "image")
    rows = rows_of(xp, boxes, box_indices, name_of(image.dtype), image.shape[0])
    check_apart(xp, out, boxes=boxes, box_indices=box_indices)
    asked = asked_for(image.dtype, image.shape, len(rows), crop_size, method, layout, dialect, extrapolation_value)
    output: A = pool(xp, (image,), rows, asked, PLANNERS, out=out, workspace=workspace, check=check)
    return output


def crop_and_resize_workspace(
    image_shape: Sequence[int],
    boxes: int,
    crop_size: int | tuple[int, int],
    *,
    dtype: DataType = "float32",
    layout: Layout = "NHWC",
) -> int:
    """How many bytes `crop_and_resize` needs as ``workspace`` on the current GPU; 0 unless crops have thousands of rows.

    Args:
        image_shape: Shape of the images, in their layout.
        boxes: K.
        crop_size, layout: As for `crop_and_resize`.
        dtype: Name of the data type of the images.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = arguments.shape_of_maps("image_shape", image_shape)
    asked = asked_for(arguments.dtype_called(dtype), shape, boxes, crop_size, "bilinear", layout, None)
    return plan_on_device(asked, False, device.multiprocessor_count()).workspace_bytes


def specialised(dtype: str, layout: str, *, vector: int, packed: bool = False, rules_at_launch: bool = False) -> Source:
    """The kernel for images of a data type (by name), of both methods and all dialects.

    ``vector`` is the number of neighbouring channels that a thread takes together (NHWC); ``packed`` says that each vector of
    these is aligned to its size. ``rules_at_launch`` is that of `specialise`.
    """
    return specialise(
        "crop_and_resize/forward.cu",
        "crop_and_resize_forward",
        dtype,
        (
            *RULES,
            ("LEVELS", 1),
            ("LAYOUT", layout),
            ("VECTOR", vector),
            ("TOGETHER", device_channels(vector, packed=packed)),
            ("PREPARED_BYTES", PREPARED_BYTES),
            ("THREADS", DEVICE_THREADS),
            ("BLOCKS", blocks_per_multiprocessor(dtype, "avg")),
            ("ALIGNED", int(packed)),
        ),
        rules_at_launch=rules_at_launch,
    )


def blocks_per_multiprocessor(dtype: str, mode: str) -> int:
    """How many blocks of `pooling_plan.DEVICE_THREADS` the registers of a multiprocessor must have room for at once.

    Two leave a thread 128 registers, with which nothing is spilled (``benchmarks/operators/crop_and_resize/compiled.json``).
    """
    del dtype, mode
    return 2


def host_source(dtype: str, layout: str) -> Source:
    """The kernel that a CPU runs."""
    return specialised(dtype, layout, vector=_HOST_VECTOR if layout == "NHWC" else 1, rules_at_launch=True)


def device_sources(dtype: str, layout: str) -> list[Source]:
    """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
    vector = device_vector(dtype, layout)
    alignments = (False, True) if layout == "NHWC" else (False,)
    return [specialised(dtype, layout, vector=vector, packed=packed) for packed in alignments]


def _room(problem: CropAndResizeProblem) -> Room:
    """Memory for what each row, and each column, of points reads: two pixels and a weight."""
    point = 8 + itemsize(wider(problem.dtype))
    return Room(PREPARED_BYTES + sum(padded(point * points) for points in problem.bins))


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = CropAndResizeProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    work = Work.of(problem)
    work.check()
    threads = worthwhile_threads(work, threads)
    plan = pooling_plan.host_plan(work, _room(problem), threads)
    return planned_on_host(problem, host_source(problem.dtype, problem.layout), plan, threads)


@kept
def plan_on_device(asked: Asked, packed: bool, multiprocessors: int) -> Planned:
    """A call on a GPU with so many multiprocessors, whose arrays are aligned to vectors if they are ``packed``."""
    problem = CropAndResizeProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    work = Work.of(problem)
    work.check()
    vector = device_vector(problem.dtype, problem.layout)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    source = specialised(problem.dtype, problem.layout, vector=vector, packed=packed)
    together = device_channels(vector, packed=packed)
    plan = pooling_plan.device_plan(work, _room(problem), together, parts=_PARTS, in_lines=False)
    return planned_on_device(problem, source, plan, multiprocessors)


PLANNERS = Planners(plan_on_host, plan_on_device)
