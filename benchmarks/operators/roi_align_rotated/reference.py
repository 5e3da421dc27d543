"""What a timed call should have returned: `measuring.points`, held against the exact oracle on two RoIs of each level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from roikit.conformance.operation import Operation as Asked

from ... import oracles
from ...measuring import points
from ...workloads import SEED, gradient, gradient_of_few
from .operations import Operation
from .points import points_of
from .workloads import turned

if TYPE_CHECKING:
    from ...measuring.judgement import Reference
    from ...measuring.problem import Level, Problem
    from .workloads import RotatedRow

_OF = {
    Operation.FORWARD: Asked.FORWARD,
    Operation.BACKWARD: Asked.FEATURE_GRADIENT,
    Operation.BOXES: Asked.BOX_GRADIENT,
}


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    del processes  # it takes less than a process needs to begin
    rng = np.random.default_rng(SEED)
    arriving = gradient_of_few(problem.row) if operation == Operation.BOXES else gradient(problem.row)
    match operation:
        case Operation.FORWARD:
            reference = points.outputs(problem, points_of, rng)
        case Operation.BACKWARD:
            reference = points.gradients(problem, points_of, arriving, rng)
        case _:
            reference = points.slopes(problem, points_of, arriving, rng)
    for level in problem.levels:
        reference.checked_exactly += _validate(problem, level, operation, arriving[level.rois], rng)
    return reference


def _validate(
    problem: Problem, level: Level, operation: Operation, arriving: np.ndarray, rng: np.random.Generator
) -> int:
    """Compares what some RoIs of a level give in a channel with the oracle; returns in how many numbers."""
    row = cast("RotatedRow", problem.row)
    only, sent = oracles.some_of(level, arriving, rng)
    arguments: dict[str, Any] = {
        "input": oracles.stated(only.feature),
        "boxes": turned(only).astype(np.float64).tolist(),
        "output_size": [row.bins, row.bins],
        "spatial_scale": [level.scale, level.scale],
        "sampling_ratio": [row.sampling_ratio, row.sampling_ratio],
        "mode": "avg",
    }
    if operation != Operation.FORWARD:
        arguments["grad"] = oracles.stated(sent)
    found = _found(problem, only, operation, sent)
    return oracles.hold(found, "roi_align_rotated", _OF[operation], operation.dialect, arguments, row.name)


def _found(problem: Problem, level: Level, operation: Operation, sent: np.ndarray) -> np.ndarray:
    """What `measuring.points` has for a level of one channel."""
    row = problem.row
    channel = np.array([0])
    match operation:
        case Operation.FORWARD:
            every = range(len(level.boxes))
            return np.array([points.mean(level, k, points_of(level, k, row), channel)[0] for k in every])
        case Operation.BACKWARD:
            return points.spread(level, row, sent, points_of)[0]
        case _:
            every = range(len(level.boxes))
            return np.array([points.slope(level, k, points_of(level, k, row), sent[k])[0] for k in every])
