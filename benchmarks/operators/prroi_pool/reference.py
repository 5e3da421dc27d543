"""What a timed call should have returned, and how far from it a sound result may be.

The sums of PR-6 to PR-8 are formed in float64, of the weights of `weights`. With M the largest pixel near a RoI, a mean is off
by M times the shares of both axes, and by γₙ₊₂₀ of the mean of magnitudes; a gradient for the maps likewise in what each bin
sends. That for a box is a sum of differences of a mean and a line, both over the size of a bin. Each kind is held against the
exact oracle on two RoIs of each level, in a channel.

Small rows are checked throughout; of large ones, means in all RoIs on some channels and some RoIs on all channels, gradients for
the maps in all pixels of some channels, gradients for boxes of some RoIs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.prroi_pool.oracle import gradient as exact_gradient
from roikit.conformance.operators.prroi_pool.oracle import output as exact
from roikit.conformance.operators.prroi_pool.oracle.geometry import Rules
from roikit.kernels.dialects.prroi_pool import DIALECTS

from ...measuring.judgement import FLOAT64, SAMPLED_CHANNELS, SAMPLED_ROIS, Expected, Reference, crosswise
from ...workloads import SEED, gradient, gradient_of_few
from .operations import Operation
from .weights import both

if TYPE_CHECKING:
    from ...measuring.problem import Level, Problem
    from .weights import Along

WHOLE = 8_000_000
"""Results of at most so many elements are checked throughout."""
_TYPE = FLOAT_TYPES["float32"]
_OPERATIONS = 20  # on a term, besides its sum


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    del processes  # it takes less than a process needs to begin
    make = {Operation.FORWARD: outputs, Operation.BACKWARD: gradients, Operation.BOXES: boxes}[operation]
    return make(problem)


def _terms(y: Along, x: Along) -> int:
    """How many products the sum of a bin may have."""
    most = [int((axis.weights != 0).sum(axis=1).max(initial=0)) + 1 for axis in (y, x)]
    return 4 * most[0] * most[1]


def _share(y: Along, x: Along) -> float:
    return y.off + x.off + y.off * x.off


def outputs(problem: Problem) -> Reference:
    """What pooling should give."""
    row, rng = problem.row, np.random.default_rng(SEED)
    reference = Reference([(len(level.boxes), row.channels, row.bins, row.bins) for level in problem.levels])
    for index, level in enumerate(problem.levels):
        whole = row.outputs <= WHOLE or row.channels <= SAMPLED_CHANNELS
        for rois, channels in crosswise(len(level.boxes), row.channels, rng, whole=whole):
            value, bound = np.zeros((2, len(rois), len(channels), row.bins, row.bins))
            for at, k in enumerate(rois):
                value[at], bound[at] = mean(level, k, row.bins, channels)
            reference.blocks.append(Expected(index, (rois[:, None], channels[None]), value, bound))
        reference.checked_exactly += _validate_means(problem, level, rng)
    return reference


def mean(level: Level, k: int, bins: int, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean over each bin of a RoI, ``(C, P, P)``, and a bound of its error."""
    y, x = both(level, k, bins)
    pixels = level.feature[int(level.boxes[k, 0])][channels, y.window, x.window].astype(np.float64)
    value = y.weights @ pixels @ x.weights.T
    moved = _largest(level, k, channels)[:, None, None] * _share(y, x)
    bound = moved + _TYPE.gamma(_terms(y, x) + _OPERATIONS) * (y.weights @ abs(pixels) @ x.weights.T + moved)
    return value, bound + FLOAT64 * abs(value)


def _largest(level: Level, k: int, channels: np.ndarray) -> np.ndarray:
    """The largest pixel of each channel of a RoI's image."""
    largest: np.ndarray = abs(level.feature[int(level.boxes[k, 0])][channels]).max(axis=(1, 2)).astype(np.float64)
    return largest


def gradients(problem: Problem) -> Reference:
    """What the gradient for the maps should be."""
    row, rng, arriving = problem.row, np.random.default_rng(SEED), gradient(problem.row)
    reference = Reference([level.feature.shape for level in problem.levels])
    whole = sum(level.feature.size for level in problem.levels) <= WHOLE
    few = np.sort(rng.choice(row.channels, min(SAMPLED_CHANNELS, row.channels), replace=False))
    channels = np.arange(row.channels) if whole else few
    for index, level in enumerate(problem.levels):
        value, bound = spread(level, row.bins, arriving[level.rois][:, channels])
        at = np.arange(level.feature.shape[0])[:, None], channels[None]
        reference.blocks.append(Expected(index, at, value, bound))
        reference.checked_exactly += _validate_gradient(problem, level, arriving[level.rois], rng)
    return reference


