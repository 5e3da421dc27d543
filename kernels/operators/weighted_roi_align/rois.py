"""Gradients where each RoI has weights of its own: some RoIs at a time, each with its image as a map of its own.

Of these the gradients are those of weights of images; ``cuda/weighted_roi_align/rois.cu`` takes the maps, and brings together
what RoIs of one image send to it.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...calls import arguments
from ...calls.problem import axes_of, kept
from ...dtypes import name_of
from ...execution import host
from ...execution.launch import Launch
from ...execution.run import run
from ...execution.source import specialise
from ...staging.pooling_plan import DEVICE_THREADS
from .problem import MODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from ...execution.source import Source
    from .shares import Sharing

STEPS = ("own_maps", "take_maps", "add_rois", "narrow")
"""The kernels of the text."""
OF_STORED, OF_WIDE = ("take_maps", "narrow"), ("own_maps", "add_rois")
"""Those of maps as they are stored, and as they are computed with."""

_BYTES = 2**26
"""Of the maps that RoIs have at a time; more if one map is larger, or the maps of the images are, whose gradient is as large."""
_SMALL = 2**15  # numbers, for which threads take longer to start than to help
_MOST_BLOCKS = 2**16


class Shape(NamedTuple):
    """Of what a step goes through; as ``RoisParams`` has it."""

    rois: int
    images: int
    numbers: int
    pixels: int
    channels: int
    weight_channels: int
    truncates: int


class Part(NamedTuple):
    """Some RoIs.

    Attributes:
        several: Which.
        sharing: The gradient of these, each on a map of its own, of which the weights are those of an image.
        images: That of each RoI; -1 if there is none.
        shape: Of what steps go through.
    """

    several: slice
    sharing: Sharing
    images: Any
    shape: Shape


def source(step: str, dtype: str, layout: str) -> Source:
    """The kernel of a step, for maps of a data type (by name)."""
    macros = (("MODE", MODE), ("LAYOUT", layout), ("THREADS", DEVICE_THREADS))
    return specialise("weighted_roi_align/rois.cu", f"weighted_roi_align_{step}", dtype, macros)


@kept
def _launch(step: str, dtype: str, layout: str, shape: Shape, count: int, threads: int) -> Launch:
    """A step of so many numbers, on a CPU with so many threads, or with none on a GPU."""
    most, block = (8 * threads, (1, 1)) if threads else (_MOST_BLOCKS, (DEVICE_THREADS, 1))
    blocks = max(1, min(-(-count // DEVICE_THREADS), most))
    return Launch.of(source(step, dtype, layout), (blocks, 1, 1), block, 0, shape._asdict())


def _run(xp: ModuleType, step: str, dtype: str, layout: str, shape: Shape, count: int, **arrays: Any) -> None:
    """Runs a step of so many numbers where the arrays are, which are contiguous."""
    if count == 0:
        return
    threads = 0
    if xp is np:
        threads = host.thread_count() if count > _SMALL else 1
    run(xp, _launch(step, dtype, layout, shape, count, threads), arrays, (), max(threads, 1))


def parts(sharing: Sharing) -> Iterator[Part]:
    """All RoIs, some at a time, in their order."""
    xp, layout, wide = sharing.xp, sharing.call.layout, sharing.dtype
    images, *of_map = sharing.shape
    numbers, (c, y, x) = math.prod(of_map), axes_of(layout)
    weighing = sharing.call.weighing
    about = (numbers, sharing.shape[y] * sharing.shape[x], sharing.shape[c], weighing.channels)
    most = max(1, images, _BYTES // max(1, numbers * wide.itemsize))
    for first in range(0, len(sharing.rows), most):
        several = slice(first, first + most)
        boxes = sharing.rows[several]
        rows, of_rois = xp.empty(boxes.shape, boxes.dtype), xp.empty(len(boxes), np.int64)
        shape = Shape(len(boxes), images, *about, int(sharing.call.dialect is not None))
        _run(xp, "own_maps", name_of(wide), layout, shape, len(boxes), boxes=boxes, rows=rows, images=of_rois)
        call = replace(sharing.call, rois=len(boxes), weighing=replace(weighing, weights_of="images"))
        own = replace(
            sharing, rows=rows, weights=sharing.weights[several], grad=sharing.grad[several],
            shape=(len(boxes), *of_map), call=call,
        )  # fmt: skip
        yield Part(several, own, of_rois, shape)


def maps_of(part: Part, maps: Any) -> Any:
    """The map of each RoI, as it is computed with."""
    xp, layout = part.sharing.xp, part.sharing.call.layout
    maps = arguments.contiguous(xp, maps)
    own = xp.empty(part.sharing.shape, part.sharing.dtype)
    _run(
        xp, "take_maps", name_of(maps.dtype), layout, part.shape, own.size, maps=maps, images=part.images, to=own
    )  # fmt: skip
    return own


def add_rois(part: Part, sent: Any, gradient: Any) -> None:
    """Adds what RoIs send, by their weights, to the gradient for the maps of their images, as it is computed with."""
    own, shape = part.sharing, part.shape
    _run(
        own.xp, "add_rois", name_of(own.dtype), own.call.layout, shape, shape.numbers,
        sent=sent, weights=own.weights, images=part.images, gradient=gradient,
    )  # fmt: skip


@contextmanager
def as_computed(sharing: Sharing, out: Any) -> Iterator[Any]:
    """Where to write numbers of ``out`` as they are computed with: there, or, if it is of 16 bits, where they are stored from."""
    if out.dtype == sharing.dtype:
        yield out
        return
    xp, shape = sharing.xp, Shape(0, 1, out.size, 0, 0, 0, 0)
    wide = xp.empty(out.shape, sharing.dtype)
    yield wide
    _run(xp, "narrow", name_of(out.dtype), sharing.call.layout, shape, out.size, **{"from": wide, "to": out})
