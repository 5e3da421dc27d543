"""The rows that rotated RoIAlign on a pyramid is timed on: those of rotated RoIAlign that have several levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...workloads import rows_on_cpu, sampled_rows
from ..roi_align_rotated.workloads import turned

if TYPE_CHECKING:
    from ...measuring.problem import Problem

GPU_ROWS = sampled_rows(("a1", "b1", "d1"))
CPU_ROWS = rows_on_cpu(GPU_ROWS)


def all_turned(problem: Problem) -> np.ndarray:
    """The boxes of all levels as rows ``[image, cx, cy, w, h, angle]`` in float32, image after image."""
    rows = np.empty((problem.row.rois, 6), np.float32)
    for level in problem.levels:
        rows[level.rois] = turned(level)
    return rows
