"""What a timed call should have returned.

A maximum is a copy of a pixel, and the gradients that are sent are multiples of 1/32 whose sums float32 has exactly: both must be
equal to what is worked out here, to the bit, but for the rounding of a result of 16 bits. An average of n pixels is rounded once
for each of them and a few times more: γₙ₊₈ times the average of magnitudes; its gradient likewise, for each term of a pixel.

`exactly` goes through the rules once more, in rational arithmetic and one pixel at a time, for a few RoIs. Small rows are checked
throughout; of large ones, results in all RoIs on some channels and some RoIs on all channels, gradients in all pixels of some
channels and some pixels of all channels.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from ...measuring.judgement import FLOAT64, SAMPLED_CHANNELS, Expected, Reference, crosswise
from ...workloads import SEED, gradient
from .edges import DIALECTS, EXACT, Windows, windows_of
from .floors import geometry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...measuring.problem import Level, Problem
    from .edges import Rules
    from .operations import Operation

WHOLE = 8_000_000
"""Results of at most so many elements are checked throughout."""
_SAMPLED_PIXELS = 24
_WORKING = FLOAT_TYPES["float32"]
_OPERATIONS = 8  # on an average or on a term, besides its sum


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give, by the exact edges of bins and by those of each peer."""
    del processes  # it takes less than a process needs to begin
    by_edges: list[tuple[list[Windows], Reference]] = []

    def by(rules: Rules) -> Reference:
        """The reference of some rules; where all bins are those of others, it is theirs."""
        windows = [windows_of(level, problem.row.bins, rules) for level in problem.levels]
        for others, reference in by_edges:
            if all(mine.same_as(other) for mine, other in zip(windows, others, strict=True)):
                return reference
        make = gradients if operation.gradient else outputs
        by_edges.append((windows, make(problem, windows, operation)))
        return by_edges[-1][1]

    exact = by(EXACT)
    exact.checked_exactly = validate(problem, exact, operation)
    exact.others.update({name: by(rules) for name, rules in DIALECTS.items()})
    return exact


