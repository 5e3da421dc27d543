"""The calls by which an implementation's sampling operator is read off it, whatever dialect it follows.

An average is linear in the maps: on one-hot maps (one channel for each pixel) its output *is* the operator, for every bin the
weight that it puts on every pixel. A maximum is not, so that it is given a few telling maps instead.

The boxes are such that different choices at a decision point give different weights. Under no combination of choices is a sample
near a bound, or a bin near a step of the adaptive grid, unless it is exactly there and every number on the way is exact. All RoIs
of a probe are of one kind, since one bad box may hide what becomes of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import numpy_dtype
from ....operation import Operation
from ..call import RoiAlignCall

if TYPE_CHECKING:
    from ....exact.numbers import Array

SIZE = (5, 6)
"""Of all maps, in pixels: not square, so that exchanged axes show."""

PIXELS = SIZE[0] * SIZE[1]

STEP = 0.25
"""By how much a pixel is raised to see by how much a maximum follows."""

SHIFT = 2.0**-5
"""By how much a corner is moved, in image pixels, to see by how much an output follows."""

CORNERS = ("x1", "y1", "x2", "y2")
"""What of a box is moved."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A call for the output of some RoIs on one image.

    Attributes:
        name: What kind of box it is, and how it is sampled.
        boxes: x1, y1, x2, y2 of each RoI, in image pixels.
        output_size: Bins, ``(P_h, P_w)``.
        scale: Feature pixels per image pixel.
        sampling_ratio: Samples per bin and axis; 0 asks for adaptive sampling.
        mode: ``"avg"`` or ``"max"``.
        is_malformed: Whether the boxes may do harm: then it is the last call that a worker gets.
    """

    name: str
    boxes: tuple[Box, ...]
    output_size: tuple[int, int]
    scale: float = 1.0
    sampling_ratio: int = 2
    mode: str = "avg"
    is_malformed: bool = False

    @property
    def bins(self) -> int:
        """How many bins all RoIs have together."""
        return len(self.boxes) * self.output_size[0] * self.output_size[1]

    @property
    def rows(self) -> Array:
        """The boxes as ``(K, 5)`` float64, all on image 0."""
        return np.array([(0.0, *box) for box in self.boxes])

    def forward(self, maps: Array, dialect: str, dtype: str, layout: str) -> RoiAlignCall:
        """The call for the output, on ``maps`` ``(C, H, W)``."""
        return RoiAlignCall(
            input=_as(maps[None], dtype, layout),
            boxes=self.rows.astype("float64" if dtype == "float64" else "float32"),
            output_size=self.output_size,
            spatial_scale=(self.scale, self.scale),
            sampling_ratio=(self.sampling_ratio, self.sampling_ratio),
            mode=self.mode,
            layout=layout,
            dialect=dialect,
        )

    def backward(self, dialect: str, dtype: str, layout: str) -> RoiAlignCall:
        """The call for the gradients of all bins at once: that of bin n, counted in C order, in channel n."""
        call = self.forward(np.repeat(GENERIC[None], self.bins, axis=0), dialect, dtype, layout)
        one_hot = np.eye(self.bins).reshape(self.bins, len(self.boxes), *self.output_size).swapaxes(0, 1)
        return replace(call, operation=Operation.FEATURE_GRADIENT, grad=_as(one_hot, dtype, layout))

    def moved(self) -> Probe:
        """The probe with nine boxes for each: as it is, with each corner greater by `SHIFT`, with each smaller."""
        steps = np.concatenate([np.zeros((1, 4)), SHIFT * np.eye(4), -SHIFT * np.eye(4)])
        boxes = (np.array(self.boxes)[:, None] + steps).reshape(-1, 4)
        return replace(self, boxes=tuple((x1, y1, x2, y2) for x1, y1, x2, y2 in boxes.tolist()))

    def backward_boxes(self, dialect: str, dtype: str, layout: str) -> RoiAlignCall:
        """The call for the gradients of all bins by the corners: each box once for each of its bins, in C order."""
        of_a_roi = self.bins // len(self.boxes)
        repeated = replace(self, boxes=tuple(box for box in self.boxes for _ in range(of_a_roi)))
        one_hot = np.tile(np.eye(of_a_roi), (len(self.boxes), 1)).reshape(self.bins, 1, *self.output_size)
        call = repeated.forward(GENERIC[None], dialect, dtype, layout)
        return replace(call, operation=Operation.BOX_GRADIENT, grad=_as(one_hot, dtype, layout))


def _as(maps: Array, dtype: str, layout: str) -> Array:
    """``(N, C, H, W)`` maps in a data type and layout."""
    return np.ascontiguousarray(maps.transpose(0, 2, 3, 1) if layout == "NHWC" else maps).astype(numpy_dtype(dtype))


ONE_HOT: Array = np.eye(PIXELS).reshape(PIXELS, *SIZE)
"""A map for each pixel, in C order, which is 1 there and 0 elsewhere: ``(H · W, H, W)``."""

GENERIC: Array = ((np.arange(PIXELS) * 37 + 11) % 61 + 1.0).reshape(SIZE)
"""Different whole numbers in no order, all positive, so that no two samples share a maximum."""

RAISED: Array = np.concatenate([GENERIC[None], GENERIC + STEP * ONE_HOT])
"""That map, and those where one pixel of it is higher by `STEP`: ``(1 + H · W, H, W)``."""

TELLING = ("ones", "minus ones", "far below zero", "farther below zero", "generic", "minus generic")
"""The channels of a maximum's maps. The first of those below zero leaves rounding no room to hide what a maximum starts from."""