def spread(level: Level, bins: int, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What maps with as many channels as ``sent`` get if RoIs send that, and a bound of its error."""
    n, _, height, width = level.feature.shape
    value, magnitude, moved, terms = np.zeros((4, n, sent.shape[1], height, width))
    for k, arriving in enumerate(sent.astype(np.float64)):
        y, x = both(level, k, bins)
        at = int(level.boxes[k, 0]), slice(None), y.window, x.window
        off_y, off_x = y.near * y.off, x.near * x.off
        value[at] += y.weights.T @ arriving @ x.weights
        magnitude[at] += y.weights.T @ abs(arriving) @ x.weights
        moved[at] += off_y.T @ abs(arriving) @ (x.weights + off_x) + y.weights.T @ abs(arriving) @ off_x
        terms[at] += 4 * np.outer(y.near.sum(axis=0), x.near.sum(axis=0))
    roundings = (terms + _OPERATIONS) * _TYPE.unit
    gamma = roundings / (1 - roundings)
    return value, moved + gamma * (magnitude + moved) + FLOAT64 * magnitude


def boxes(problem: Problem) -> Reference:
    """What the gradient for some boxes of each level should be."""
    row, rng, arriving = problem.row, np.random.default_rng(SEED), gradient_of_few(problem.row)
    reference = Reference([(len(level.boxes), 4) for level in problem.levels], dtype="float32")
    for index, level in enumerate(problem.levels):
        rois = np.sort(rng.choice(len(level.boxes), min(SAMPLED_ROIS, len(level.boxes)), replace=False))
        found = [corners(level, k, row.bins, arriving[level.rois[k]]) for k in rois]
        value, bound = (np.array(arrays) for arrays in zip(*found, strict=True))
        reference.blocks.append(Expected(index, (rois,), value, bound))
        for k, numbers in list(zip(rois, value, strict=True))[:2]:
            reference.checked_exactly += _validate_box(problem, level, int(k), arriving[level.rois[k]], numbers)
    return reference


def corners(level: Level, k: int, bins: int, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for x1, y1, x2, y2 of a RoI to which this arrives, ``(C, P, P)``, and a bound of its error."""
    y, x = both(level, k, bins)
    channels = np.flatnonzero(sent.any(axis=(1, 2)))
    arriving = sent[channels].astype(np.float64)
    pixels = level.feature[int(level.boxes[k, 0])][channels, y.window, x.window].astype(np.float64)
    value = y.weights @ pixels @ x.weights.T
    found, bound = np.zeros(4), np.zeros(4)
    places = np.arange(bins)
    magnitude = (abs(arriving) * _largest(level, k, channels)[:, None, None]).sum()
    gamma = 2 * _TYPE.gamma(_terms(y, x) * arriving.size + _OPERATIONS)
    for corner, (moving, other, turned) in enumerate(((x, y, True), (y, x, False))):
        starts, ends = (
            (other.weights @ pixels @ moving.lines(n).T if turned else moving.lines(n) @ pixels @ other.weights.T)
            for n in range(2)
        )
        at = places if turned else places[:, None]
        of_start, of_end = arriving * (value - starts) / moving.size, arriving * (ends - value) / moving.size
        for n, (first, second) in enumerate(((1 - at / bins, 1 - (at + 1) / bins), (at / bins, (at + 1) / bins))):
            found[2 * n + corner] = (of_start * first + of_end * second).sum() * level.scale
            share = _share(y, x) + moving.off * moving.size + gamma
            bound[2 * n + corner] = 4 * magnitude / moving.size * level.scale * (share + FLOAT64)
    return found, bound


# ---- against the exact oracle ----------------------------------------------------------------------------------------


def _oracle(problem: Problem, level: Level, rois: np.ndarray) -> tuple[list[exact.Stages | None], Rules]:
    rules, bins = Rules(DIALECTS[Operation.FORWARD.dialect]), problem.row.bins
    rows = level.boxes[rois].astype(np.float64)
    return exact.all_stages(rows, level.feature.shape, (bins, bins), (level.scale,) * 2, rules), rules


def _some(level: Level, rng: np.random.Generator) -> np.ndarray:
    found: np.ndarray = rng.choice(len(level.boxes), min(2, len(level.boxes)), replace=False)
    return found


def _refuse_unless(agree: bool, problem: Problem, what: str) -> None:
    if not agree:
        raise AssertionError(f"{problem.row.name}: the reference of {what} is not what the oracle gives")


def _validate_means(problem: Problem, level: Level, rng: np.random.Generator) -> int:
    """Compares two RoIs with the oracle in a channel; returns in how many elements."""
    rois, bins, channel = _some(level, rng), problem.row.bins, rng.integers(problem.row.channels, size=1)
    stages, rules = _oracle(problem, level, rois)
    right = exact.prroi_pool(exact.Maps.of(level.feature[:, channel]), stages, (bins, bins), rules).values.astype(float)
    found = np.array([mean(level, int(k), bins, channel)[0] for k in rois])
    _refuse_unless(bool(np.allclose(found, right, rtol=1e-9, atol=1e-9)), problem, "means")
    return int(right.size)


def _validate_gradient(problem: Problem, level: Level, sent: np.ndarray, rng: np.random.Generator) -> int:
    """Compares what two RoIs send in a channel with the oracle; returns in how many pixels."""
    rois, channel = _some(level, rng), rng.integers(problem.row.channels, size=1)
    stages, rules = _oracle(problem, level, rois)
    arriving = sent[rois][:, channel]
    n, _, *size = level.feature.shape
    grad = exact.Maps.of(arriving.astype(np.float64)).fractions()
    right = exact_gradient.feature_gradient(grad, (n, 1, *size), stages, rules).values.astype(float)
    only = type(level)(level.feature, level.boxes[rois], level.scale, level.rois[rois])
    found, _ = spread(only, problem.row.bins, arriving)
    _refuse_unless(bool(np.allclose(found, right, rtol=1e-9, atol=1e-9)), problem, "gradients for the maps")
    return int(right.size)


def _validate_box(problem: Problem, level: Level, k: int, sent: np.ndarray, found: np.ndarray) -> int:
    """Compares the gradient for a box with the oracle; returns in how many numbers."""
    channels = np.flatnonzero(sent.any(axis=(1, 2)))
    stages, rules = _oracle(problem, level, np.array([k]))
    grad = exact.Maps.of(sent[None, channels].astype(np.float64)).fractions()
    maps = exact.Maps.of(level.feature[:, channels])
    right = exact_gradient.box_gradient(grad, maps, stages, rules).values[0].astype(float)
    near = np.allclose(found, right, rtol=1e-7, atol=1e-7 * (1 + abs(right).max()))
    _refuse_unless(bool(near), problem, "gradients for boxes")
    return int(right.size)
