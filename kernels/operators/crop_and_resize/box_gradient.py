"""The gradient of crop_and_resize for the boxes, so that boxes can be learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...calls.problem import bins_of, kept
from ...dtypes import name_of
from ...execution import host
from ...execution.launch import Launch
from ...execution.run import run
from ...execution.source import Source, specialise
from ...staging.pooling_plan import DEVICE_THREADS, Work, worthwhile_threads
from .problem import MACROS, CropAndResizeProblem, asked_for, check_apart, rows_of

if TYPE_CHECKING:
    from types import ModuleType

    from ...annotations import A, Array, CropMethod, Layout
    from ...calls.problem import Asked
    from ...dialects.crop_and_resize import Dialect

# Lanes that share points, and for each of these those that share channels; on a GPU as many in all as a block has threads.
_HOST_LANES, _DEVICE_LANES = (8, 1), (8, 32)
_HOST_VECTOR = 16  # channels, as many as the widest registers have lanes
_DEVICE_VECTOR = 4  # the sums of more channels would not fit into registers


def crop_and_resize_backward_boxes(
    grad: Array,
    image: Array,
    boxes: A,
    box_indices: Array,
    method: CropMethod = "bilinear",
    *,
    layout: Layout = "NHWC",
    dialect: str | Dialect | None = None,
    out: A | None = None,
    check: bool = False,
) -> A:
    """The gradient for the boxes of `crop_and_resize` (CR-8 of ``conformance/operators/crop_and_resize/RULES.md``).

    Points outside the image send nothing. Where there is no derivative, at a point exactly on a pixel, it is that from the
    right, and that of ``"nearest"`` is 0; with ``dialect="tensorflow"`` it is 0 there, and that of ``"nearest"`` is the one of
    ``"bilinear"``.

    Args:
        grad: The gradient that arrives at the output: ``(K, P_h, P_w, C)``, or ``(K, C, P_h, P_w)`` with ``layout="NCHW"``; of
            the data type of ``image``.
        image: The images that were cropped: ``(N, H, W, C)``, or ``(N, C, H, W)``; float16, bfloat16, float32 or float64.
        boxes, box_indices, method, layout, dialect: As they were given to `crop_and_resize`.
        out: Array to write to: ``(K, 4)``, float32 (float64 for float64 images), C-contiguous, apart from the other arrays.
        check: On a GPU, wait for the result and raise for a box that could not be cropped. A CPU always does.

    Returns:
        ``(K, 4)``, for y1, x1, y2, x2 in fractions of the image: float32, or float64 for float64 images. On a GPU, without
        ``check``, the row of a box that cannot be cropped is NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box cannot be cropped; see `crop_and_resize`. What ``out`` then holds is not defined.
    """
    xp = arguments.array_namespace("image", image)
    arguments.check_feature_map(image, "image")
    arguments.check_from(xp, "grad", grad)
    arguments.check_feature_map(grad, "grad")
    rows = rows_of(xp, boxes, box_indices, name_of(image.dtype), image.shape[0])
    check_apart(xp, out, boxes=boxes, box_indices=box_indices)
    asked = asked_for(image.dtype, image.shape, len(rows), bins_of(grad, layout), method, layout, dialect)
    gradient: A
    if xp is np:
        gradient = _run(np, plan_on_host(asked, host.thread_count()), grad, image, rows, out, check=True)
        return gradient
    arguments.check_same_device(xp, image, grad=grad, boxes=rows, out=out)
    with image.device:  # type: ignore[attr-defined]  # of CuPy
        gradient = _run(xp, plan_on_device(asked), grad, image, rows, out, check=check)
    return gradient


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A call of which all is settled but where its arrays are."""

    problem: CropAndResizeProblem
    launch: Launch
    threads: int = 1


def box_gradient_source(
    dtype: str, layout: str, *, vector: int, lanes: tuple[int, int], rules_at_launch: bool = False
) -> Source:
    """The kernel; ``lanes`` are those that share the points of a box, and for each of these those that share channels.

    ``rules_at_launch`` is that of `specialise`.
    """
    return specialise(
        "crop_and_resize/box_gradient.cu",
        "crop_and_resize_backward_boxes",
        dtype,
        (
            *MACROS,
            ("LAYOUT", layout),
            ("VECTOR", vector if layout == "NHWC" else 1),
            ("BIN_LANES", lanes[0]),
            ("CHANNEL_LANES", lanes[1]),
            ("ALIGNED", 0),
            ("THREADS", DEVICE_THREADS),
            ("BLOCKS", 1 if dtype == "float64" else 2),
        ),
        rules_at_launch=rules_at_launch,
    )


def host_source(dtype: str, layout: str) -> Source:
    """The kernel that a CPU runs."""
    return box_gradient_source(dtype, layout, vector=_HOST_VECTOR, lanes=_HOST_LANES, rules_at_launch=True)


def device_source(dtype: str, layout: str) -> Source:
    """The kernel that a GPU runs."""
    return box_gradient_source(dtype, layout, vector=_DEVICE_VECTOR, lanes=_DEVICE_LANES)


def _planned(
    problem: CropAndResizeProblem, source: Source, lanes: tuple[int, int], block: tuple[int, int], threads: int = 1
) -> Planned:
    memory = 4 * lanes[0] * lanes[1] * problem.wide_bytes  # four sums, one for each coordinate of a box
    grid = (max(1, min(problem.rois, 2**30)), 1, 1)
    return Planned(problem, Launch.of(source, grid, block, memory, problem.fields), threads)


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = CropAndResizeProblem.of(asked)
    threads = worthwhile_threads(Work.of(problem), threads)
    return _planned(problem, host_source(problem.dtype, problem.layout), _HOST_LANES, (1, 1), threads)


@kept
def plan_on_device(asked: Asked) -> Planned:
    """A call on a GPU."""
    problem = CropAndResizeProblem.of(asked)
    return _planned(problem, device_source(problem.dtype, problem.layout), _DEVICE_LANES, (DEVICE_THREADS, 1))


def _run(xp: ModuleType, planned: Planned, grad: Any, image: Any, rows: Any, out: Any, *, check: bool) -> Any:
    problem = planned.problem
    arguments.check_like(xp, "grad", grad, problem.output_shape, image.dtype)
    out = arguments.output_array(xp, out, (problem.rois, 4), rows.dtype, grad=grad, image=image)
    if math.prod(problem.output_shape) == 0:
        out.fill(0)
        return out
    grad, image = arguments.contiguous(xp, grad), arguments.contiguous(xp, image)
    status = arguments.Status(xp, wanted=check)
    run(
        xp,
        planned.launch,
        {"grad": grad, "boxes": rows, "gradient": out, "status": status.array},
        (image,),
        planned.threads,
    )
    status.check(rows, problem.images)
    return out
