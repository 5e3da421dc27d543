"""What a RoI gives, and what it sends, mixed of what rotated RoIAlign makes of it: in float64, with bounds for float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from ...measuring import points
from ..roi_align_rotated.points import samples_of
from .mixing import mixture
from .workloads import ORIENTATIONS

if TYPE_CHECKING:
    from ...measuring.points import Points
    from ...measuring.problem import Level, Row
    from ...measuring.references import Bounded

_UNIT = FLOAT_TYPES["float32"].unit
_MIXING = 4  # roundings of a mixture, or of what is sent of one
_NUMBERS = 5


def points_of(level: Level, k: int, row: Row) -> Points:
    """The samples of the RoI of this number by rule RI-1: not aligned, and of a feature pixel at least."""
    return samples_of(level, k, row, offset=0.0, least=1.0)


def mean(level: Level, k: int, row: Row, channels: np.ndarray) -> Bounded:
    """What a RoI gives of some channels, ``(C, P, P)``, and a bound of its error."""
    mixed, at = mixture(level, k), points_of(level, k, row)
    (first, of_first), (second, of_second) = (points.mean(level, k, at, each) for each in mixed.sources(channels))
    value, magnitude = mixed.low * first + mixed.high * second, abs(first) + abs(second)
    return value, mixed.low * of_first + mixed.high * of_second + (mixed.off + _MIXING * _UNIT) * magnitude


def spread(level: Level, row: Row, sent: np.ndarray) -> Bounded:
    """What maps with as many channels as ``sent``, ``(K, C, P, P)``, get if RoIs send that, and a bound of its error."""
    mixtures = [mixture(level, k) for k in range(len(sent))]
    pairs = list(zip(mixtures, sent.astype(np.float64), strict=True))
    mixed = np.array([one.sent(arriving, one.low, one.high) for one, arriving in pairs])
    unsure = np.array([one.sent(abs(arriving), *[one.off + _MIXING * _UNIT] * 2) for one, arriving in pairs])
    value, bound = points.spread(level, row, mixed, points_of)
    more, _ = points.spread(level, row, unsure, points_of)
    return value, bound + more


def slope(level: Level, k: int, row: Row, sent: np.ndarray) -> Bounded:
    """The gradient for centre, size and angle of a RoI to which this arrives, ``(C, P, P)``, and a bound of its error."""
    mixed, at = mixture(level, k), points_of(level, k, row)
    arriving = sent.astype(np.float64)
    value, bound = points.slope(level, k, at, mixed.sent(arriving, mixed.low, mixed.high))
    bound = bound + _steepest(level, k, at, sent) * (mixed.off + _MIXING * _UNIT)
    turn = ORIENTATIONS / (2 * np.pi)
    channels = np.flatnonzero(sent.any(axis=(1, 2)))
    (first, of_first), (second, of_second) = (points.mean(level, k, at, each) for each in mixed.sources(channels))
    given = arriving[channels]
    value[4] += turn * (given * (second - first)).sum()
    summed = FLOAT_TYPES["float32"].gamma(8 * at.y.size * len(channels)) * (abs(first) + abs(second))
    bound[4] += turn * (abs(given) * (of_first + of_second + summed)).sum()
    return value, bound


def _steepest(level: Level, k: int, at: Points, sent: np.ndarray) -> np.ndarray:
    """By how much what a RoI pools could change at most with each of its numbers, times what arrives."""
    largest = 2 * level.largest[int(level.boxes[k, 0])].max()
    farthest: np.ndarray = abs(at.motions).sum(axis=1).reshape(_NUMBERS, -1).max(axis=1, initial=0)
    return 2 * largest * abs(sent).sum() * farthest
