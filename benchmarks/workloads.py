"""Boxes, maps and gradients that operators are timed on: like the RoIs of detectors, from a fixed seed. They know no operator.

An image of 800 × 1333 pixels, padded to 800 × 1344, gives the levels P2 … P5 of a feature pyramid. The boxes of a detector
have log-normal sizes (median 100 pixels), log-normal aspects, and 60 % of them crowd round 12 objects per image; the usual
rule says which level a box is pooled from. An operator says which rows it is timed on, and on how many boxes.

=====  ======================================  ==================  ===================
row    what it is like                         boxes on a GPU      boxes on a CPU
=====  ======================================  ==================  ===================
a      box head, P2-P5, 256 channels, 7 × 7    2 images × 512      2 × 64
b      mask head, P2-P5, 256, 14 × 14          2 × 128             2 × 32
c      C4 head, stride 16, 1024, 14 × 14       2 × 512             2 × 16
d      inference, P2-P5, 256, 7 × 7            1 × 1000            1 × 128
e      tiny boxes of 4-16 pixels, P2, 7 × 7    1 × 4096            1 × 512
f      huge boxes, P2, 7 × 7                   1 × 64              1 × 4
=====  ======================================  ==================  ===================
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .measuring.problem import Level, Problem, Row, SampledRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEED = 20260101
IMAGE = (800, 1333)
PADDED = (800, 1344)
PYRAMID = (4, 8, 16, 32)


CPU_BOXES = {"a": 64, "b": 32, "c": 16, "d": 128, "e": 512, "f": 4}
"""Boxes on each image on a CPU, by the letter of a row."""


def detector_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Corners ``(count, 4)`` of proposals on one image, in image pixels."""
    height, width = IMAGE
    objects = rng.integers(0, 12, count)
    centres, sizes = rng.uniform(0, 1, (12, 2)) * (width, height), 100 * np.exp(0.9 * rng.standard_normal(12))
    crowded = rng.uniform(0, 1, count) < 0.6
    size = np.where(
        crowded,
        sizes[objects] * np.exp(0.25 * rng.standard_normal(count)),
        100 * np.exp(0.9 * rng.standard_normal(count)),
    ).clip(16, 800)
    jitter = 0.2 * size[:, None] * rng.standard_normal((count, 2))
    free = rng.uniform(0, 1, (count, 2)) * (width, height)
    centre = np.where(crowded[:, None], centres[objects] + jitter, free)
    aspect = np.exp(0.45 * rng.standard_normal(count) / 2)
    half = np.stack([size * aspect, size / aspect], axis=1) / 2
    centre = centre.clip(0, (width, height))
    corners = np.concatenate([centre - half, centre + half], axis=1)
    return corners.clip(0, (width, height, width, height))


def tiny_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Corners of boxes of 4-16 pixels."""
    return _uniform_boxes(rng, count, (4, 16), (4, 16))


def huge_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Corners of boxes of 500-1333 × 300-800 pixels."""
    return _uniform_boxes(rng, count, (500, 1333), (300, 800))


def _uniform_boxes(
    rng: np.random.Generator, count: int, widths: tuple[int, int], heights: tuple[int, int]
) -> np.ndarray:
    sides = np.stack([rng.uniform(*widths, count), rng.uniform(*heights, count)], axis=1)
    first = rng.uniform(0, 1, (count, 2)) * (np.array(IMAGE[::-1]) - sides)
    return np.concatenate([first, first + sides], axis=1)


DETECTORS = {
    row.name: row
    for row in (
        Row("a", "box head", 2, 512, 256, PYRAMID, 7, detector_boxes),
        Row("b", "mask head", 2, 128, 256, PYRAMID, 14, detector_boxes),
        Row("c", "C4 head", 2, 512, 1024, (16,), 14, detector_boxes),
        Row("d", "inference", 1, 1000, 256, PYRAMID, 7, detector_boxes),
        Row("e", "tiny boxes", 1, 4096, 256, (4,), 7, tiny_boxes),
        Row("f", "huge boxes", 1, 64, 256, (4,), 7, huge_boxes),
    )
}
"""The rows on a GPU, by their letters."""


def sampled_rows(names: Iterable[str]) -> dict[str, Row]:
    """The rows of these names on a GPU, with two samples per bin and axis; those of huge boxes with one for each pixel."""
    return {
        name: SampledRow(**{**vars(DETECTORS[name[0]]), "name": name}, sampling_ratio=0 if name[0] == "f" else 2)
        for name in names
    }


HEADS = {"a1": 10, "c1": 21, "e": 10, "f": 10}
"""Channels of the output of the rows of position-sensitive pooling: c1 is R-FCN's head, the others are light heads."""


def head(name: str) -> dict[str, Any]:
    """The fields of such a row on a GPU: of 7 × 7 bins."""
    row = DETECTORS[name[0]]
    title = "R-FCN head" if name == "c1" else f"light head, {row.title}"
    return {**vars(row), "name": name, "channels": HEADS[name], "bins": 7, "title": title}


