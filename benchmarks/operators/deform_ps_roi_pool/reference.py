"""What a timed call should have returned: `measuring.points`, held against the exact oracle on two RoIs of each level."""

from __future__ import annotations

from roikit.conformance.operation import Operation as Asked

from ...averages import AtPoints, Averages
from ..deform_roi_pool.reference import arguments_of
from .operations import Operation
from .points import points_of

reference_of = Averages(
    "deform_ps_roi_pool",
    AtPoints(points_of),
    arguments_of,
    {
        Operation.FORWARD: Asked.FORWARD,
        Operation.BACKWARD: Asked.FEATURE_GRADIENT,
        Operation.OFFSETS: Asked.OFFSET_GRADIENT,
    },
).reference_of
"""What an operation should give."""
