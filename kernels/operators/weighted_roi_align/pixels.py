"""What gradients are made of besides RoIAlign's, each number by itself: ``cuda/weighted_roi_align/pixels.cu``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...calls import arguments
from ...calls.problem import kept
from ...dtypes import name_of, numpy_dtype, wider
from ...execution import host
from ...execution.launch import Launch
from ...execution.run import run
from ...execution.source import specialise
from ...staging.pooling_plan import DEVICE_THREADS
from .problem import MODE

if TYPE_CHECKING:
    from types import ModuleType

    from ...execution.source import Source

STEPS = ("widen", "weigh", "for_maps", "for_weights", "add_channels", "take_away")
"""The kernels of the text."""
OF_STORED, OF_WIDE = ("widen", "for_maps"), ("add_channels", "take_away")
"""Those of maps as they are stored, and as they are computed with; others are of both."""

_BY_ROWS = ("widen", "weigh", "for_maps", "take_away")
_SMALL = 2**15  # numbers, for which threads take longer to start than to help
_MOST_BLOCKS = 2**16


class Shape(NamedTuple):
    """Of arrays: pixels of images, or bins of RoIs; and how many channels their weights have."""

    images: int
    channels: int
    pixels: int
    weight_channels: int = 1

    @classmethod
    def of(cls, shape: tuple[int, ...], layout: str, weight_channels: int = 1) -> Shape:
        """That of an array of four axes."""
        images, a, b, c = shape
        return cls(images, c, a * b, weight_channels) if layout == "NHWC" else cls(images, a, b * c, weight_channels)


def source(step: str, dtype: str, layout: str) -> Source:
    """The kernel of a step, for maps of a data type (by name)."""
    macros = (("MODE", MODE), ("LAYOUT", layout), ("THREADS", DEVICE_THREADS))
    return specialise("weighted_roi_align/pixels.cu", f"weighted_roi_align_{step}", dtype, macros)


@kept
def _launch(step: str, dtype: str, layout: str, shape: Shape, threads: int) -> Launch:
    """A step on a CPU with so many threads, or with none on a GPU."""
    rows = shape.images * (shape.pixels if layout == "NHWC" else shape.channels)
    items = rows if step in _BY_ROWS else -(-shape.images * shape.weight_channels * shape.pixels // DEVICE_THREADS)
    most, block = (8 * threads, (1, 1)) if threads else (_MOST_BLOCKS, (DEVICE_THREADS, 1))
    return Launch.of(source(step, dtype, layout), (max(1, min(items, most)), 1, 1), block, 0, shape._asdict())


def run_step(xp: ModuleType, step: str, dtype: str, layout: str, shape: Shape, **arrays: Any) -> None:
    """Runs a step where the arrays are, which are contiguous."""
    numbers = shape.images * shape.channels * shape.pixels
    if numbers == 0 and step in _BY_ROWS:
        return
    threads = 0
    if xp is np:
        threads = host.thread_count() if numbers > _SMALL else 1
    run(xp, _launch(step, dtype, layout, shape, threads), arrays, (), max(threads, 1))


def widened(xp: ModuleType, array: Any, layout: str) -> Any:
    """Numbers in the type that is computed with: the array itself, if it has that and is contiguous."""
    array = arguments.contiguous(xp, array)
    dtype = name_of(array.dtype)
    if wider(dtype) == dtype:
        return array
    wide = xp.empty(array.shape, numpy_dtype(wider(dtype)))
    run_step(xp, "widen", dtype, layout, Shape.of(array.shape, layout), **{"from": array, "to": wide})
    return wide


def weighed(xp: ModuleType, maps: Any, weights: Any, layout: str) -> Any:
    """SW-2: products of weights and pixels, in the type that is computed with."""
    maps, weights = arguments.contiguous(xp, maps), arguments.contiguous(xp, weights)
    dtype = name_of(maps.dtype)
    products = xp.empty(maps.shape, numpy_dtype(wider(dtype)))
    shape = Shape.of(maps.shape, layout, weights.shape[3 if layout == "NHWC" else 1])
    run_step(xp, "weigh", dtype, layout, shape, maps=maps, weights=weights, to=products)
    return products


def channels_added(xp: ModuleType, array: Any, layout: str) -> Any:
    """The sum over channels."""
    shape = Shape.of(array.shape, layout)
    added = xp.empty((*array.shape[:3], 1) if layout == "NHWC" else (array.shape[0], 1, *array.shape[2:]), array.dtype)
    if math.prod(added.shape):
        run_step(xp, "add_channels", name_of(array.dtype), layout, shape, **{"from": array, "to": added})
    return added
