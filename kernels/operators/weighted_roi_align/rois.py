"""Gradients where each RoI has weights of its own: some RoIs at a time, each with its image as a map of its own.

Of these the gradients are those of weights of images; ``cuda/weighted_roi_align/own_maps.cu`` says which maps these are,
``rois.cu`` takes them, and brings together what RoIs of one image send to it. On a pyramid a RoI has its image on its own level
alone: on others its map is 0, and its weights are not read.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...calls import arguments
from ...calls.levels import compiled_levels
from ...calls.problem import axes_of, kept
from ...dtypes import name_of
from ...execution import host
from ...execution.launch import Launch
from ...execution.run import run
from ...execution.source import specialise
from ...staging.pooling_plan import DEVICE_THREADS
from .problem import MODE, SamplingProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from ...calls.problem import Asked
    from ...execution.source import Source
    from .shares import Arrays, Sharing

STEPS = ("take_maps", "add_rois", "narrow")
"""The kernels of rois.cu."""
OF_STORED, OF_WIDE = ("take_maps", "narrow"), ("add_rois",)
"""Those of maps as they are stored, and as they are computed with."""

_BYTES = 2**26
"""Of the maps that RoIs have at a time; more if one map is larger, or the maps of the images are, whose gradient is as large."""
_SMALL = 2**15  # numbers, for which threads take longer to start than to help
_MOST_BLOCKS = 2**16


class Shape(NamedTuple):
    """Of what a step goes through on a level; as ``RoisParams`` has it."""

    rois: int
    images: int
    numbers: int
    pixels: int
    channels: int
    weight_channels: int


class Part(NamedTuple):
    """Some RoIs.

    Attributes:
        several: Which.
        sharing: The gradient of these, each on a map of its own, of which the weights are those of an image.
        images: That of each RoI on each level, all RoIs of a level after each other; -1 if it has none there.
        shapes: Of what steps go through on each level.
    """

    several: slice
    sharing: Sharing
    images: Any
    shapes: tuple[Shape, ...]


def source(step: str, dtype: str, layout: str) -> Source:
    """The kernel of a step, for maps of a data type (by name)."""
    macros = (("MODE", MODE), ("LAYOUT", layout), ("THREADS", DEVICE_THREADS))
    return specialise("weighted_roi_align/rois.cu", f"weighted_roi_align_{step}", dtype, macros)


def source_of_own_maps(wide: str, levels: int) -> Source:
    """The kernel that says which maps RoIs have, for a data type (by name) of boxes and so many levels."""
    macros = (("LEVELS", levels), ("THREADS", DEVICE_THREADS))
    return specialise("weighted_roi_align/own_maps.cu", "weighted_roi_align_own_maps", wide, macros)


def _threads(xp: ModuleType, count: int) -> int:
    """On how many threads of a CPU so many numbers are gone through; none on a GPU."""
    if xp is not np:
        return 0
    return host.thread_count() if count > _SMALL else 1


def _launched(source: Source, count: int, threads: int, fields: Mapping[str, Any]) -> Launch:
    """A kernel that goes through so many numbers, on a CPU with so many threads, or with none on a GPU."""
    most, block = (8 * threads, (1, 1)) if threads else (_MOST_BLOCKS, (DEVICE_THREADS, 1))
    blocks = max(1, min(-(-count // DEVICE_THREADS), most))
    return Launch.of(source, (blocks, 1, 1), block, 0, fields)


@kept
def _launch(step: str, dtype: str, layout: str, shape: Shape, count: int, threads: int) -> Launch:
    return _launched(source(step, dtype, layout), count, threads, shape._asdict())


@kept
def _launch_of_own_maps(asked: Asked, threads: int) -> Launch:
    problem = SamplingProblem.of(asked)
    count = len(problem.heights)
    source = source_of_own_maps(problem.wide, compiled_levels(count) if threads else count)
    return _launched(source, problem.rois, threads, {**problem.roi_fields, "levels": count})


def _run(xp: ModuleType, step: str, dtype: str, layout: str, shape: Shape, count: int, **arrays: Any) -> None:
    """Runs a step of so many numbers where the arrays are, which are contiguous."""
    if count == 0:
        return
    threads = _threads(xp, count)
    run(xp, _launch(step, dtype, layout, shape, count, threads), arrays, (), max(threads, 1))


def parts(sharing: Sharing) -> Iterator[Part]:
    """All RoIs, some at a time, in their order."""
    images, layout, wide = sharing.shapes[0][0], sharing.call.layout, sharing.dtype
    numbers = [math.prod(shape[1:]) for shape in sharing.shapes]
    most = max(1, images, _BYTES // max(1, sum(numbers) * wide.itemsize))
    c, y, x = axes_of(layout)
    weighing = sharing.call.weighing
    for first in range(0, len(sharing.rows), most):
        several = slice(first, first + most)
        rows, of_rois = _own_maps(sharing, sharing.rows[several])
        shapes = tuple(
            Shape(len(rows), images, count, shape[y] * shape[x], shape[c], weighing.channels)
            for count, shape in zip(numbers, sharing.shapes, strict=True)
        )
        call = replace(sharing.call, rois=len(rows), weighing=replace(weighing, weights_of="images"))
        own = replace(
            sharing, rows=rows, weights=tuple(array[several] for array in sharing.weights), grad=sharing.grad[several],
            shapes=tuple((len(rows), *shape[1:]) for shape in sharing.shapes), call=call,
        )  # fmt: skip
        yield Part(several, own, of_rois, shapes)


def _own_maps(sharing: Sharing, boxes: Any) -> tuple[Any, Any]:
    """Rows that say of each RoI that it lies on the map of its own number, and of which image that is on each level."""
    xp, count = sharing.xp, len(sharing.shapes)
    rows, images = xp.empty(boxes.shape, boxes.dtype), xp.empty(count * len(boxes), np.int64)
    threads = _threads(xp, len(boxes))
    asked = replace(sharing.call, rois=len(boxes)).of_roi_align(sharing.dtype, sharing.shapes)
    launch = _launch_of_own_maps(asked, threads)
    run(xp, launch, {"boxes": boxes, "rows": rows, "images": images}, (), max(threads, 1))
    return rows, images


def _of_level(part: Part, level: int) -> Any:
    """The image of each RoI on a level."""
    rois = len(part.sharing.rows)
    return part.images[level * rois : (level + 1) * rois]


def maps_of(part: Part, maps: Arrays) -> Arrays:
    """The map of each RoI on each level, as it is computed with."""
    own = part.sharing
    found = tuple(own.xp.empty(shape, own.dtype) for shape in own.shapes)
    for level, (array, to) in enumerate(zip(maps, found, strict=True)):
        _run(
            own.xp, "take_maps", name_of(array.dtype), own.call.layout, part.shapes[level], to.size,
            maps=arguments.contiguous(own.xp, array), images=_of_level(part, level), to=to,
        )  # fmt: skip
    return found


def add_rois(part: Part, sent: Arrays, gradients: Arrays) -> None:
    """Adds what RoIs send, by their weights, to the gradients for the maps of their images, as they are computed with."""
    own = part.sharing
    for level, (of_level, gradient) in enumerate(zip(sent, gradients, strict=True)):
        _run(
            own.xp, "add_rois", name_of(own.dtype), own.call.layout, part.shapes[level], part.shapes[level].numbers,
            sent=of_level, weights=own.weights[level], images=_of_level(part, level), gradient=gradient,
        )  # fmt: skip


@contextmanager
def as_computed(sharing: Sharing, outs: Arrays) -> Iterator[Arrays]:
    """Where to write numbers of ``outs`` as they are computed with: there, or, if they are of 16 bits, before they are stored."""
    if outs[0].dtype == sharing.dtype:
        yield outs
        return
    xp = sharing.xp
    wide = tuple(xp.empty(out.shape, sharing.dtype) for out in outs)
    yield wide
    for array, out in zip(wide, outs, strict=True):
        shape = Shape(0, 1, out.size, 0, 0, 0)
        _run(xp, "narrow", name_of(out.dtype), sharing.call.layout, shape, out.size, **{"from": array, "to": out})
