"""What operators should give whose samples lie on a grid, of maps or volumes, in float64; and how far off float32 may be.

What a bin weighs every pixel with is a product of what it weighs along each axis. A coordinate that is off by δ moves a weight of
a pixel by δ at most; a sample that is nearer to a border than that may be wrong altogether, and a slope has steps at every pixel.
With M the largest pixel of a channel, a mean is off by M times what weights, all together, may be off by. Sums add γₙ of their
magnitudes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, cast

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from .judgement import FLOAT64
from .points import along, largest_of, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .problem import Level, Row, SampledRow

_TYPE = FLOAT_TYPES["float32"]
_ROUNDINGS = 12  # of a coordinate: of a corner, a bin, a place in it, and their sums
_OPERATIONS = 32  # on a term, besides its sum


@dataclass(frozen=True)
class Axis:
    """An axis of a RoI; arrays are ``(P, pixels)`` but for those of each bin, ``(P,)``.

    Attributes:
        window: The pixels from the first to the last that it may weigh.
        weights: Of each bin, over the number of samples; and
        off: by how much each may be off.
        near: How many samples may be next to each pixel.
        moving: By how much weights change as the first, and as the second corner moves, ``(2, P, pixels)``; feature pixels.
        doubt: By how much the weights of a bin may be off, all together.
        knots: What share of the samples of a bin may have another slope.
        samples: Of a bin.
        first, second: The ends, in feature pixels.
    """

    window: slice
    weights: np.ndarray
    off: np.ndarray
    near: np.ndarray
    moving: np.ndarray
    doubt: np.ndarray
    knots: np.ndarray
    samples: int
    first: float
    second: float


def axis(first: float, second: float, pixels: int, bins: int, ratio: int) -> Axis:
    """An axis from one coordinate to another, in feature pixels."""
    extent = second - first
    shares = places(extent, bins, ratio)
    at, count = first + shares * extent, max(shares.shape[1], 1)
    off = _ROUNDINGS * _TYPE.unit * (max(abs(first), abs(second)) + abs(extent) + 1)
    found = along(at, pixels, off)

    def summed(*parts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """What pixels get of samples, over their number: of pixels, and what each gets."""
        total = np.zeros((bins, pixels))
        for pixel, given in parts:
            np.add.at(total, (np.arange(bins)[:, None], pixel.clip(0, pixels - 1)), given / count)
        return total

    around = [found.low + step for step in (-1, 0, 1, 2)]
    off_of_sample = off * found.inside + found.at_border
    steep = found.slope * found.inside
    moves = [summed((found.high, steep * share), (found.low, -steep * share)) for share in (1 - shares, shares)]
    near = summed(*((pixel, np.ones(at.shape)) for pixel in around)) * count
    used = np.flatnonzero(near.any(axis=0))
    window = slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 1)
    return Axis(
        window,
        summed((found.low, found.of_low), (found.high, found.of_high))[:, window],
        summed(*((pixel, off_of_sample) for pixel in around))[:, window],
        near[:, window],
        np.array(moves)[..., window],
        (2 * off * found.inside + found.at_border).sum(axis=1) / count,
        (found.at_border | found.at_knot).sum(axis=1) / count,
        shares.shape[1],
        first,
        second,
    )


def axes_of(level: Level, k: int, row: Row) -> tuple[Axis, ...]:
    """Those of a RoI, aligned: y and x of a box ``x1, y1, x2, y2``; or z, y and x of one that has z1 and z2 too."""
    sizes, sampled = level.feature.shape[2:], cast("SampledRow", row)
    numbers = len(sizes)
    corners = level.boxes[k, 1:].astype(np.float64) * level.scale - 0.5
    ends = zip(corners[:numbers][::-1], corners[numbers:][::-1], sizes, strict=True)
    return tuple(axis(first, second, size, row.bins, sampled.sampling_ratio) for first, second, size in ends)


def pooled(pixels: np.ndarray, weights: Iterable[np.ndarray]) -> np.ndarray:
    """What pixels ``(C, …)`` sum up to by weights ``(P, pixels)`` of each axis: ``(C, P, …)``."""
    return sent_back(pixels, (each.T for each in weights))


def sent_back(arriving: np.ndarray, weights: Iterable[np.ndarray]) -> np.ndarray:
    """What pixels get of what arrives, ``(C, P, …)``, by the same weights: ``(C, …)``."""
    for each in weights:  # the axis that is summed over is the second, and what comes of it the last
        arriving = np.tensordot(arriving, each, axes=(1, 0))
    return arriving


def across(numbers: Sequence[np.ndarray]) -> np.ndarray:
    """The sums of numbers of the bins of each axis: ``(P, …)``."""
    found: np.ndarray = reduce(np.add, _crossed(numbers))
    return found


def product(numbers: Iterable[np.ndarray]) -> np.ndarray:
    """The products of numbers of the bins, or pixels, of each axis."""
    found: np.ndarray = reduce(np.multiply, _crossed(numbers))
    return found


def _crossed(numbers: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Numbers along each axis, so that they broadcast."""
    each = list(numbers)
    return [
        array.reshape([-1 if axis == other else 1 for other in range(len(each))]) for axis, array in enumerate(each)
    ]


