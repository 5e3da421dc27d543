"""What a timed call should have returned.

An average of n pixels is rounded once for each of them and a few times more: γₙ₊₈ times the average of magnitudes; its gradient
likewise, for each term of a pixel. `exactly` goes through the rules once more, in rational arithmetic, for a few RoIs. Small rows
are checked throughout; of large ones, results in all RoIs on some channels and some RoIs on all channels, gradients in all pixels
of some channels.
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...measuring.problem import Level, Problem
    from .operations import Operation

WHOLE = 8_000_000
"""Results of at most so many elements are checked throughout."""
_UNIT = FLOAT_TYPES["float32"].unit
_OPERATIONS = 8  # on an average or on a term, besides its sum


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give, by the exact edges of bins; of the output also by the rules of each peer."""
    del processes  # it takes less than a process needs to begin
    make = gradients if operation.gradient else outputs
    exact = make(problem, [windows_of(level, problem.row.bins, EXACT) for level in problem.levels])
    exact.checked_exactly = validate(problem, exact, operation)
    for name, rules in {} if operation.gradient else DIALECTS.items():
        exact.others[name] = make(problem, [windows_of(level, problem.row.bins, rules) for level in problem.levels])
    return exact


def bins_of(windows: Windows, k: int) -> Iterator[tuple[int, int, slice, slice]]:
    """The bins of a RoI that have pixels: their numbers, rows and columns."""
    bins = windows.top.shape[1]
    for p, q in np.ndindex(bins, bins):
        ys = slice(int(windows.top[k, p]), int(windows.bottom[k, p]))
        xs = slice(int(windows.left[k, q]), int(windows.right[k, q]))
        if ys.start < ys.stop and xs.start < xs.stop:
            yield p, q, ys, xs


def _gamma(terms: np.ndarray | float) -> np.ndarray:
    """By how much of the magnitudes of so many terms their sum in float32 may be off."""
    roundings = (np.asarray(terms, float) + _OPERATIONS) * _UNIT
    return np.asarray(roundings / (1 - roundings) * (1 + 1e-9) + FLOAT64)


def outputs(problem: Problem, windows: list[Windows]) -> Reference:
    """What pooling should give."""
    row, rng = problem.row, np.random.default_rng(SEED)
    reference = Reference([(len(level.boxes), row.channels, row.bins, row.bins) for level in problem.levels])
    for index, (level, of_level) in enumerate(zip(problem.levels, windows, strict=True)):
        whole = row.outputs <= WHOLE or row.channels <= SAMPLED_CHANNELS
        for rois, channels in crosswise(len(level.boxes), row.channels, rng, whole=whole):
            value, bound = np.zeros((2, len(rois), len(channels), row.bins, row.bins))
            for at, k in enumerate(rois):
                value[at], bound[at] = average(level, of_level, k, channels)
            reference.blocks.append(Expected(index, (rois[:, None], channels[None]), value, bound))
    return reference


