"""What a call of RoIAlign of volumes, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.roi_align_3d import DIALECTS
from ....answering import AnsweringOracle
from ....asking import scales_of
from . import bounds, certificate
from .asked import NUMBERS, Asked
from .output import result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_NUMBERS = 2_000_000
"""Of all outputs of a call, and samples along an axis of all its bins; for more nobody waits."""


def is_too_large(asked: Asked) -> bool:
    """Whether there are more outputs, and samples along an axis, than anybody waits for."""
    boxes = len(asked.boxes)
    outputs = boxes * asked.pixels.shape[1] * math.prod(asked.output_size)
    fixed = sum(max(ratio, 1) * bins for ratio, bins in zip(asked.ratios, asked.output_size, strict=True))
    return bool(outputs + boxes * fixed > MOST_NUMBERS)


def scales(arguments: Mapping[str, Any], asked: Asked) -> Iterator[tuple[Any, Any]]:
    """The scales of a case, and as they are handed over."""
    yield scales_of(arguments), list(map(float, asked.scales))


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
    other_numbers=scales,
    is_too_large=is_too_large,
    columns=NUMBERS,
)
"""The oracle of RoIAlign of volumes. RV-10 says what a slope is where there is none."""
