"""What a timed call should have returned: rotated RoIAlign's sums on the map of each box's level, held against the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roikit.conformance.operation import Operation as Asked
from roikit.conformance.operators.multiscale_roi_align_rotated.oracle.levels import levels_of
from roikit.kernels.dialects.multiscale_roi_align_rotated import DIALECTS

from ...averages import AtPoints
from ...pyramids import PyramidAverages
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


def require_levels(problem: Problem) -> None:
    """Holds the level that every box of a row is put on against those of the oracle, by every rule, computed in float32.

    Raises:
        AssertionError: a box may be on another, or rounding decides it.
    """
    arguments = {
        **_AVERAGES.arguments_of(problem),
        "input": {"shape": problem.levels[0].feature.shape},
        "level_sizes": [list(level.feature.shape[2:]) for level in problem.levels],
    }
    put = [{index} for index, level in enumerate(problem.levels) for _ in level.rois]
    for name in ("roikit", "detectron2", "mmrotate"):
        if levels_of(arguments, DIALECTS[name], "float32") != put:
            raise AssertionError(f"{problem.row.name}: a box is not certainly on its level by the rules of {name}")


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    require_levels(problem)
    return _AVERAGES.reference_of(problem, processes, operation)
