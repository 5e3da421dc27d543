"""What operators that average bilinear samples at points of a map should give, in float64, and how far float32 may be off.

An operator says where its samples lie, and how they move with the numbers of a box. A coordinate that is off by δ moves a sample
by at most 2 M δ along an axis, M being the largest pixel of the image, whichever cells it lies in, since the surface has no steps
but at its borders: a sample that is nearer to one of these than δ may be wrong altogether. A slope has steps at every row and
column of pixels, and there may be off by as much as slopes can be, 4 M; elsewhere it changes by 4 M δ. A weight of a pixel moves
by δ at most. Sums add γₙ of their magnitudes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from .judgement import FLOAT64, SAMPLED_CHANNELS, SAMPLED_ROIS, Expected, Reference, crosswise
from .problem import Level, Row

if TYPE_CHECKING:
    from .problem import Problem

WHOLE = 8_000_000
"""Results of at most so many elements are checked throughout."""
_TYPE = FLOAT_TYPES["float32"]
_OPERATIONS = 24  # on a term, besides its sum


@dataclass(frozen=True)
class Points:
    """The samples of a RoI, in feature pixels.

    Attributes:
        y, x: Where they lie, ``(P, P, samples of a bin)``.
        off: How far a coordinate may be off in float32.
        motions: By how much y and x of each move with each number of its box, ``(numbers, 2, P, P, samples)``; image pixels.
    """

    y: np.ndarray
    x: np.ndarray
    off: float
    motions: np.ndarray

    @property
    def count(self) -> int:
        """What the sum of a bin is divided by."""
        return max(self.y.shape[-1], 1)


PointsOf = Callable[[Level, int, Row], Points]
"""Where the samples of the RoI of this number lie."""


class Along(NamedTuple):
    """An axis of samples: the lower and the upper pixel, what these weigh, what they slope by, and which samples are in doubt."""

    low: np.ndarray
    high: np.ndarray
    of_low: np.ndarray
    of_high: np.ndarray
    inside: np.ndarray
    slope: np.ndarray
    at_border: np.ndarray
    at_knot: np.ndarray


def along(at: np.ndarray, pixels: int, off: float) -> Along:
    """Where samples lie along an axis of the map: those beyond −1 and ``pixels`` are outside, others on the map at least."""
    inside = (at >= -1) & (at <= pixels)
    on_map = np.clip(at, 0, pixels - 1)
    low = np.minimum(np.floor(on_map), pixels - 1).astype(int)
    high = np.minimum(low + 1, pixels - 1)
    share = on_map - low
    return Along(
        low,
        high,
        (1 - share) * inside,
        share * inside,
        inside,
        ((at > 0) & (at < pixels - 1)).astype(float),
        np.minimum(abs(at + 1), abs(at - pixels)) <= off,
        abs(at - np.rint(at)) <= off,
    )


def both(level: Level, points: Points) -> tuple[Along, Along]:
    """Both axes of the samples of a RoI; a sample that is outside along one is outside."""
    height, width = level.feature.shape[2:]
    y, x = along(points.y, height, points.off), along(points.x, width, points.off)
    inside = y.inside & x.inside
    return tuple(
        axis._replace(of_low=axis.of_low * inside, of_high=axis.of_high * inside, inside=inside) for axis in (y, x)
    )  # type: ignore[return-value]


def _taps(y: Along, x: Along) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The four pixels of each sample: row, column and weight."""
    rows, columns = ((y.low, y.of_low), (y.high, y.of_high)), ((x.low, x.of_low), (x.high, x.of_high))
    inside = np.where(y.inside, 1.0, 0.0)
    return [(row, column, b * c * inside) for row, b in rows for column, c in columns]


def _largest(level: Level, k: int, channels: np.ndarray) -> np.ndarray:
    """The largest pixel of each channel of a RoI's image."""
    found: np.ndarray = abs(level.feature[int(level.boxes[k, 0])][channels]).max(axis=(1, 2)).astype(np.float64)
    return found


