"""What a probe must give under any dialect, exactly."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .....kernels.dialects.crop_and_resize import LastPoint
from ....deduction import Prediction, prediction_of
from ....exact.floats import WORKING
from ....operation import Operation
from ..oracle.answers import answers_in

if TYPE_CHECKING:
    from .....kernels.dialects.crop_and_resize import Dialect
    from .calls import Probe


@cache
def predictions(
    probe: Probe, dialect: Dialect, dtype: str, operation: Operation | None = None
) -> tuple[Prediction, ...]:
    """What a probe may give under a dialect: none if nobody can say."""
    asked = operation or probe.operation
    found = tuple(map(prediction_of, answers_in(probe.arguments, asked, dialect, dtype)))
    if asked == Operation.FORWARD and dialect.last_point == LastPoint.STEP and is_beyond(probe, dtype):
        return tuple(_with_last_row_outside(probe, each) for each in found)
    return found


def is_beyond(probe: Probe, dtype: str) -> bool:
    """CR-2: whether the last point of a box of the whole image is beyond its last row, each step rounded as it is written.

    The first point is 0, so that it makes no difference whether the last product and sum are rounded once or twice.
    """
    if probe.boxes != ((0.0, 0.0, 1.0, 1.0),):
        return False
    working = np.dtype(WORKING[dtype]).type
    last, steps = working(probe.size[0] - 1), working(probe.output_size[0] - 1)
    return bool(steps * (last / steps) > last)


def _with_last_row_outside(probe: Probe, prediction: Prediction) -> Prediction:
    """A prediction whose last row of points, of which rounding decides, has the extrapolation value."""
    values, bound = prediction.values.copy(), prediction.bound.copy()
    values[:, :, -1], bound[:, :, -1] = probe.extrapolation, 0.0
    return Prediction(values, bound)
