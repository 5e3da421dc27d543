"""What a timed call should have returned: `sums`, held against the exact oracle on two RoIs of each level and a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from roikit.conformance.operation import Operation as Asked

from ...averages import Averages
from ..roi_align_rotated.workloads import turned
from . import sums
from .operations import Operation
from .workloads import ORIENTATIONS

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row, SampledRow


def arguments_of(level: Level, row: Row) -> dict[str, Any]:
    """Those of a case, but for maps and what arrives."""
    ratio = cast("SampledRow", row).sampling_ratio
    return {
        "boxes": turned(level).astype(np.float64).tolist(),
        "output_size": [row.bins, row.bins],
        "spatial_scale": [level.scale, level.scale],
        "sampling_ratio": [ratio, ratio],
        "num_orientations": ORIENTATIONS,
        "mode": "avg",
    }


reference_of = Averages(
    "riroi_align_rotated",
    sums,
    arguments_of,
    {
        Operation.FORWARD: Asked.FORWARD,
        Operation.BACKWARD: Asked.FEATURE_GRADIENT,
        Operation.BOXES: Asked.BOX_GRADIENT,
    },
    numbers=5,
    together=ORIENTATIONS,
).reference_of
"""What an operation should give."""
