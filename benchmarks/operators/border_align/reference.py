"""What a timed call should have returned, and how far from it a sound result may be.

A maximum is off by as much as the points are that it is taken of. Which of them wins may be in doubt where another is as near as
both may be off: a gradient may then go there, or move as that does. Each kind is held against the exact oracle on two boxes of
each level, in a channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operation import Operation as Asked

from ... import oracles
from ...measuring import references
from ...measuring.judgement import FLOAT64
from ...measuring.points import both, largest_of, sent_bound, taps
from ...workloads import SEED, gradient, gradient_of_few
from .operations import Operation
from .points import points_of
from .workloads import SIDES, on_map

if TYPE_CHECKING:
    from ...measuring.judgement import Reference
    from ...measuring.points import Points
    from ...measuring.problem import Level, Problem, Row

_TYPE = FLOAT_TYPES["float32"]
_OPERATIONS = 28  # on a value between pixels


class Sides(NamedTuple):
    """The points of the sides of a box, in some channels.

    Attributes:
        planes: The channels of the maps that they read, ``(C, 4, 1)``.
        value, error: Of each point, ``(C, 4, points)``, and how far it may be off.
        winner: The first of the greatest, ``(C, 4, 1)``.
        rivals: Which other points may be greater, ``(C, 4, points)``.
    """

    planes: np.ndarray
    value: np.ndarray
    error: np.ndarray
    winner: np.ndarray
    rivals: np.ndarray

    def of_winner(self, numbers: np.ndarray) -> np.ndarray:
        """What the winners have, ``(C, 4)``, of numbers of points that broadcast to ``(C, 4, points)``."""
        return np.take_along_axis(np.broadcast_to(numbers, self.value.shape), self.winner, -1)[..., 0]


def planes_of(level: Level, channels: np.ndarray) -> np.ndarray:
    """The channels of the maps that the sides of some channels read, ``(C, 4)``."""
    found: np.ndarray = channels[:, None] + np.arange(SIDES) * (level.feature.shape[1] // SIDES)
    return found


def by_side(level: Level, channels: np.ndarray) -> np.ndarray:
    """The same, side after side, as `spread` has them."""
    return planes_of(level, channels).T.ravel()


def sides(level: Level, k: int, points: Points, channels: np.ndarray) -> Sides:
    """Those of a box."""
    y, x = both(level, points)
    planes, image = planes_of(level, channels)[..., None], level.feature[int(level.boxes[k, 0])]
    value, magnitude = np.zeros((2, len(channels), *points.y.shape))
    for row, column, weight in taps(y, x):
        pixels = image[planes, row, column].astype(np.float64) * weight
        value += pixels
        magnitude += abs(pixels)
    largest = largest_of(level, k, planes)
    moved = largest * (4 * points.off + (y.at_border | x.at_border))
    error = moved + _TYPE.gamma(_OPERATIONS) * (magnitude + moved) + FLOAT64 * magnitude
    winner = value.argmax(axis=-1)[..., None]
    greatest, of_greatest = (np.take_along_axis(numbers, winner, -1) for numbers in (value, error))
    rivals = (value + error >= greatest - of_greatest) & (np.arange(value.shape[-1]) != winner)
    return Sides(planes, value, error, winner, rivals)


def greatest(level: Level, k: int, points: Points, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a box gives, ``(C, 4)``, and a bound of its error."""
    found = sides(level, k, points, channels)
    return found.value.max(axis=-1), found.error.max(axis=-1)