def read_by(level: Level, k: int, axes: Sequence[Axis], channels: np.ndarray) -> np.ndarray:
    """The pixels that a RoI may read."""
    found: np.ndarray = level.feature[(int(level.boxes[k, 0]), slice(None), *(one.window for one in axes))][channels]
    return found.astype(np.float64)


def _gamma(axes: Sequence[Axis], more: int = 1) -> float:
    return float(_TYPE.gamma(8 * math.prod(one.samples for one in axes) * more + _OPERATIONS))


def _wide(largest: np.ndarray, axes: Sequence[Axis]) -> np.ndarray:
    """A number of each channel that broadcasts to its bins."""
    return largest.reshape(-1, *[1] * len(axes))


def mean(level: Level, k: int, row: Row, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The average of each bin of a RoI, ``(C, P, …)``, and a bound of its error."""
    return _mean(level, k, axes_of(level, k, row), channels)


def samples_of(level: Level, k: int, row: Row) -> tuple[Axis, ...]:
    """The axes of a RoI whose bins are its samples: each is the average of a bin that has no other."""
    return tuple(
        axis(one.first, one.second, size, row.bins * one.samples, 1)
        for one, size in zip(axes_of(level, k, row), level.feature.shape[2:], strict=True)
    )


def samples(level: Level, k: int, row: Row, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The samples of each bin of a RoI, ``(C, P, S, …)`` with P and S of each axis, and bounds of their errors.

    Bins of an adaptive grid have one sample at least.
    """
    alone = samples_of(level, k, row)
    within = [length for one in alone for length in (row.bins, len(one.weights) // row.bins)]
    value, bound = (of.reshape(-1, *within) for of in _mean(level, k, alone, channels))
    return value, bound


def maximum(level: Level, k: int, row: Row, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The greatest sample of each bin of a RoI, ``(C, P, …)``, and a bound of its error: that of the worst of them."""
    found = samples(level, k, row, channels)
    of_bin = tuple(range(2, found[0].ndim, 2))
    value, bound = (of.max(axis=of_bin) for of in found)
    return value, bound


def _mean(level: Level, k: int, axes: Sequence[Axis], channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels, weights = read_by(level, k, axes, channels), [one.weights for one in axes]
    value, magnitude = pooled(pixels, weights), pooled(abs(pixels), weights)
    shares = [each.sum(axis=1) for each in weights]
    more = product(share + one.doubt for share, one in zip(shares, axes, strict=True)) - product(shares)
    moved = _wide(largest_of(level, k, channels), axes) * more
    return value, moved + _gamma(axes) * (magnitude + moved) + FLOAT64 * magnitude


def spread(level: Level, row: Row, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What maps with as many channels as ``sent``, ``(K, C, P, …)``, get if RoIs send that, and a bound of its error."""
    each = ((axes_of(level, k, row), arriving) for k, arriving in enumerate(sent.astype(np.float64)))
    return spread_along(level, each, sent.shape[1])


def spread_along(
    level: Level, sent: Iterable[tuple[Sequence[Axis], np.ndarray]], channels: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same of what each RoI sends, ``(C, P, …)``, with its axes."""
    n, _, *size = level.feature.shape
    value, magnitude, moved = np.zeros((3, n, channels, *size))
    terms = np.zeros((n, 1, *size))
    for k, (axes, arriving) in enumerate(sent):
        at = int(level.boxes[k, 0]), slice(None), *(one.window for one in axes)
        weights = [one.weights for one in axes]
        most = [one.weights + one.off for one in axes]
        value[at] += sent_back(arriving, weights)
        of_weights = sent_back(abs(arriving), weights)
        magnitude[at] += of_weights
        moved[at] += sent_back(abs(arriving), most) - of_weights
        terms[at] += product(one.near.sum(axis=0) for one in axes)
    roundings = (terms + _OPERATIONS) * _TYPE.unit
    return value, moved + roundings / (1 - roundings) * (magnitude + moved) + FLOAT64 * magnitude


def slope(level: Level, k: int, row: Row, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for the corners of a RoI to which this arrives, ``(C, P, …)``, and a bound of its error: x first, then y …"""
    axes = axes_of(level, k, row)
    channels = np.flatnonzero(sent.any(axis=tuple(range(1, sent.ndim))))
    arriving, pixels = sent[channels].astype(np.float64), read_by(level, k, axes, channels)
    largest = abs(arriving) * _wide(largest_of(level, k, channels), axes)
    gamma = _gamma(axes, arriving.size)
    value, bound = np.zeros((2, 2, len(axes)))
    for corner in range(2):
        for moving in range(len(axes)):
            number = len(axes) - 1 - moving
            weights = [one.moving[corner] if n == moving else one.weights for n, one in enumerate(axes)]
            off = across([one.knots if n == moving else one.doubt for n, one in enumerate(axes)])
            value[corner, number] = (arriving * pooled(pixels, weights)).sum() * level.scale
            magnitude = (abs(arriving) * pooled(abs(pixels), [abs(each) for each in weights])).sum()
            bound[corner, number] = (4 * (largest * off).sum() + 2 * gamma * magnitude) * level.scale
    return value.ravel(), bound.ravel()
