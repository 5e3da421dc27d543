"""What a timed call should have returned: rotated RoIAlign's sums on the map of each box's level, held against the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roikit.conformance.operation import Operation as Asked
from roikit.conformance.operators.multiscale_roi_align_rotated.oracle.levels import levels_of
from roikit.kernels.dialects.multiscale_roi_align_rotated import DIALECTS

from ...averages import AtPoints
from ...pyramids import PyramidAverages, require_levels
from ..roi_align_rotated.points import points_of
from ..roi_align_rotated.reference import arguments_of
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.judgement import Reference
    from ...measuring.problem import Problem

_AVERAGES = PyramidAverages(
    "multiscale_roi_align_rotated",
    AtPoints(points_of),
    arguments_of,
    {
        Operation.FORWARD: Asked.FORWARD,
        Operation.BACKWARD: Asked.FEATURE_GRADIENT,
        Operation.BOXES: Asked.BOX_GRADIENT,
    },
    numbers=5,
)


_HELD_TO = ("roikit", "detectron2", "mmrotate")
"""Whose rules put every box on the same level."""


def require_levels_of(problem: Problem) -> None:
    """Refuses a row of which a box may be on another level.

    Raises:
        AssertionError: it may.
    """
    boxes = _AVERAGES.arguments_of(problem)["boxes"]
    require_levels(problem, levels_of, {name: DIALECTS[name] for name in _HELD_TO}, boxes)


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    require_levels_of(problem)
    return _AVERAGES.reference_of(problem, processes, operation)
