"""What a call of rotation-invariant RoIAlign, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

from .....kernels.dialects.riroi_align_rotated import DIALECTS
from ....answering import AnsweringOracle
from ...roi_align_rotated.oracle import bounds as of_rotated
from ...roi_align_rotated.oracle.asked import NUMBERS
from ...roi_align_rotated.oracle.face import is_too_large, same_boxes, scales
from . import bounds, certificate
from .asked import Asked
from .output import result_of

ORACLE = AnsweringOracle(
    dialects=DIALECTS,
    asked=Asked.made,
    result=result_of,
    is_decided=bounds.is_decided,
    are_exact=of_rotated.are_exact,
    budgets=certificate.budgets,
    coordinates=certificate.coordinates,
    decisions=certificate.decisions,
    output_bounds=bounds.output_bounds,
    gradient_bounds=bounds.gradient_bounds,
    other_numbers=scales,
    same_boxes=same_boxes,
    is_too_large=is_too_large,
    columns=NUMBERS,
)
"""The oracle of rotation-invariant RoIAlign. RR-12 says what a slope is where there is none."""
