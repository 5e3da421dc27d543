"""What a timed call should have returned.

Positions of float32 are off by a few roundings, by which a value may differ as much as neighbouring pixels do; a value is rounded
a few times more. Where rounding decides whether a point is inside nothing is held against it. Small rows are checked throughout;
of large ones all boxes on some channels and some boxes on all channels, gradients in all pixels of some channels. Each kind is
held against the exact oracle on two boxes of each level, in a channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operation import Operation as Asked

from ... import oracles
from ...measuring.judgement import FLOAT64, SAMPLED_CHANNELS, Expected, Reference, crosswise
from ...workloads import SEED, gradient
from .operations import Operation
from .points import Points, points_of
from .workloads import boxes_of

if TYPE_CHECKING:
    from ...measuring.problem import Level, Problem

WHOLE = 8_000_000
"""Results of at most so many elements are checked throughout."""
_UNIT = FLOAT_TYPES["float32"].unit
_ROUNDINGS = 16  # of a value between pixels, or of a term


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    del processes  # it takes less than a process needs to begin
    make = {Operation.FORWARD: outputs, Operation.BACKWARD: gradients, Operation.BOXES: box_gradients}[operation]
    reference, rng, arriving = make(problem), np.random.default_rng(SEED), gradient(problem.row)
    for level in problem.levels:
        reference.checked_exactly += _validate(problem, level, operation, arriving[level.rois], rng)
    return reference


def _taken(maps: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.asarray(maps[:, rows[:, None], columns[None]], np.float64)


def crop(maps: np.ndarray, y: Points, x: Points, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The crop of a box, ``(C, P, P)``, of images ``(C, H, W)``; and a bound of its error, infinite where there is none."""
    a, b, c, d = (_taken(maps, rows, columns) for rows in (y.low[k], y.high[k]) for columns in (x.low[k], x.high[k]))
    above, below = a + (b - a) * x.fraction[k], c + (d - c) * x.fraction[k]
    value = above + (below - above) * y.fraction[k][:, None]
    most = np.max(abs(np.stack([a, b, c, d])), axis=0)
    around = _steepest(maps, y, x, k)
    bound = around * (y.error[k][:, None] + x.error[k]) + (_ROUNDINGS * _UNIT + FLOAT64) * most
    inside = y.inside[k][:, None] & x.inside[k]
    doubtful = y.doubtful[k][:, None] | x.doubtful[k]
    return np.where(inside, value, 0.0), np.where(doubtful, np.inf, np.where(inside, bound, 0.0))


def _steepest(maps: np.ndarray, y: Points, x: Points, k: int) -> np.ndarray:
    """The greatest difference of the pixels around a point and beside these, ``(C, P, P)``: a position may cross one."""
    near = range(-1, 3)
    planes = [
        _taken(maps, (y.low[k] + down).clip(0, y.size - 1), (x.low[k] + along).clip(0, x.size - 1))
        for down in near
        for along in near
    ]
    found: np.ndarray = np.max(planes, axis=0) - np.min(planes, axis=0)
    return found


def outputs(problem: Problem) -> Reference:
    """What cropping should give."""
    row, rng = problem.row, np.random.default_rng(SEED)
    reference = Reference([(len(level.boxes), row.channels, row.bins, row.bins) for level in problem.levels])
    for index, level in enumerate(problem.levels):
        y, x = points_of(level, row.bins)
        whole = row.outputs <= WHOLE or row.channels <= SAMPLED_CHANNELS
        for rois, channels in crosswise(len(level.boxes), row.channels, rng, whole=whole):
            value, bound = np.zeros((2, len(rois), len(channels), row.bins, row.bins))
            for at, k in enumerate(rois):
                maps = level.feature[int(level.boxes[k, 0]), channels]
                value[at], bound[at] = crop(maps, y, x, k)
            reference.blocks.append(Expected(index, (rois[:, None], channels[None]), value, bound))
    return reference


def gradients(problem: Problem) -> Reference:
    """What the gradient for the images should be."""
    row, rng, arriving = problem.row, np.random.default_rng(SEED), gradient(problem.row)
    reference = Reference([level.feature.shape for level in problem.levels])
    whole = sum(level.feature.size for level in problem.levels) <= WHOLE
    channels = np.arange(row.channels)
    few = min(SAMPLED_CHANNELS, row.channels)
    channels = channels if whole else np.sort(rng.choice(channels, few, replace=False))
    for index, level in enumerate(problem.levels):
        value, bound = spread(level, arriving[level.rois][:, channels], row.bins)
        reference.blocks.append(Expected(index, (np.arange(len(level.feature))[:, None], channels[None]), value, bound))
    return reference


