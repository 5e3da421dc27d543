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
from typing import NamedTuple

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from .judgement import FLOAT64
from .problem import Level, Row

_TYPE = FLOAT_TYPES["float32"]
_OPERATIONS = 24  # on a term, besides its sum


@dataclass(frozen=True)
class Points:
    """The samples of a RoI, in feature pixels.

    Attributes:
        y, x: Where they lie, ``(P, P, samples of a bin)``.
        off: How far a coordinate may be off in float32.
        motions: By how much y and x of each move with each number of its box, ``(numbers, 2, P, P, samples)``; image pixels.
        shift: How far an offset of 1 moves a bin along x, and along y.
        plane: Which of the ``planes`` of a channel each sample reads, in numbers that broadcast to the samples. Those of a
            channel follow each other in the maps.
        margin: How far beyond the first and the last pixel samples are inside.
        inside_count: Whether bins are divided by the number of samples that are inside, and not by that of all.
    """

    y: np.ndarray
    x: np.ndarray
    off: float
    motions: np.ndarray
    shift: tuple[float, float] = (0.0, 0.0)
    plane: np.ndarray | int = 0
    planes: int = 1
    margin: float = 1.0
    inside_count: bool = False

    @property
    def samples(self) -> int:
        """Those of a bin, but 1 if it has none."""
        return max(self.y.shape[-1], 1)

    def count(self, inside: np.ndarray) -> np.ndarray:
        """What the sum of each bin is divided by, ``(P, P)``, if these samples are inside."""
        counted = inside.sum(axis=-1) if self.inside_count else np.full(inside.shape[:-1], inside.shape[-1])
        return np.maximum(counted, 1)

    def in_doubt(self, y: Along, x: Along) -> np.ndarray:
        """By how many samples a bin may be off: where their number counts, any makes it so without bound."""
        doubtful = (y.at_border | x.at_border).astype(float)
        if self.inside_count:
            doubtful[doubtful.any(axis=-1)] = np.inf
        return doubtful

    def channels(self, channels: np.ndarray) -> np.ndarray:
        """The channels of the maps that samples read, of some of the output, to be broadcast to ``(C, P, P, samples)``."""
        return channels[:, None, None, None] * self.planes + self.plane


PointsOf = Callable[[Level, int, Row], Points]
"""Where the samples of the RoI of this number lie."""


def places(extent: float, bins: int, ratio: int) -> np.ndarray:
    """Where samples lie along a side, as shares of it: ``(P, samples)``; with a ratio of 0 one for each pixel of a bin."""
    count = ratio if ratio > 0 else int(np.ceil(extent / bins))
    shares: np.ndarray = (np.arange(bins)[:, None] + (np.arange(count) + 0.5) / count) / bins
    return shares