def outputs(problem: Problem, windows: list[Windows], operation: Operation) -> Reference:
    """What pooling should give."""
    row, rng = problem.row, np.random.default_rng(SEED)
    reads = geometry(problem).pixels * row.channels
    whole = max(row.outputs, reads // 25) <= WHOLE
    reference = Reference([(len(level.boxes), row.channels, row.bins, row.bins) for level in problem.levels])
    for index, (level, of_level) in enumerate(zip(problem.levels, windows, strict=True)):
        for rois, channels in crosswise(len(level.boxes), row.channels, rng, whole=whole):
            value = np.empty((len(rois), len(channels), row.bins, row.bins))
            bound = np.zeros_like(value)
            for at, k in enumerate(rois):
                if operation.mode == "max":
                    value[at] = greatest(level, of_level, k, channels)
                else:
                    value[at], bound[at] = average(level, of_level, k, channels)
            reference.blocks.append(Expected(index, (rois[:, None], channels[None]), value, bound))
    return reference


def bins_of(windows: Windows, k: int) -> Iterator[tuple[int, int, slice, slice]]:
    """The bins of a RoI that have pixels: their numbers, rows and columns."""
    rows, columns = (
        [slice(*edge) for edge in zip(begin[k].tolist(), end[k].tolist(), strict=True)]
        for begin, end in ((windows.top, windows.bottom), (windows.left, windows.right))
    )
    for p, ys in enumerate(rows):
        for q, xs in enumerate(columns):
            if ys.start < ys.stop and xs.start < xs.stop:
                yield p, q, ys, xs


def window_of(level: Level, windows: Windows, k: int, channels: np.ndarray) -> tuple[np.ndarray, int, int]:
    """The pixels ``(C, h, w)`` that the bins of a RoI cover, and the first row and column: maps are too large to be copied."""
    top, left = windows.top[k].min(), windows.left[k].min()
    covered = level.feature[windows.images[k]][:, top : windows.bottom[k].max(), left : windows.right[k].max()]
    return covered[channels], int(top), int(left)


def greatest(level: Level, windows: Windows, k: int, channels: np.ndarray) -> np.ndarray:
    """The greatest pixel of each bin of a RoI, ``(C, P, P)``; 0 of a bin without pixels."""
    bins = windows.top.shape[1]
    (maps, top, left), value = window_of(level, windows, k, channels), np.zeros((len(channels), bins, bins))
    for p, q, ys, xs in bins_of(windows, k):
        value[:, p, q] = maps[:, ys.start - top : ys.stop - top, xs.start - left : xs.stop - left].max(axis=(1, 2))
    return value


def average(level: Level, windows: Windows, k: int, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The average of each bin of a RoI, ``(C, P, P)``, and a bound of its error; 0 of a bin without pixels."""
    bins = windows.top.shape[1]
    maps, top, left = window_of(level, windows, k, channels)
    value, bound = np.zeros((2, len(channels), bins, bins))
    for p, q, ys, xs in bins_of(windows, k):
        pixels = maps[:, ys.start - top : ys.stop - top, xs.start - left : xs.stop - left].astype(np.float64)
        count = pixels[0].size
        value[:, p, q] = pixels.sum(axis=(1, 2)) / count
        bound[:, p, q] = _roundings(count) * abs(pixels).sum(axis=(1, 2)) / count
    return value, bound


def _roundings(terms: float) -> float:
    """By how much of the magnitudes of so many terms their sum in float32 may be off."""
    return _WORKING.gamma(terms + _OPERATIONS) * (1 + 1e-9) + FLOAT64


def gradients(problem: Problem, windows: list[Windows], operation: Operation) -> Reference:
    """What the gradient for the maps should be."""
    row, rng, arriving = problem.row, np.random.default_rng(SEED), gradient(problem.row)
    reference = Reference([level.feature.shape for level in problem.levels])
    whole = sum(level.feature.size for level in problem.levels) <= WHOLE
    few = min(SAMPLED_CHANNELS, row.channels)
    channels = np.arange(row.channels) if whole else np.sort(rng.choice(row.channels, few, replace=False))
    spread = spread_greatest if operation.mode == "max" else spread_average
    for index, (level, of_level) in enumerate(zip(problem.levels, windows, strict=True)):
        n = level.feature.shape[0]
        value, bound = spread(level, of_level, arriving[level.rois], channels)
        reference.blocks.append(Expected(index, (np.arange(n)[:, None], channels[None]), value, bound))
        touched = np.argwhere(value.any(axis=1))
        if not whole and len(touched):
            pixels = rng.choice(touched, min(_SAMPLED_PIXELS, len(touched)), replace=False)
            found = [at_pixel(level, of_level, arriving[level.rois], pixel, operation) for pixel in pixels]
            some, some_bound = (np.array(arrays) for arrays in zip(*found, strict=True))
            of_image, y, x = pixels.T[:, :, None]
            at = of_image, np.arange(row.channels)[None], y, x
            reference.blocks.append(Expected(index, at, some, some_bound))
    return reference


def spread_greatest(
    level: Level, windows: Windows, sent: np.ndarray, channels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What maps get if all that arrives at a bin goes to its greatest pixel, the first in memory of several; no bound."""
    n, _, height, width = level.feature.shape
    value = np.zeros((n, len(channels), height, width))
    which = np.arange(len(channels))
    for k, image in enumerate(windows.images):
        maps, top, left = window_of(level, windows, k, channels)
        for p, q, ys, xs in bins_of(windows, k):
            pixels = maps[:, ys.start - top : ys.stop - top, xs.start - left : xs.stop - left]
            y, x = np.unravel_index(pixels.reshape(len(channels), -1).argmax(axis=1), pixels.shape[1:])
            value[image, which, ys.start + y, xs.start + x] += sent[k, channels, p, q]
    _exact_in_single(value)
    return value, np.broadcast_to(0.0, value.shape)


def _exact_in_single(value: np.ndarray) -> None:
    """Makes sure that no order of additions rounds: sums of multiples of 1/32 that float32 has.

    Raises:
        AssertionError: a sum may be too large.
    """
    if not (abs(value) * 32 < 2**22).all():
        raise AssertionError("sums of gradients are too large to be exact")


def spread_average(
    level: Level, windows: Windows, sent: np.ndarray, channels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What maps get if each pixel of a bin gets its share of what arrives there, and a bound of its error."""
    n, _, height, width = level.feature.shape
    value, magnitude = np.zeros((2, n, len(channels), height, width))
    terms = np.zeros((n, 1, height, width))
    for k, image in enumerate(windows.images):
        for p, q, ys, xs in bins_of(windows, k):
            count = (ys.stop - ys.start) * (xs.stop - xs.start)
            share = sent[k, channels, p, q].astype(np.float64)[:, None, None] / count
            value[image, :, ys, xs] += share
            magnitude[image, :, ys, xs] += abs(share)
            terms[image, :, ys, xs] += 1
    roundings = (terms + _OPERATIONS) * _WORKING.unit
    return value, (roundings / (1 - roundings) * (1 + 1e-9) + FLOAT64) * magnitude


def at_pixel(
    level: Level, windows: Windows, sent: np.ndarray, pixel: np.ndarray, operation: Operation
) -> tuple[np.ndarray, np.ndarray]:
    """What one pixel ``(image, y, x)`` gets in all channels, and a bound of its error."""
    image, y, x = pixel.tolist()
    value, magnitude = np.zeros((2, sent.shape[1]))
    terms = 0
    reach = windows.images == image
    for at, begin, end in ((y, windows.top, windows.bottom), (x, windows.left, windows.right)):
        reach &= (begin.min(axis=1) <= at) & (at < end.max(axis=1))
    for k in np.flatnonzero(reach):
        for p, q, ys, xs in bins_of(windows, k):
            if not (ys.start <= y < ys.stop and xs.start <= x < xs.stop):
                continue
            pixels = level.feature[image][:, ys, xs].reshape(len(value), -1)
            own = (y - ys.start) * (xs.stop - xs.start) + x - xs.start
            gets = pixels.argmax(axis=1) == own if operation.mode == "max" else 1 / pixels.shape[1]
            value += gets * sent[k, :, p, q].astype(np.float64)
            magnitude += gets * abs(sent[k, :, p, q].astype(np.float64))
            terms += 1
    return value, np.zeros_like(value) if operation.mode == "max" else _roundings(terms) * magnitude


def exactly(level: Level, k: int, bins: int, channel: int) -> list[list[list[tuple[Fraction, int, int]]]]:
    """The pixels of each bin of a RoI in one channel: value, row and column, in the order of rows; by the rules, in fractions."""
    image, *box = (Fraction(float(number)) for number in level.boxes[k])
    corners = [_half_away(corner * Fraction(level.scale)) for corner in box]
    maps = level.feature[int(image), channel]

    def covered(axis: int, p: int) -> range:
        first = corners[axis]
        size = Fraction(max(corners[axis + 2] - first + 1, 1), bins)
        pixels = maps.shape[1 - axis]
        begin, end = math.floor(p * size) + first, math.ceil((p + 1) * size) + first
        return range(min(max(begin, 0), pixels), min(max(end, 0), pixels))

    return [
        [[(Fraction(float(maps[y, x])), y, x) for y in covered(1, p) for x in covered(0, q)] for q in range(bins)]
        for p in range(bins)
    ]


def _half_away(number: Fraction) -> int:
    nearest = math.floor(abs(number) + Fraction(1, 2))
    return nearest if number >= 0 else -nearest


def validate(problem: Problem, reference: Reference, operation: Operation) -> int:
    """Compares two RoIs of each level with `exactly`, in one channel; returns in how many elements.

    Raises:
        AssertionError: they disagree.
    """
    rng, row, elements = np.random.default_rng([SEED, 3]), problem.row, 0
    arriving = gradient(row)
    for index, level in enumerate(problem.levels):
        rois = rng.choice(len(level.boxes), min(2, len(level.boxes)), replace=False)
        block = next(block for block in reference.blocks if block.output == index)
        channel = int(rng.choice(block.index[1][0]))
        for k in rois:
            pixels = exactly(level, k, row.bins, channel)
            if operation.gradient:
                elements += _validate_gradient(level, k, channel, pixels, arriving[level.rois[k]], operation)
                continue
            found = block.value[np.searchsorted(block.index[0][:, 0], k), np.searchsorted(block.index[1][0], channel)]
            right = [[float(_pooled(bin_, operation)) for bin_ in line] for line in pixels]
            if (abs(found - right) > FLOAT64 * abs(np.array(right)) * (operation.mode == "avg")).any():
                raise AssertionError(f"{row.name}: the reference is not what the rules give")
            elements += found.size
    return elements


def _pooled(pixels: list[tuple[Fraction, int, int]], operation: Operation) -> Fraction:
    if not pixels:
        return Fraction(0)
    values = [value for value, _, _ in pixels]
    return max(values) if operation.mode == "max" else sum(values, Fraction(0)) / len(values)


def _validate_gradient(
    level: Level,
    k: int,
    channel: int,
    pixels: list[list[list[tuple[Fraction, int, int]]]],
    sent: np.ndarray,
    operation: Operation,
) -> int:
    """Compares what one RoI sends to the maps; the sums over RoIs are formed by additions alone."""
    spread = spread_greatest if operation.mode == "max" else spread_average
    one = windows_of(_only(level, k), sent.shape[1], EXACT)
    value, _ = spread(level, one, sent[None], np.array([channel]))
    right = np.zeros(level.feature.shape[2:])
    for p, line in enumerate(pixels):
        for q, bin_ in enumerate(line):
            best = max((value for value, _, _ in bin_), default=None)
            winners = [(y, x) for value, y, x in bin_ if value == best][:1]
            getting = winners if operation.mode == "max" else [(y, x) for _, y, x in bin_]
            for y, x in getting:
                right[y, x] += float(sent[channel, p, q]) / len(getting)
    of_image = value[int(level.boxes[k, 0]), 0]
    if (abs(of_image - right) > FLOAT64 * (1 + abs(right))).any():
        raise AssertionError("the reference of gradients is not what the rules give")
    return int((right != 0).sum())


def _only(level: Level, k: int) -> Level:
    return type(level)(level.feature, level.boxes[k : k + 1], level.scale, level.rois[k : k + 1])
