"""What a timed call should have returned: weighted RoIAlign's reference on the map of each box's level, all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roikit.conformance.operators.multiscale_roi_align.oracle.levels import levels_of
from roikit.kernels.dialects.multiscale_weighted_roi_align import DIALECTS

from ...pyramids import require_levels
from ..weighted_roi_align import reference as of_one_map

if TYPE_CHECKING:
    from ...measuring.judgement import Reference
    from ...measuring.problem import Problem
    from .operations import Operation

_HELD_TO = ("torchvision", "detectron2", "mmdetection", "roikit-axlearn")
"""Whose rules put every box on the same level: all but maskrcnn-benchmark's, which adds a pixel, and Matterport's."""


def require_levels_of(problem: Problem) -> None:
    """Refuses a row of which a box may be on another level.

    Raises:
        AssertionError: it may.
    """
    require_levels(problem, levels_of, {name: DIALECTS[name] for name in _HELD_TO})


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    require_levels_of(problem)
    return of_one_map.reference_of(problem, processes, operation.of_one_map, joined=True)