def crossed(along_y: np.ndarray, along_x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of samples along two axes, ``(P, samples)`` each, so that they broadcast: to ``(P, P, samples, samples)``."""
    return along_y[:, None, :, None], along_x[None, :, None, :]


_BOX_ROUNDINGS = 16  # of a coordinate: of a corner, a bin, a place in it, how far the bin is moved, and their sums


def of_box(level: Level, k: int, bins: int, ratio: int, moved: np.ndarray | None = None) -> Points:
    """The samples of a box ``x1, y1, x2, y2`` by RoIAlign's rules, aligned.

    ``moved``, ``(2, P, P)``, is by what parts of the box's width and height its bins are moved.
    """
    scale = level.scale
    x1, y1, x2, y2 = level.boxes[k, 1:].astype(np.float64) * scale - 0.5
    width, height = x2 - x1, y2 - y1
    at_y, at_x = crossed(*(places(extent, bins, ratio) for extent in (height, width)))
    by_x, by_y = np.zeros((2, bins, bins, 1, 1)) if moved is None else moved[..., None, None]
    share_y, share_x = (share + by for share, by in ((at_y, by_y), (at_x, by_x)))
    shape = np.broadcast_shapes(share_y.shape, share_x.shape)
    still = np.zeros(shape)
    motions = [
        [still, still + scale * (1 - share_x)],
        [still + scale * (1 - share_y), still],
        [still, still + scale * share_x],
        [still + scale * share_y, still],
    ]
    flat = (bins, bins, -1)
    farthest = max(abs(x1), abs(y1), abs(x2), abs(y2)) + 1
    farthest += max(width, height) * (1 + max(abs(by_x).max(), abs(by_y).max()))
    return Points(
        (y1 + still + share_y * height).reshape(flat),
        (x1 + still + share_x * width).reshape(flat),
        _BOX_ROUNDINGS * _TYPE.unit * float(farthest),
        np.array(motions).reshape(4, 2, *flat),
    )


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


def along(at: np.ndarray, pixels: int, off: float, margin: float = 1.0) -> Along:
    """Where samples lie along an axis of the map: those beyond ``margin`` from it are outside, others on the map at least."""
    first, last = -margin, pixels - 1 + margin
    inside = (at >= first) & (at <= last)
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
        np.minimum(abs(at - first), abs(at - last)) <= off,
        abs(at - np.rint(at)) <= off,
    )


def both(level: Level, points: Points) -> tuple[Along, Along]:
    """Both axes of the samples of a RoI; a sample that is outside along one is outside."""
    height, width = level.feature.shape[2:]
    y, x = (along(at, pixels, points.off, points.margin) for at, pixels in ((points.y, height), (points.x, width)))
    inside = y.inside & x.inside
    return tuple(
        axis._replace(of_low=axis.of_low * inside, of_high=axis.of_high * inside, inside=inside) for axis in (y, x)
    )  # type: ignore[return-value]


def taps(y: Along, x: Along) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The four pixels of each sample: row, column and weight."""
    rows, columns = ((y.low, y.of_low), (y.high, y.of_high)), ((x.low, x.of_low), (x.high, x.of_high))
    inside = np.where(y.inside, 1.0, 0.0)
    return [(row, column, b * c * inside) for row, b in rows for column, c in columns]


def largest_of(level: Level, k: int, channels: np.ndarray) -> np.ndarray:
    """The largest pixel of each of these channels of the map of a RoI's image."""
    found: np.ndarray = level.largest[int(level.boxes[k, 0])][channels]
    return found


def mean(level: Level, k: int, points: Points, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The average of each bin of a RoI, ``(C, P, P)``, and a bound of its error."""
    y, x = both(level, points)
    image, read = level.feature[int(level.boxes[k, 0])], points.channels(channels)
    count = points.count(y.inside)
    value, magnitude = np.zeros((2, len(channels), *points.y.shape[:2]))
    for row, column, weight in taps(y, x):
        pixels = image[read, row, column].astype(np.float64) * weight
        value += pixels.sum(axis=-1) / count
        magnitude += abs(pixels).sum(axis=-1) / count
    off = 4 * points.off + points.in_doubt(y, x).sum(axis=-1) / count
    moved = largest_of(level, k, read).max(axis=-1) * off
    gamma = _TYPE.gamma(4 * points.samples + _OPERATIONS)
    return value, moved + gamma * (magnitude + moved) + FLOAT64 * magnitude


def spread(level: Level, row: Row, sent: np.ndarray, points_of: PointsOf) -> tuple[np.ndarray, np.ndarray]:
    """What maps get if RoIs send this, ``(K, C, P, P)``, to all planes of as many channels; and a bound of its error."""
    n, _, height, width = level.feature.shape
    channels, planes = sent.shape[1], points_of(level, 0, row).planes
    size = planes * height * width
    value, magnitude, moved, terms = np.zeros((4, n, channels, size))
    for k, arriving in enumerate(sent.astype(np.float64)):
        points = points_of(level, k, row)
        (y, x), at = both(level, points), int(level.boxes[k, 0])
        share = (arriving / points.count(y.inside))[..., None]
        plane = np.broadcast_to(points.plane, points.y.shape) * height
        for tap_row, column, weight in taps(y, x):
            pixel = ((plane + tap_row) * width + column).ravel()
            given = (share * weight).reshape(channels, -1)
            for channel in range(channels):
                value[at, channel] += np.bincount(pixel, given[channel], size)
                magnitude[at, channel] += np.bincount(pixel, abs(given[channel]), size)
        pixel = ((plane + y.low) * width + x.low).ravel()
        uncertain = (abs(share) * (2 * points.off + points.in_doubt(y, x))).reshape(channels, -1)
        for channel in range(channels):
            moved[at, channel] += np.bincount(pixel, uncertain[channel], size)
        terms[at] += np.bincount(pixel, minlength=size)
    shape = (n, channels * planes, height, width)
    return value.reshape(shape), sent_bound(*(array.reshape(shape) for array in (magnitude, moved, terms)))


def sent_bound(magnitude: np.ndarray, moved: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """How far maps ``(N, C, H, W)`` may be off that were sent to.

    Args:
        magnitude: The sum of magnitudes of each pixel.
        moved: By how much that of a sample may be off, at the pixel before it.
        terms: How many samples lie after each pixel.
    """
    near, count = _around(moved), _around(terms)
    roundings = (count + _OPERATIONS) * _TYPE.unit
    bound: np.ndarray = near + roundings / (1 - roundings) * (magnitude + near) + FLOAT64 * magnitude
    return bound


def _around(array: np.ndarray) -> np.ndarray:
    """The sum over all pixels whose samples may be sent to each: from two before it to one after it along both axes."""
    for axis in (2, 3):
        size = array.shape[axis]
        wide = np.pad(array, [(2, 1) if one == axis else (0, 0) for one in range(4)])
        array = sum(np.take(wide, np.arange(first, first + size), axis) for first in range(4))  # type: ignore[assignment]
    return array


class Steepness(NamedTuple):
    """What the samples of a RoI change by as they move, times what arrives, summed over channels.

    Attributes:
        along: Along y and along x, ``(2, P, P, samples)``.
        error, magnitude: Of either, ``(P, P, samples)``: by how much it may be off, and how much is summed.
        channels: How many channels something arrives at.
    """

    along: np.ndarray
    error: np.ndarray
    magnitude: np.ndarray
    channels: int


def steepness(level: Level, k: int, points: Points, sent: np.ndarray) -> Steepness:
    """How steep the map is at the samples of a RoI to which this arrives, ``(C, P, P)``."""
    y, x = both(level, points)
    channels = np.flatnonzero(sent.any(axis=(1, 2)))
    arriving = (sent[channels].astype(np.float64) / points.count(y.inside))[..., None]
    image, read = level.feature[int(level.boxes[k, 0])], points.channels(channels)

    def pixels(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        found: np.ndarray = image[read, row, column].astype(np.float64)
        return found

    corners = [[pixels(row, column) for column in (x.low, x.high)] for row in (y.low, y.high)]
    along_y = [(corners[1][n] - corners[0][n]) * weight for n, weight in enumerate((x.of_low, x.of_high))]
    along_x = [(corners[n][1] - corners[n][0]) * weight for n, weight in enumerate((y.of_low, y.of_high))]
    slopes = np.array([sum(along_y) * y.slope * y.inside, sum(along_x) * x.slope * x.inside])
    in_doubt = np.maximum(points.in_doubt(y, x), y.at_knot | x.at_knot)
    largest = (abs(arriving) * largest_of(level, k, read)).sum(axis=0)
    error = largest * (4 * points.off + 4 * in_doubt)
    magnitude = np.broadcast_to(2 * largest, points.y.shape)
    return Steepness((arriving * slopes).sum(axis=1), error, magnitude, len(channels))


def slope(level: Level, k: int, points: Points, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for the numbers of the box of a RoI to which this arrives, ``(C, P, P)``, and a bound of its error."""
    steep = steepness(level, k, points, sent)
    gamma = _TYPE.gamma(8 * points.y.size * steep.channels + _OPERATIONS)
    value, bound = np.zeros((2, len(points.motions)))
    magnitude = steep.magnitude.sum()
    for number, motion in enumerate(points.motions):
        farthest = abs(motion).max(initial=0)  # a motion may be a difference of such
        for along_axis, move in zip(steep.along, motion, strict=True):
            value[number] += (along_axis * move).sum()
            bound[number] += (abs(move) * steep.error).sum() + gamma * magnitude * farthest
    return value, bound


def pull(level: Level, k: int, points: Points, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for the offsets of the bins of a RoI, ``(2, P, P)``, along x and then along y; and a bound of its error."""
    steep = steepness(level, k, points, sent)
    gamma = _TYPE.gamma(8 * points.samples * steep.channels + _OPERATIONS)
    shift = np.array(points.shift)[:, None, None]
    value = steep.along[::-1].sum(axis=-1) * shift
    return value, (steep.error + gamma * steep.magnitude).sum(axis=-1) * abs(shift)
