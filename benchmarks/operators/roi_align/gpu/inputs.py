"""What there are copies of on a GPU, for each operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....workloads import gradient, gradient_of_few, gradients_of, maps_of
from ..operations import Operation

if TYPE_CHECKING:
    import numpy as np

    from ....measuring.problem import Problem


def one_gradient(problem: Problem) -> list[np.ndarray]:
    """The gradient that arrives at the output, as it is read on the host."""
    return [gradient(problem.row)]


def maps_and_gradients(problem: Problem) -> list[np.ndarray]:
    """The maps of each level, and then the gradient that arrives at the output of each, as they are read on the host."""
    arriving = gradient_of_few(problem.row)
    return [*(level.feature for level in problem.levels), *(arriving[level.rois] for level in problem.levels)]


INPUTS = {
    Operation.FORWARD: maps_of,
    Operation.BACKWARD: gradients_of,
    Operation.POOLER: maps_of,
    Operation.POOLER_BACKWARD: one_gradient,
    Operation.BOXES: maps_and_gradients,
}
