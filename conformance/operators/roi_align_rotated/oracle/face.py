"""What a call of rotated RoIAlign, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.roi_align_rotated import DIALECTS, QuarterTurns, Unit
from ....answering import AnsweringOracle
from ....asking import same, scales_of
from ....exact.floats import FLOAT_TYPES
from ....operation import Operation
from . import bounds, certificate, output
from .asked import NUMBERS, Asked
from .turning import quarter_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ....exact.numbers import Array

MOST_SAMPLES = 200_000
"""Of all RoIs of a call; of more nobody waits for the exact answer."""


def result_of(asked: Asked, operation: Operation) -> output.Result:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return output.roi_align_rotated(asked.maps, asked.rois, asked.output_size)
        case Operation.FEATURE_GRADIENT:
            return output.feature_gradient(asked.arriving, asked.pixels.shape, asked.rois)
        case Operation.BOX_GRADIENT:
            return output.box_gradient(asked.arriving, asked.maps, asked.rois)
        case _:
            raise ValueError(f"roi_align_rotated has no {operation}")


def is_too_large(asked: Asked) -> bool:
    """Whether the RoIs have more samples than anybody waits for."""
    samples = (roi.taken[0] * roi.taken[1] * roi.bins[0] * roi.bins[1] for roi in asked.rois if roi)
    return sum(samples) > MOST_SAMPLES


def scales(arguments: Mapping[str, Any], asked: Asked) -> Iterator[tuple[Any, Any]]:
    """The scales of a case, and as they are handed over."""
    yield scales_of(arguments), [float(asked.scale)] * 2


def same_boxes(given: Array, asked: Asked) -> bool:
    """Whether boxes mean the same as they were handed over, however the angle of a quarter turn (RR-4) was rounded."""
    angles = zip(given[:, 5].tolist(), asked.boxes[:, 5].tolist(), strict=True)
    return same(given[:, :5], asked.boxes[:, :5]) and all(_same_angle(*pair, asked) for pair in angles)


def _same_angle(given: float, handed: float, asked: Asked) -> bool:
    dialect = asked.rules.dialect
    if given == handed or not math.isfinite(given):
        return True
    if dialect.quarter_turns != QuarterTurns.EXACT:
        return False
    degrees = dialect.unit == Unit.DEGREES
    wide = quarter_of(Fraction(given), FLOAT_TYPES["float64"], degrees=degrees)
    return wide is not None and wide == quarter_of(Fraction(handed), asked.working, degrees=degrees)


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
    other_numbers=scales,
    same_boxes=same_boxes,
    is_too_large=is_too_large,
    columns=NUMBERS,
)
"""The oracle of rotated RoIAlign. RR-12 says what a slope is where there is none."""