def spread(level: Level, sent: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """What images get of what is sent, ``(K, C, P, P)``; and a bound of its error, infinite where there is none."""
    images, _, height, width = level.feature.shape
    y, x = points_of(level, points)
    value, magnitude, moved = np.zeros((3, images, sent.shape[1], height, width))
    terms = np.zeros((images, height, width))
    for k, image in enumerate(level.boxes[:, 0].astype(int)):
        inside = y.inside[k][:, None] & x.inside[k]
        doubtful = y.doubtful[k][:, None] | x.doubtful[k]
        for rows, of_rows in ((y.low[k], 1 - y.fraction[k]), (y.high[k], y.fraction[k])):
            for columns, of_columns in ((x.low[k], 1 - x.fraction[k]), (x.high[k], x.fraction[k])):
                term = sent[k] * np.where(inside, of_rows[:, None] * of_columns, 0.0)
                off = abs(sent[k]) * np.where(doubtful, np.inf, y.error[k][:, None] + x.error[k])
                at = rows[:, None], columns[None]
                for c in range(sent.shape[1]):
                    np.add.at(value[image, c], at, term[c])
                    np.add.at(magnitude[image, c], at, abs(term[c]))
                _reach(moved[image], off, rows, columns)
                np.add.at(terms[image], at, 1)
    roundings = (terms[:, None] + _ROUNDINGS) * _UNIT
    return value, moved + (roundings + FLOAT64) * magnitude


def _reach(moved: np.ndarray, off: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
    """Adds by how much pixels, and those beside them, may get more or less since positions are rounded."""
    _, height, width = moved.shape
    for down in (-1, 0, 1):
        for along in (-1, 0, 1):
            at = (rows + down).clip(0, height - 1)[:, None], (columns + along).clip(0, width - 1)[None]
            for c, of_channel in enumerate(off):
                np.add.at(moved[c], at, of_channel)


def box_gradients(problem: Problem) -> Reference:
    """What the gradient for the boxes should be: y1, x1, y2, x2."""
    row, arriving = problem.row, gradient(problem.row)
    reference = Reference([(len(level.boxes), 4) for level in problem.levels], dtype="float32")
    for index, level in enumerate(problem.levels):
        y, x = points_of(level, row.bins)
        value, bound = np.zeros((2, len(level.boxes), 4))
        for k in range(len(level.boxes)):
            value[k], bound[k] = slope(level, y, x, k, arriving[level.rois[k]])
        reference.blocks.append(Expected(index, (np.arange(len(level.boxes)),), value, bound))
    return reference


def slope(level: Level, y: Points, x: Points, k: int, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for a box, and a bound of its error, infinite where a slope may be another."""
    maps = level.feature[int(level.boxes[k, 0])]
    points = sent.shape[1]
    share = np.arange(points) / max(points - 1, 1) if points > 1 else np.array([0.5])
    inside = y.inside[k][:, None] & x.inside[k]
    value, bound = np.zeros((2, 4))
    near = [abs(axis.at[k] - np.rint(axis.at[k])) <= axis.error[k] for axis in (y, x)]
    doubtful = y.doubtful[k].any() or x.doubtful[k].any()
    a, b, c, d = (
        _taken(maps, rows, columns)
        for rows in (y.low[k], np.minimum(y.low[k] + 1, y.size - 1))
        for columns in (x.low[k], np.minimum(x.low[k] + 1, x.size - 1))
    )
    down = (c - a) * (1 - x.fraction[k]) + (d - b) * x.fraction[k]
    right = (b - a) * (1 - y.fraction[k][:, None]) + (d - c) * y.fraction[k][:, None]
    spread_ = _steepest(maps, y, x, k)
    for axis, (slopes, along, across) in enumerate(((down, y, x), (right, x, y))):
        terms = (sent * slopes * inside).sum(axis=(0, 2 - axis))
        total = float((abs(sent) * abs(slopes) * inside).sum())
        turned = float((abs(sent) * spread_ * inside).sum() * 2 * across.error[k].max())
        reach = along.size - 1
        for corner, weights in ((0, 1 - share), (2, share)):
            value[axis + corner] = reach * float((terms * weights).sum())
            rounding = (sent.size + _ROUNDINGS) * _UNIT * total + turned
            open_ = doubtful or bool((near[axis] & along.inside[k]).any())
            bound[axis + corner] = np.inf if open_ else reach * rounding
    return value, bound


# ---- against the exact oracle ----------------------------------------------------------------------------------------

_OF = {
    Operation.FORWARD: Asked.FORWARD,
    Operation.BACKWARD: Asked.FEATURE_GRADIENT,
    Operation.BOXES: Asked.BOX_GRADIENT,
}


def _validate(
    problem: Problem, level: Level, operation: Operation, arriving: np.ndarray, rng: np.random.Generator
) -> int:
    """Compares what some boxes of a level give in a channel with the oracle; returns in how many numbers."""
    row = problem.row
    only, sent = oracles.some_of(level, arriving, rng)
    boxes = boxes_of(only, "float64")
    arguments: dict[str, Any] = {
        "input": oracles.stated(only.feature),
        "boxes": np.insert(boxes.corners, 0, boxes.indices, axis=1).tolist(),
        "output_size": [row.bins, row.bins],
        "mode": "bilinear",
        "extrapolation_value": 0,
    }
    if operation != Operation.FORWARD:
        arguments["grad"] = oracles.stated(sent)
    found = _found(only, operation, sent, row.bins)
    return oracles.hold(found, "crop_and_resize", _OF[operation], operation.dialect, arguments, row.name)


def _found(level: Level, operation: Operation, sent: np.ndarray, points: int) -> np.ndarray:
    """What the reference has for a level of one channel."""
    if operation == Operation.BACKWARD:
        return spread(level, sent, points)[0]
    y, x = points_of(level, points)
    every = range(len(level.boxes))
    if operation == Operation.FORWARD:
        return np.array([crop(level.feature[int(level.boxes[k, 0])], y, x, k)[0] for k in every])
    return np.array([slope(level, y, x, k, sent[k])[0] for k in every])
