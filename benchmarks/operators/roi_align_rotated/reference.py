"""What a timed call should have returned: `measuring.points`, held against the exact oracle on two RoIs of each level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from roikit.conformance.operation import Operation as Asked

from ...averages import AtPoints, Averages
from .operations import Operation
from .points import points_of
from .workloads import turned

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
        "mode": "avg",
    }


reference_of = Averages(
    "roi_align_rotated",
    AtPoints(points_of),
    arguments_of,
    {
        Operation.FORWARD: Asked.FORWARD,
        Operation.BACKWARD: Asked.FEATURE_GRADIENT,
        Operation.BOXES: Asked.BOX_GRADIENT,
    },
    numbers=5,
).reference_of
"""What an operation should give."""
