"""What a call of deformable RoI pooling, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .....kernels.dialects.deform_roi_pool import DIALECTS
from ....answering import AnsweringOracle
from ....asking import scales_of
from ...roi_align_rotated.oracle.certificate import decisions
from ...roi_align_rotated.oracle.face import is_too_large
from . import bounds, certificate
from .asked import GAMMA, Asked
from .output import result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from ....exact.numbers import Array
    from .geometry import Pair


class Moved(Protocol):
    """A call whose bins are moved."""

    @property
    def scales(self) -> Pair:
        """Of both axes, as they are handed over."""

    @property
    def gamma(self) -> Fraction:
        """As it is handed over."""

    @property
    def offset(self) -> Array | None:
        """Those of bins or parts; None if there are none."""


def other_numbers(arguments: Mapping[str, Any], asked: Moved) -> Iterator[tuple[Any, Any]]:
    """The scales of a case and gamma, and as they are handed over; nothing is moved, and gamma for nothing, without offsets."""
    yield scales_of(arguments), list(map(float, asked.scales))
    if asked.offset is not None:
        yield float(arguments.get("gamma", GAMMA)), float(asked.gamma)


ORACLE = AnsweringOracle(
    dialects=DIALECTS,
    asked=Asked.of,
    result=result_of,
    is_decided=bounds.is_decided,
    are_exact=bounds.are_exact,
    budgets=certificate.budgets,
    coordinates=certificate.coordinates,
    decisions=decisions,
    output_bounds=bounds.output_bounds,
    other_numbers=other_numbers,
    is_too_large=is_too_large,
)
"""The oracle of deformable RoI pooling. DP-8 says what a slope is where there is none."""
