"""The rows that weighted RoIAlign is timed on: RoIAlign's, each pixel with a weight that is the same in all channels."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ...workloads import SEED, gradient_of_few, gradients_of, maps_of, multiples, rows_on_cpu, sampled_rows

if TYPE_CHECKING:
    from ...measuring.problem import Level, Problem, Row

GPU_ROWS = sampled_rows(("a1", "b1", "c1", "e", "f"))
CPU_ROWS = rows_on_cpu(GPU_ROWS)


@cache
def _weights(shape: tuple[int, ...]) -> np.ndarray:
    return abs(multiples(np.random.default_rng([SEED, 5, *shape]), shape))


def weights(level: Level) -> np.ndarray:
    """Those of a level, ``(N, 1, H, W)``: from 1/32 to 4, exact in all data types."""
    return _weights((len(level.feature), 1, *level.feature.shape[2:]))


def weights_of(problem: Problem) -> list[np.ndarray]:
    """Those of each level."""
    return [weights(level) for level in problem.levels]


def weights_shape(level: Level, row: Row) -> tuple[int, ...]:
    """The shape of a gradient for the weights of a level."""
    del row
    return weights(level).shape


def maps_and_weights(problem: Problem) -> list[np.ndarray]:
    """What pooling reads on the host: the maps of each level, and then the weights."""
    return [*maps_of(problem), *weights_of(problem)]


def weights_and_gradients(problem: Problem) -> list[np.ndarray]:
    """What the mean's gradient for the maps reads: the weights of each level, and then what arrives at the output."""
    return [*weights_of(problem), *gradients_of(problem)]


def all_three(problem: Problem) -> list[np.ndarray]:
    """What other gradients read: the maps of each level, the weights, and what arrives at the output."""
    return [*maps_and_weights(problem), *gradients_of(problem)]


def all_three_of_few(problem: Problem) -> list[np.ndarray]:
    """What a gradient for the boxes reads: the same, of a gradient that is mostly zero."""
    arriving = gradient_of_few(problem.row)
    return [*maps_and_weights(problem), *(arriving[level.rois] for level in problem.levels)]