def average(level: Level, windows: Windows, k: int, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The average of each bin of a RoI, ``(C_out, P, P)``, and a bound of its error; 0 of a bin without pixels."""
    bins, maps = windows.top.shape[1], level.feature[windows.images[k]]
    value, bound = np.zeros((2, len(channels), bins, bins))
    for p, q, ys, xs in bins_of(windows, k):
        pixels = maps[channels * bins**2 + p * bins + q, ys, xs].astype(np.float64)
        count = pixels[0].size
        value[:, p, q] = pixels.sum(axis=(1, 2)) / count
        bound[:, p, q] = _gamma(count) * abs(pixels).sum(axis=(1, 2)) / count
    return value, bound


def gradients(problem: Problem, windows: list[Windows]) -> Reference:
    """What the gradient for the maps should be."""
    row, rng, arriving = problem.row, np.random.default_rng(SEED), gradient(problem.row)
    reference = Reference([level.feature.shape for level in problem.levels])
    whole = sum(level.feature.size for level in problem.levels) <= WHOLE
    few = min(SAMPLED_CHANNELS, row.map_channels)
    channels = np.arange(row.map_channels)
    channels = channels if whole else np.sort(rng.choice(channels, few, replace=False))
    for index, (level, of_level) in enumerate(zip(problem.levels, windows, strict=True)):
        value, bound = spread(level, of_level, arriving[level.rois], channels)
        at = np.arange(level.feature.shape[0])[:, None], channels[None]
        reference.blocks.append(Expected(index, at, value, bound))
    return reference


def spread(level: Level, windows: Windows, sent: np.ndarray, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What some channels of the maps get if each pixel of a bin gets its share of what arrives, and a bound of its error."""
    n, _, height, width = level.feature.shape
    bins = windows.top.shape[1]
    value, magnitude, terms = np.zeros((3, n, len(channels), height, width))
    outputs, readers = np.divmod(channels, bins**2)
    for k, image in enumerate(windows.images):
        for p, q, ys, xs in bins_of(windows, k):
            (read,) = np.nonzero(readers == p * bins + q)
            share = sent[k, outputs[read], p, q].astype(np.float64)[:, None, None]
            share = share / ((ys.stop - ys.start) * (xs.stop - xs.start))
            value[image, read, ys, xs] += share
            magnitude[image, read, ys, xs] += abs(share)
            terms[image, read, ys, xs] += 1
    return value, _gamma(terms) * magnitude


def exactly(level: Level, k: int, bins: int, channel: int) -> list[list[list[tuple[Fraction, int, int]]]]:
    """The pixels of each bin of a RoI in one channel of the output: value, row and column; by the rules, in fractions."""
    image, *box = (Fraction(float(number)) for number in level.boxes[k])
    corners = [_half_away(corner * Fraction(level.scale)) for corner in box]
    maps = level.feature[int(image)]

    def covered(axis: int, p: int) -> range:
        first, last = corners[axis], maps.shape[2 - axis] - 1
        size = Fraction(max(corners[axis + 2] - first, 1), bins)
        begin, end = math.floor(p * size) + first, math.ceil((p + 1) * size) + first
        return range(min(max(begin, 0), last), min(max(end, 0), last))

    def pixels(p: int, q: int) -> list[tuple[Fraction, int, int]]:
        plane = maps[(channel * bins + p) * bins + q]
        return [(Fraction(float(plane[y, x])), y, x) for y in covered(1, p) for x in covered(0, q)]

    return [[pixels(p, q) for q in range(bins)] for p in range(bins)]


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
        block = next(block for block in reference.blocks if block.output == index)
        for k in rng.choice(len(level.boxes), min(2, len(level.boxes)), replace=False):
            channel = int(rng.choice(block.index[1][0]))
            if operation.gradient:
                elements += _validate_gradient(level, k, channel, arriving[level.rois[k]])
                continue
            pixels = exactly(level, k, row.bins, channel)
            found = block.value[np.searchsorted(block.index[0][:, 0], k), np.searchsorted(block.index[1][0], channel)]
            right = [
                [float(sum((v for v, _, _ in bin_), Fraction(0)) / max(len(bin_), 1)) for bin_ in line]
                for line in pixels
            ]
            if (abs(found - right) > FLOAT64 * abs(np.array(right))).any():
                raise AssertionError(f"{row.name}: the reference is not what the rules give")
            elements += found.size
    return elements


def _validate_gradient(level: Level, k: int, channel: int, sent: np.ndarray) -> int:
    """Compares what one RoI sends to a channel of the maps; the sums over RoIs are formed by additions alone."""
    bins = sent.shape[1]
    only = type(level)(level.feature, level.boxes[k : k + 1], level.scale, level.rois[k : k + 1])
    value, _ = spread(only, windows_of(only, bins, EXACT), sent[None], np.array([channel]))
    output, reader = divmod(channel, bins**2)
    p, q = divmod(reader, bins)
    pixels = exactly(level, k, bins, output)[p][q]
    right = np.zeros(level.feature.shape[2:])
    for _, y, x in pixels:
        right[y, x] = float(sent[output, p, q]) / len(pixels)
    if (abs(value[int(level.boxes[k, 0]), 0] - right) > FLOAT64 * (1 + abs(right))).any():
        raise AssertionError("the reference of gradients is not what the rules give")
    return right.size
