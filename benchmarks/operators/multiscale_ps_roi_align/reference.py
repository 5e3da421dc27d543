"""What a timed call should have returned: `measuring.selected` on the map of each box's level, held against the oracle.

The oracle is asked for two RoIs of each level, in a channel of the output, on that map alone; and for the level of every box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from roikit.conformance.operation import Operation as Asked
from roikit.conformance.operators.multiscale_roi_align.oracle.levels import levels_of
from roikit.kernels.dialects.multiscale_ps_roi_align import DIALECTS

from ...averages import Averages
from ...measuring import selected
from ...pyramids import require_levels
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.judgement import Reference
    from ...measuring.problem import Level, Problem, Row
    from ..ps_roi_align.workloads import SampledRow


class _OfLevels(Averages):
    """Averages of one call of all levels, each level held against the oracle by itself."""

    joined: ClassVar[bool] = True


def arguments_of(level: Level, row: Row) -> dict[str, Any]:
    """Those of a case for one level, but for maps and what arrives."""
    ratio = cast("SampledRow", row).sampling_ratio
    return {
        "boxes": level.boxes.astype(np.float64).tolist(),
        "output_size": list(row.bin_shape),
        "spatial_scale": [level.scale] * 2,
        "sampling_ratio": [ratio] * 2,
        "mode": "avg",
    }


_AVERAGES = _OfLevels(
    "multiscale_ps_roi_align",
    selected,
    arguments_of,
    {
        Operation.FORWARD: Asked.FORWARD,
        Operation.BACKWARD: Asked.FEATURE_GRADIENT,
        Operation.BOXES: Asked.BOX_GRADIENT,
    },
)


_HELD_TO = ("roikit", "torchvision", "detectron2", "mmdetection")
"""Whose rules put every box on the same level: all but GluonCV's, which adds a pixel to each side."""


def require_levels_of(problem: Problem) -> None:
    """Refuses a row of which a box may be on another level.

    Raises:
        AssertionError: it may.
    """
    require_levels(problem, levels_of, {name: DIALECTS[name] for name in _HELD_TO})


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    require_levels_of(problem)
    return _AVERAGES.reference_of(problem, processes, operation)
