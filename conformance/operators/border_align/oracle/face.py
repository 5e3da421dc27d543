"""What a call of BorderAlign, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

from .....kernels.dialects.border_align import DIALECTS
from ....answering import AnsweringOracle
from ....operation import Operation
from . import bounds, certificate, output
from .asked import Asked


def result_of(asked: Asked, operation: Operation) -> output.Result:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return output.border_align(asked.maps, asked.rois)
        case Operation.FEATURE_GRADIENT:
            return output.feature_gradient(asked.arriving, asked.maps, asked.rois)
        case Operation.BOX_GRADIENT:
            return output.box_gradient(asked.arriving, asked.maps, asked.rois)
        case _:
            raise ValueError(f"border_align has no {operation}")


def reads_what_is_no_number(asked: Asked) -> bool:
    """Whether a point reads a pixel that is not finite, so that nobody can say which point wins."""
    return any(output.read(asked.maps, roi).special.any() for roi in asked.rois if roi)


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
    gradient_bounds=bounds.gradient_bounds,
    in_doubt=reads_what_is_no_number,
    maps_decide=True,  # which point wins, and is sent a gradient
)
"""The oracle of BorderAlign. BA-8 says what a slope is where there is none."""
