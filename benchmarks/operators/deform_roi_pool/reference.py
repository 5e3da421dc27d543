"""What a timed call should have returned: `measuring.points`, held against the exact oracle on two RoIs of each level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from roikit.conformance.operation import Operation as Asked

from ... import oracles
from ...averages import AtPoints, Averages
from .operations import Operation
from .points import points_of
from .workloads import GAMMA, offsets

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row, SampledRow


def arguments_of(level: Level, row: Row) -> dict[str, Any]:
    """Those of a case, but for maps and what arrives; of deformable PSRoIPool likewise, of as many groups as bins."""
    ratio = cast("SampledRow", row).sampling_ratio
    return {
        "boxes": level.boxes.astype(np.float64).tolist(),
        "offset": oracles.stated(offsets(level, row)),
        "output_size": [row.bins, row.bins],
        "spatial_scale": [level.scale, level.scale],
        "sampling_ratio": [ratio, ratio],
        "gamma": GAMMA,
        "mode": "avg",
    }


reference_of = Averages(
    "deform_roi_pool",
    AtPoints(points_of),
    arguments_of,
    {
        Operation.FORWARD: Asked.FORWARD,
        Operation.BACKWARD: Asked.FEATURE_GRADIENT,
        Operation.OFFSETS: Asked.OFFSET_GRADIENT,
        Operation.BOXES: Asked.BOX_GRADIENT,
    },
).reference_of
"""What an operation should give."""
