"""What a timed call should have returned: `measuring.axes`, held against the exact oracle on two RoIs of each level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from roikit.conformance.operation import Operation as Asked

from ...averages import Averages
from ...measuring import axes
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row, SampledRow


def arguments_of(level: Level, row: Row) -> dict[str, Any]:
    """Those of a case, but for volumes and what arrives."""
    return {
        "boxes": level.boxes.astype(np.float64).tolist(),
        "output_size": list(row.bin_shape),
        "spatial_scale": [level.scale] * 3,
        "sampling_ratio": [cast("SampledRow", row).sampling_ratio] * 3,
        "mode": "avg",
    }


reference_of = Averages(
    "roi_align_3d",
    axes,
    arguments_of,
    {
        Operation.FORWARD: Asked.FORWARD,
        Operation.BACKWARD: Asked.FEATURE_GRADIENT,
        Operation.BOXES: Asked.BOX_GRADIENT,
    },
    numbers=6,
).reference_of
"""What an operation should give."""
