"""What a call of PrRoIPool, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.prroi_pool import DIALECTS
from ....answering import AnsweringOracle
from ....asking import scales_of
from ....operation import Operation
from . import bounds, certificate, gradient, output
from .asked import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .gradient import BoxGradient, FeatureGradient
    from .output import Result


def result_of(asked: Asked, operation: Operation) -> Result | FeatureGradient | BoxGradient:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return output.prroi_pool(asked.maps, asked.rois, asked.output_size, asked.rules)
        case Operation.FEATURE_GRADIENT:
            return gradient.feature_gradient(asked.arriving, asked.pixels.shape, asked.rois, asked.rules)
        case Operation.BOX_GRADIENT:
            return gradient.box_gradient(asked.arriving, asked.maps, asked.rois, asked.rules)
        case _:
            raise ValueError(f"prroi_pool has no {operation}")


def scales(arguments: Mapping[str, Any], asked: Asked) -> Iterator[tuple[Any, Any]]:
    """The scales of a case, and as they are handed over."""
    yield scales_of(arguments), list(map(float, asked.scale))


def is_in_doubt(asked: Asked) -> bool:
    """Whether nobody can say which pixels are read though all edges of bins are exact: never."""
    del asked
    return False


ORACLE = AnsweringOracle(  # type: ignore[misc]  # results are of three types, and each has its own bounds
    dialects=DIALECTS,
    asked=Asked.of,
    result=result_of,
    is_decided=bounds.is_decided,
    are_exact=certificate.are_exact,
    budgets=certificate.budgets,
    coordinates=certificate.coordinates,
    decisions=certificate.decisions,
    output_bounds=bounds.output_bounds,
    gradient_bounds=bounds.gradient_bounds,
    other_numbers=scales,
    in_doubt=is_in_doubt,
)
"""The oracle of PrRoIPool, whose gradients have no kinks."""