def mean(level: Level, k: int, points: Points, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The average of each bin of a RoI, ``(C, P, P)``, and a bound of its error."""
    y, x = both(level, points)
    image = level.feature[int(level.boxes[k, 0])]
    value, magnitude = np.zeros((2, len(channels), *points.y.shape[:2]))
    for row, column, weight in _taps(y, x):
        pixels = image[channels[:, None, None, None], row, column].astype(np.float64) * weight
        value += pixels.sum(axis=-1) / points.count
        magnitude += abs(pixels).sum(axis=-1) / points.count
    in_doubt = (y.at_border | x.at_border).sum(axis=-1) / points.count
    moved = _largest(level, k, channels)[:, None, None] * (4 * points.off + in_doubt)
    gamma = _TYPE.gamma(4 * points.count + _OPERATIONS)
    return value, moved + gamma * (magnitude + moved) + FLOAT64 * magnitude


def outputs(problem: Problem, points_of: PointsOf, rng: np.random.Generator) -> Reference:
    """What pooling should give."""
    row = problem.row
    reference = Reference([(len(level.boxes), row.channels, row.bins, row.bins) for level in problem.levels])
    for index, level in enumerate(problem.levels):
        whole = row.outputs <= WHOLE or row.channels <= SAMPLED_CHANNELS
        for rois, channels in crosswise(len(level.boxes), row.channels, rng, whole=whole):
            found = [mean(level, k, points_of(level, k, row), channels) for k in rois]
            value, bound = (np.array(arrays) for arrays in zip(*found, strict=True))
            reference.blocks.append(Expected(index, (rois[:, None], channels[None]), value, bound))
    return reference


def spread(level: Level, row: Row, sent: np.ndarray, points_of: PointsOf) -> tuple[np.ndarray, np.ndarray]:
    """What maps with as many channels as ``sent``, ``(K, C, P, P)``, get if RoIs send that, and a bound of its error."""
    n, _, height, width = level.feature.shape
    channels = sent.shape[1]
    value, magnitude, moved, terms = np.zeros((4, n, channels, height * width))
    for k, arriving in enumerate(sent.astype(np.float64)):
        points = points_of(level, k, row)
        (y, x), at = both(level, points), int(level.boxes[k, 0])
        share = arriving[..., None] / points.count
        for tap_row, column, weight in _taps(y, x):
            pixel = (tap_row * width + column).ravel()
            given = (share * weight).reshape(channels, -1)
            for channel in range(channels):
                value[at, channel] += np.bincount(pixel, given[channel], height * width)
                magnitude[at, channel] += np.bincount(pixel, abs(given[channel]), height * width)
        pixel = (y.low * width + x.low).ravel()
        doubt = 2 * points.off + (y.at_border | x.at_border)
        uncertain = (abs(share) * doubt).reshape(channels, -1)
        for channel in range(channels):
            moved[at, channel] += np.bincount(pixel, uncertain[channel], height * width)
        terms[at] += np.bincount(pixel, minlength=height * width)
    shape = (n, channels, height, width)
    near, count = (_around(array.reshape(shape)) for array in (moved, terms))
    roundings = (count + _OPERATIONS) * _TYPE.unit
    gamma, magnitude = roundings / (1 - roundings), magnitude.reshape(shape)
    return value.reshape(shape), near + gamma * (magnitude + near) + FLOAT64 * magnitude


def _around(array: np.ndarray) -> np.ndarray:
    """The sum over all pixels whose samples may be sent to each: from two before it to one after it along both axes."""
    for axis in (2, 3):
        size = array.shape[axis]
        wide = np.pad(array, [(2, 1) if one == axis else (0, 0) for one in range(4)])
        array = sum(np.take(wide, np.arange(first, first + size), axis) for first in range(4))  # type: ignore[assignment]
    return array


def gradients(problem: Problem, points_of: PointsOf, arriving: np.ndarray, rng: np.random.Generator) -> Reference:
    """What the gradient for the maps should be if ``arriving`` comes to the output."""
    row = problem.row
    reference = Reference([level.feature.shape for level in problem.levels])
    whole = sum(level.feature.size for level in problem.levels) <= WHOLE
    few = np.sort(rng.choice(row.channels, min(SAMPLED_CHANNELS, row.channels), replace=False))
    channels = np.arange(row.channels) if whole else few
    for index, level in enumerate(problem.levels):
        value, bound = spread(level, row, arriving[level.rois][:, channels], points_of)
        at = np.arange(level.feature.shape[0])[:, None], channels[None]
        reference.blocks.append(Expected(index, at, value, bound))
    return reference


def slope(level: Level, k: int, points: Points, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for the numbers of the box of a RoI to which this arrives, ``(C, P, P)``, and a bound of its error."""
    y, x = both(level, points)
    channels = np.flatnonzero(sent.any(axis=(1, 2)))
    arriving = sent[channels].astype(np.float64) / points.count
    image = level.feature[int(level.boxes[k, 0])]

    def pixels(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        found: np.ndarray = image[channels[:, None, None, None], row, column].astype(np.float64)
        return found

    corners = [[pixels(row, column) for column in (x.low, x.high)] for row in (y.low, y.high)]
    along_y = [(corners[1][n] - corners[0][n]) * weight for n, weight in enumerate((x.of_low, x.of_high))]
    along_x = [(corners[n][1] - corners[n][0]) * weight for n, weight in enumerate((y.of_low, y.of_high))]
    slopes = (sum(along_y) * y.slope * y.inside, sum(along_x) * x.slope * x.inside)
    largest = _largest(level, k, channels)[:, None, None, None]
    in_doubt = y.at_border | x.at_border | y.at_knot | x.at_knot
    error = largest * (4 * points.off + 4 * in_doubt)
    gamma = _TYPE.gamma(8 * points.count * arriving.size + _OPERATIONS)
    value, bound = np.zeros((2, len(points.motions)))
    magnitude = (abs(arriving[..., None]) * 2 * largest).sum() * points.y.shape[-1]
    for number, motion in enumerate(points.motions):
        farthest = abs(motion).max(initial=0)  # a motion may be a difference of such
        for steep, move in zip(slopes, motion, strict=True):
            value[number] += (arriving[..., None] * steep * move).sum()
            bound[number] += (abs(arriving[..., None] * move) * error).sum() + gamma * magnitude * farthest
    return value, bound


def slopes(problem: Problem, points_of: PointsOf, arriving: np.ndarray, rng: np.random.Generator) -> Reference:
    """What the gradient for some boxes of each level should be if ``arriving`` comes to the output."""
    row = problem.row
    numbers = len(points_of(problem.levels[0], 0, row).motions)
    reference = Reference([(len(level.boxes), numbers) for level in problem.levels], dtype="float32")
    for index, level in enumerate(problem.levels):
        rois = np.sort(rng.choice(len(level.boxes), min(SAMPLED_ROIS, len(level.boxes)), replace=False))
        found = [slope(level, k, points_of(level, k, row), arriving[level.rois[k]]) for k in rois]
        value, bound = (np.array(arrays) for arrays in zip(*found, strict=True))
        reference.blocks.append(Expected(index, (rois,), value, bound))
    return reference