def spread(level: Level, row: Row, sent: np.ndarray, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the maps ``(N, 4 C, H, W)`` of some channels get if boxes send this, ``(K, C, 4)``; and a bound of its error."""
    n, _, *size = level.feature.shape
    value, magnitude, moved, terms = np.zeros((4, n, len(channels) * SIDES, *size))
    own = planes_of(level, channels)
    place = np.arange(own.size).reshape(SIDES, -1).T  # of each side of a channel among these maps
    for k, arriving in enumerate(sent.astype(np.float64)):
        points = points_of(level, k, row)
        found, (y, x), at = sides(level, k, points, channels), both(level, points), int(level.boxes[k, 0])
        for tap_row, column, weight in taps(y, x):
            pixel = at, place, found.of_winner(tap_row), found.of_winner(column)
            given = arriving * found.of_winner(weight)
            np.add.at(value, pixel, given)
            np.add.at(magnitude, pixel, abs(given))
        doubt = 2 * points.off + (y.at_border | x.at_border) + found.rivals.any(axis=-1, keepdims=True)
        may_win = found.rivals | (np.arange(y.low.shape[-1]) == found.winner)
        channel, side, point = np.nonzero(may_win)
        pixel = at, place[channel, side], y.low[side, point], x.low[side, point]
        np.add.at(moved, pixel, abs(arriving[channel, side]) * np.broadcast_to(doubt, may_win.shape)[may_win])
        np.add.at(terms, pixel, 1)
    return value, sent_bound(magnitude, moved, terms)


def slope(level: Level, k: int, points: Points, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for x1, y1, x2, y2 of a box to which this arrives, ``(C, 4)``, and a bound of its error."""
    channels = np.flatnonzero(sent.any(axis=1))
    arriving, found = sent[channels].astype(np.float64)[..., None], sides(level, k, points, channels)
    (y, x), image = both(level, points), level.feature[int(level.boxes[k, 0])]
    corners = [
        [image[found.planes, row, column].astype(np.float64) for column in (x.low, x.high)] for row in (y.low, y.high)
    ]
    along_y = sum((corners[1][n] - corners[0][n]) * weight for n, weight in enumerate((x.of_low, x.of_high)))
    along_x = sum((corners[n][1] - corners[n][0]) * weight for n, weight in enumerate((y.of_low, y.of_high)))
    steep = arriving * along_y * y.slope * y.inside, arriving * along_x * x.slope * x.inside
    largest = largest_of(level, k, found.planes)
    in_doubt = y.at_border | x.at_border | y.at_knot | x.at_knot
    off = found.of_winner(abs(arriving) * largest * (4 * points.off + 4 * in_doubt)).sum()
    gamma = _TYPE.gamma(8 * arriving.size + _OPERATIONS)
    rounded = gamma * (2 * abs(arriving) * largest).sum()
    value, bound = np.zeros((2, len(points.motions)))
    for number, (move_y, move_x) in enumerate(points.motions):
        pulled = steep[0] * move_y + steep[1] * move_x
        won = found.of_winner(pulled)
        value[number] = won.sum()
        elsewhere = (abs(pulled - won[..., None]) * found.rivals).max(axis=-1).sum()
        bound[number] = 2 * off + 2 * rounded + elsewhere
    return value, bound


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    del processes  # it takes less than a process needs to begin
    rng, row = np.random.default_rng(SEED), problem.row
    arriving = gradient_of_few(row) if operation == Operation.BOXES else gradient(row)
    match operation:
        case Operation.FORWARD:
            reference = references.outputs(
                problem, lambda level, k, channels: greatest(level, k, points_of(level, k, row), channels), rng
            )
        case Operation.BACKWARD:
            reference = references.gradients(
                problem, lambda level, sent, channels: spread(level, row, sent, channels), arriving, rng, by_side
            )
        case _:
            reference = references.of_rois(
                problem,
                lambda level, k, sent: slope(level, k, points_of(level, k, row), sent),
                arriving,
                rng,
                (4,),
                "float32",
            )
    for level in problem.levels:
        reference.checked_exactly += _validate(row, level, operation, arriving[level.rois], rng)
    return reference


# ---- against the exact oracle ----------------------------------------------------------------------------------------

_OF = {
    Operation.FORWARD: Asked.FORWARD,
    Operation.BACKWARD: Asked.FEATURE_GRADIENT,
    Operation.BOXES: Asked.BOX_GRADIENT,
}


def _validate(row: Row, level: Level, operation: Operation, arriving: np.ndarray, rng: np.random.Generator) -> int:
    """Compares what some boxes of a level give in a channel with the oracle; returns in how many numbers."""
    rois, sent, channel = oracles.drawn(level, arriving, rng)
    maps = level.feature[:, planes_of(level, np.array([channel]))[0]]
    only = type(level)(maps, level.boxes[rois], level.scale, level.rois[rois])
    n, _, height, width = maps.shape
    arguments: dict[str, Any] = {
        "input": oracles.stated(maps.reshape(n, 1, SIDES * height, width)),  # a case has them one below the other
        "boxes": on_map(only).astype(np.float64).tolist(),
        "pool_size": row.bins,
        "mode": "max",
    }
    if operation != Operation.FORWARD:
        arguments["grad"] = oracles.stated(sent)
    found = _found(row, only, operation, sent)
    return oracles.hold(found, "border_align", _OF[operation], operation.dialect, arguments, row.name)


def _found(row: Row, level: Level, operation: Operation, sent: np.ndarray) -> np.ndarray:
    """What the reference has for a level of one channel."""
    one, every = np.array([0]), range(len(level.boxes))
    match operation:
        case Operation.FORWARD:
            return np.array([greatest(level, k, points_of(level, k, row), one)[0] for k in every])
        case Operation.BACKWARD:
            value, _ = spread(level, row, sent, one)
            n, _, height, width = value.shape
            return value.reshape(n, 1, SIDES * height, width)
        case _:
            return np.array([slope(level, k, points_of(level, k, row), sent[k])[0] for k in every])
