"""What boxes give that are turned by quarters, and sampled at the bound of the map (RR-4)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from .....kernels.dialects.choices import Offset
from .....kernels.dialects.roi_align_rotated import QuarterTurns, Unit
from ....deduction import Prediction
from ....exact.floats import FLOAT_TYPES, WORKING
from ..oracle.turning import quarter_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .....kernels.dialects.roi_align_rotated import Dialect
    from ....operation import Operation
    from .calls import Probe

_NEAR = 0.25  # to a whole number, which all pixels are


def beside(
    probe: Probe, dialect: Dialect, dtype: str, operation: Operation | None,
    predicted: Callable[[Dialect], tuple[Prediction, ...]],
) -> tuple[Prediction, ...]:  # fmt: skip
    """What a probe of `at_bound` may give, of what is predicted of a dialect, by rounding or not; of its gradients nothing.

    A quarter turn that is computed takes a sample over the bound on one side or on the other. In radians it cannot do otherwise,
    since no number is a quarter turn; whoever computes well enough in degrees may have it exactly.
    """
    if operation is not None:
        return ()
    if dialect.quarter_turns == QuarterTurns.EXACT or not _is_quarter(probe, dialect, dtype):
        return predicted(dialect)
    (found,) = predicted(replace(dialect, quarter_turns=QuarterTurns.EXACT))
    roi = 0 if dialect.offset == Offset.HALF else 1
    sides = tuple(_without(found, roi, side) for side in (0, 1))
    return (found, *sides) if dialect.unit == Unit.DEGREES else sides


def _is_quarter(probe: Probe, dialect: Dialect, dtype: str) -> bool:
    """Whether the boxes are turned by quarters, in the unit of a dialect."""
    angle = Fraction(float(np.dtype(WORKING[dtype]).type(probe.boxes[0][4])))
    degrees = dialect.unit == Unit.DEGREES
    return quarter_of(angle, FLOAT_TYPES[WORKING[dtype]], degrees=degrees) is not None


def _without(found: Prediction, roi: int, side: int) -> Prediction:
    values = found.values.copy()
    values[roi, :, side] = 0
    return Prediction(values, np.full(values.shape, _NEAR))