def rows_on_cpu(rows: Mapping[str, Row]) -> dict[str, Row]:
    """The same rows with as many boxes as there are on a CPU."""
    return {name: replace(row, boxes=CPU_BOXES[name[0]]) for name, row in rows.items()}


def level_of(corners: np.ndarray, strides: tuple[int, ...]) -> np.ndarray:
    """The level of each box, an index of ``strides``: a box of 224 pixels belongs to stride 16."""
    if len(strides) == 1:
        return np.zeros(len(corners), int)
    area = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
    level = np.floor(np.log2(np.sqrt(area) / 224 + 1e-8)).astype(int) + strides.index(16)
    return level.clip(0, len(strides) - 1)


@cache
def feature_map(shape: tuple[int, ...]) -> np.ndarray:
    """Maps of random multiples of 1/32 within ±4, none of them 0: exact in float16 and bfloat16 too. Read-only."""
    return multiples(np.random.default_rng([SEED, *shape]), shape)


def gradient(row: Row) -> np.ndarray:
    """What arrives at the output, ``(rois, C, P, P)``: numbers like those of `feature_map`. Read-only."""
    shape = (row.rois, row.channels, *row.bin_shape)
    return multiples(np.random.default_rng([SEED, 1, *shape]), shape)


FEW = 8
"""Numbers other than zero that `gradient_of_few` has for each RoI."""


def gradient_of_few(row: Row) -> np.ndarray:
    """A gradient that is zero but for `FEW` numbers of each RoI, in channels and bins drawn by chance."""
    shape = (row.rois, row.channels, *row.bin_shape)
    rng = np.random.default_rng([SEED, 2, *shape])
    sent = np.zeros(shape, np.float32)
    elements = rng.integers(0, sent[0].size, (row.rois, FEW))
    np.put_along_axis(sent.reshape(row.rois, -1), elements, multiples(rng, elements.shape), axis=1)
    return sent


def multiples(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random multiples of 1/32 within ±4, none of them 0: exact in float16 and bfloat16 too. Read-only."""
    steps = rng.standard_normal(shape, dtype=np.float32)  # then in place: every process that times something does this
    steps *= 32
    np.rint(steps, out=steps)
    np.clip(steps, -127, 127, out=steps)
    steps[steps == 0] = 1
    steps /= 32
    steps.flags.writeable = False
    return steps


def problem(row: Row) -> Problem:
    """The row with its arrays, always the same."""
    rng = np.random.default_rng([SEED, ord(row.name[0])])
    corners = [row.draw(rng, row.boxes) for _ in range(row.images)]
    boxes = np.concatenate([np.insert(c, 0, image, axis=1) for image, c in enumerate(corners)]).astype(np.float32)
    level = level_of(boxes[:, 1:].astype(float), row.strides)
    padded = row.padded or PADDED
    levels = (
        Level(
            feature_map((row.images, row.map_channels, *(pixels // stride for pixels in padded))),
            np.ascontiguousarray(boxes[level == index]),
            1 / stride,
            np.flatnonzero(level == index),
        )
        for index, stride in enumerate(row.strides)
        if (level == index).any()
    )
    return Problem(row, tuple(levels))


def maps_of(problem: Problem) -> list[np.ndarray]:
    """What pooling reads on the host: the maps of each level."""
    return [level.feature for level in problem.levels]


def parameters_of_sampling(row: SampledRow) -> dict[str, Any]:
    """The parameters of a row that not all operators have, of those that sample and have no others."""
    return {"sampling_ratio": row.sampling_ratio}


def gradients_of(problem: Problem) -> list[np.ndarray]:
    """What a gradient for the maps reads on the host: what arrives at the output of each level."""
    arriving = gradient(problem.row)
    return [arriving[level.rois] for level in problem.levels]


def whole_gradient(problem: Problem) -> list[np.ndarray]:
    """What a gradient for the maps of all levels at once reads on the host: what arrives at the output."""
    return [gradient(problem.row)]


def maps_and_whole_gradients(problem: Problem) -> list[np.ndarray]:
    """The maps of each level, and then what arrives at the output of each, as they are read on the host."""
    return [*maps_of(problem), *gradients_of(problem)]


def maps_and_gradients(problem: Problem) -> list[np.ndarray]:
    """What a gradient for the boxes reads on the host: the maps of each level, and then what arrives at the output of each."""
    arriving = gradient_of_few(problem.row)
    return [*maps_of(problem), *(arriving[level.rois] for level in problem.levels)]


def maps_and_few(problem: Problem) -> list[np.ndarray]:
    """What a gradient for the boxes of all levels at once reads on the host: the maps, and then what arrives at the output."""
    return [*maps_of(problem), gradient_of_few(problem.row)]
