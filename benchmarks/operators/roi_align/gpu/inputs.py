"""What there are copies of on a GPU, for each operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....workloads import gradient, gradients_of, maps_and_gradients, maps_of
from ..operations import Operation

if TYPE_CHECKING:
    import numpy as np

    from ....measuring.problem import Problem


def one_gradient(problem: Problem) -> list[np.ndarray]:
    """The gradient that arrives at the output, as it is read on the host."""
    return [gradient(problem.row)]


INPUTS = {
    Operation.FORWARD: maps_of,
    Operation.BACKWARD: gradients_of,
    Operation.POOLER: maps_of,
    Operation.POOLER_BACKWARD: one_gradient,
    Operation.BOXES: maps_and_gradients,
}
