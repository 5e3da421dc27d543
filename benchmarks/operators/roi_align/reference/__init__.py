"""What results of timed calls are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operations import Operation
from .box_gradient import make_box_reference
from .gradient import make_gradient_reference
from .output import make_reference

if TYPE_CHECKING:
    from ....measuring.judgement import Reference
    from ....measuring.problem import Problem


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    if operation == Operation.BOXES:
        return make_box_reference(problem, processes, operation)
    make = make_gradient_reference if operation.gradient else make_reference
    return make(problem, processes, operation)
