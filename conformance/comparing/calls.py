"""Calls to compare two dialects by: boxes as a detector makes them, and small ones of every kind, simple ones first."""

from __future__ import annotations

import itertools
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..exact.numbers import Array
    from ..operator import Operator

    Box = tuple[float, float, float, float]

IMAGE = (800, 1088)
"""Height and width of the images that boxes are of."""

_SIDES = 4
_STRIDES = (4, 8, 16, 32)
_SMALLEST, _GREATEST = 16.0, 640.0  # of the root of a box's area, in image pixels
_STEP = 64  # pixels of maps are multiples of 1 / 64, so that they are exact in float32


class Head(NamedTuple):
    """What pools boxes in a detector: ``ratio`` samples along each axis of a bin, 0: as many as its size asks for."""

    name: str
    bins: int
    ratio: int


HEADS = (Head("box head", 7, 2), Head("mask head", 14, 2), Head("adaptive", 7, 0))


def takes_ratio(operator: Operator) -> bool:
    """Whether a call says how many samples a bin has."""
    return "sampling_ratio" in {known.name for known in fields(operator.call)}


def takes_parts(operator: Operator) -> bool:
    """Whether a call says into how many parts points divide the sides of a box, all of which have maps of their own."""
    return "pool_size" in {known.name for known in fields(operator.call)}


def heads(operator: Operator) -> tuple[Head, ...]:
    """How a detector pools with an operator, which may have no sampling ratio to choose."""
    return HEADS if takes_ratio(operator) else tuple(head._replace(ratio=0) for head in HEADS if head.ratio)


def arguments(
    operator: Operator, maps: Array, boxes: Array, bins: int, scale: float, ratio: int | None, mode: str
) -> dict[str, Any]:
    """A call with a map ``(H, W)``, in every channel that the operator asks for, and boxes ``(K, 4)`` in image pixels."""
    rows = maps.tolist()
    if takes_parts(operator):
        height, width = maps.shape
        return {
            "input": {"shape": [1, 1, _SIDES * height, width], "rows": rows * _SIDES},
            "boxes": [[0, *box] for box in (boxes * scale).tolist()],
            "pool_size": bins,
            "mode": mode,
        }
    given: dict[str, Any] = {
        "boxes": [[0, *box] for box in boxes.tolist()],
        "output_size": [bins, bins],
        "spatial_scale": [scale, scale],
        "mode": mode,
    }
    if takes_ratio(operator):
        given["sampling_ratio"] = [ratio, ratio]
    if "weights" in operator.call.axes:  # pixels count alike
        given["weights"] = {"shape": [1, 1, *maps.shape], "rows": np.ones(maps.shape).tolist()}
    for channels in (1, bins * bins):  # one for each bin where an output's channel is made of as many
        given["input"] = {"shape": [1, channels, *maps.shape], "rows": rows * channels}
        if operator.call.shape_of(given, Operation.FORWARD)[1]:
            break
    return given


def detected(operator: Operator, head: Head, mode: str, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Boxes as a detector with a feature pyramid makes them, clipped to the image, on the map of the level that each goes to.

    Sizes are spread evenly over their logarithm, aspect ratios from 1/2 to 2. The pixels of maps are independent and normal, with
    a standard deviation of 1.
    """
    chance = np.random.default_rng(seed)
    size = np.exp(chance.uniform(np.log(_SMALLEST), np.log(_GREATEST), count))
    aspect = np.exp(chance.uniform(-np.log(2), np.log(2), count))
    extent = np.stack([size * np.sqrt(aspect), size / np.sqrt(aspect)], 1)
    image = np.array(IMAGE[::-1])
    centre = chance.uniform(0, 1, (count, 2)) * image
    boxes = np.clip(np.hstack([centre - extent / 2, centre + extent / 2]), 0, np.tile(image, 2)).astype(np.float32)
    level = np.clip(np.floor(2 + np.log2(size / 224)), 0, len(_STRIDES) - 1).astype(int)
    for number, stride in enumerate(_STRIDES):
        mine = boxes[level == number]
        maps = np.rint(chance.standard_normal((IMAGE[0] // stride, IMAGE[1] // stride)) * _STEP) / _STEP
        if len(mine):
            yield arguments(operator, maps, mine, head.bins, 1 / stride, head.ratio, mode)


class Small(NamedTuple):
    """A small call of one box, whose corners ``(x1, y1, x2, y2)`` are in feature pixels; the ratio may be none."""

    pixels: tuple[tuple[int, ...], ...]
    box: Box
    bins: int
    ratio: int | None
    mode: str

    @property
    def facts(self) -> frozenset[str]:
        """What can be said of the call: names of `FACTS` that hold."""
        return frozenset(name for name, holds in FACTS.items() if holds(self))

    @property
    def awkwardness(self) -> tuple[int, ...]:
        """What is simpler comes first: ordinary boxes, few bins and pixels, few samples, whole corners."""
        usual = ("boxes are not empty", "boxes are of at least one pixel", "boxes lie within the map")
        odd = sum(1 << number for number, name in enumerate(reversed(usual)) if name not in self.facts)
        size = len(self.pixels) * len(self.pixels[0])
        halves = sum(Fraction(corner).denominator > 1 for corner in self.box)
        return odd, self.bins, size, self.ratio or 3, halves, int(sum(map(abs, self.box)))


def _extents(call: Small) -> tuple[float, float]:
    return call.box[2] - call.box[0], call.box[3] - call.box[1]


FACTS: Mapping[str, Any] = {
    "sampling_ratio is 1 or more": lambda call: bool(call.ratio),
    "sampling_ratio is 0: adaptive": lambda call: call.ratio == 0,
    "boxes are not empty": lambda call: min(_extents(call)) > 0,
    "boxes are of at least one pixel": lambda call: min(_extents(call)) >= 1,
    "boxes lie within the map": lambda call: (
        min(call.box) >= 0
        and max(call.box[::2]) <= len(call.pixels[0]) - 1
        and max(call.box[1::2]) <= len(call.pixels) - 1
    ),
    "corners are whole pixels": lambda call: all(float(corner).is_integer() for corner in call.box),
    "pixels are not negative": lambda call: min(map(min, call.pixels)) >= 0,
}
"""Restrictions that a user can make, by what they say."""

_MAPS = (
    ((0, 1),),
    ((0, 0), (0, 1)),
    ((1, -2), (-3, 5)),
    ((-1, -2), (-3, -4)),
    ((0, 1, 2, 3), (4, 5, 7, 6), (8, 8, 9, 1), (2, 5, 3, 7)),
)
_CORNERS = (0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 1.5, 0.25)


def small(operator: Operator, mode: str) -> Iterator[tuple[dict[str, Any], list[Small]]]:
    """Small calls, those of one map that are pooled alike as one call of many boxes."""
    spans = [*itertools.product(_CORNERS, repeat=2)]
    boxes = [*dict.fromkeys(box for low, high in spans for box in ((low, low, high, high), (low, 0.0, 1.0, high)))]
    for pixels, bins, ratio in itertools.product(_MAPS, (1, 2), (1, 2, 0) if takes_ratio(operator) else (None,)):
        given = arguments(operator, np.array(pixels), np.array(boxes), bins, 1.0, ratio, mode)
        yield given, [Small(pixels, box, bins, ratio, mode) for box in boxes]
