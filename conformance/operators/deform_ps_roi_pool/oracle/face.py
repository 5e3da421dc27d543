"""What a call of deformable PSRoIPool, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

from .....kernels.dialects.deform_ps_roi_pool import DIALECTS
from ....answering import AnsweringOracle
from ...deform_roi_pool.oracle.face import other_numbers
from . import bounds, certificate
from .asked import Asked
from .output import result_of

MOST_SAMPLES = 200_000
"""Of all RoIs of a call, for each channel that any bin reads; of more nobody waits for the exact answer."""


def is_too_large(asked: Asked) -> bool:
    """Whether the RoIs have more samples, of each channel that any bin reads, than anybody waits for."""
    rows, columns = asked.output_size
    channels = sum(len(part.channels) for part in asked.parts)
    return len(asked.boxes) * rows * columns * asked.ratio[0] * asked.ratio[1] * channels > MOST_SAMPLES


ORACLE = AnsweringOracle(
    dialects=DIALECTS,
    asked=Asked.of,
    result=result_of,
    is_decided=bounds.is_decided,
    are_exact=bounds.are_exact,
    budgets=certificate.budgets,
    coordinates=certificate.coordinates,
    decisions=certificate.decisions,
    output_bounds=bounds.output_bounds,
    other_numbers=other_numbers,
    is_too_large=is_too_large,
    kept="parts",
)
"""The oracle of deformable PSRoIPool. DQ-9 says what a slope is where there is none."""