def telling_maps(dtype: str) -> Array:
    """The maps that maxima are read with, ``(C, H, W)``; float16 does not go farther than far."""
    far, farther = (61440.0, 61440.0) if dtype == "float16" else (2.0**20, 2.0**100)
    ones = np.ones(SIZE)
    return np.stack([ones, -ones, -far * ones, -farther * ones, GENERIC, -GENERIC])


_ORDINARY: Box = (1.25, 0.75, 4.25, 3.75)
_SCALED: Box = (6.0, 5.0, 18.0, 13.0)
_BEYOND: Box = (-2.5, -2.25, 8.25, 7.25)
_FAR: Box = (20.0, 20.0, 24.0, 24.0)
_POINT: Box = (2.25, 1.25, 2.25, 1.25)
# With two samples in one bin these lie exactly at -1 and at H (or W), without the half-pixel shift and with it.
_EDGES: tuple[Box, ...] = ((-4.5, -4.0, 9.5, 8.0), (-4.0, -3.5, 10.0, 8.5))
_CORNERS: tuple[Box, ...] = ((-2.0, -2.0, 0.0, 0.0), (-1.5, -1.5, 0.5, 0.5))

_ADAPTIVE: dict[str, Any] = {"sampling_ratio": 0}
_MALFORMED: dict[str, Any] = {"sampling_ratio": 0, "is_malformed": True}

AVERAGES = (
    Probe(name="ordinary box, 2 samples", boxes=(_ORDINARY,), output_size=(2, 2)),
    Probe(name="ordinary box, adaptive", boxes=(_ORDINARY,), output_size=(2, 2), **_ADAPTIVE),
    Probe(name="ordinary box, 1 sample", boxes=(_ORDINARY,), output_size=(2, 2), sampling_ratio=1),
    Probe(name="scaled map, 2 samples", boxes=(_SCALED,), output_size=(1, 2), scale=0.25),
    Probe(name="scaled map, adaptive", boxes=(_SCALED,), output_size=(1, 2), scale=0.25, **_ADAPTIVE),
    Probe(name="box of half a pixel, 2 samples", boxes=((2.25, 1.25, 2.75, 1.75),), output_size=(2, 1)),
    Probe(name="box of half a pixel, adaptive", boxes=((2.25, 1.25, 2.75, 1.75),), output_size=(2, 1), **_ADAPTIVE),
    Probe(name="bins of 1.25 × 1.75 pixels, adaptive", boxes=((1.5, 1.25, 3.25, 2.5),), output_size=(1, 1), **_ADAPTIVE),
    Probe(name="bins of a quarter pixel, adaptive", boxes=((2.5, 1.25, 3.5, 2.25),), output_size=(1, 4), **_ADAPTIVE),
    Probe(name="box around the map, 2 samples", boxes=(_BEYOND, _FAR), output_size=(2, 2)),
    Probe(name="box around the map, adaptive", boxes=(_BEYOND, _FAR), output_size=(2, 2), **_ADAPTIVE),
    Probe(name="bin larger than the map, adaptive", boxes=((-1.25, -1.25, 6.75, 6.75),), output_size=(1, 1), **_ADAPTIVE),
    Probe(name="samples exactly at -1 and H, 2 samples", boxes=_EDGES, output_size=(1, 1)),
    Probe(name="box without area, adaptive", boxes=(_POINT,), output_size=(2, 2), **_MALFORMED),
    Probe(name="inverted box, 2 samples", boxes=((4.25, 3.25, 1.75, 1.25),), output_size=(2, 2), is_malformed=True),
    Probe(name="inverted box, adaptive", boxes=((4.25, 3.25, 1.75, 1.25),), output_size=(2, 2), **_MALFORMED),
    Probe(name="box inverted in x, adaptive", boxes=((4.25, 1.25, 1.75, 3.25),), output_size=(2, 2), **_MALFORMED),
)  # fmt: skip
"""What averages are read with."""

MAXIMA = (
    Probe(name="max: ordinary box, 2 samples", boxes=(_ORDINARY,), output_size=(2, 2), mode="max"),
    Probe(name="max: ordinary box, adaptive", boxes=(_ORDINARY,), output_size=(2, 2), **_ADAPTIVE, mode="max"),
    Probe(name="max: box around the map, 2 samples", boxes=(_BEYOND, _FAR), output_size=(2, 2), mode="max"),
    Probe(name="max: box around the map, adaptive", boxes=(_BEYOND, _FAR), output_size=(2, 2), **_ADAPTIVE, mode="max"),
    Probe(name="max: sample exactly at -1, 1 sample", boxes=_CORNERS, output_size=(1, 1), sampling_ratio=1, mode="max"),
    Probe(name="max: box without area, adaptive", boxes=(_POINT,), output_size=(1, 2), mode="max", **_MALFORMED),
)  # fmt: skip
"""What maxima are read with."""

PROBES = (*AVERAGES, *MAXIMA)


def maps_of(probe: Probe, dtype: str) -> Array:
    """The maps that the output of a probe is asked for on, ``(C, H, W)``."""
    return ONE_HOT if probe.mode == "avg" else telling_maps(dtype)
