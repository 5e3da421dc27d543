"""What a call of PSRoIPool may return, of RoIs that lie somewhere: an answer, exact or with bounds; none if nobody can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....exact.floats import FLOAT_TYPES
from ....operation import Operation
from ....windows.geometry import counts_of
from ....windows.pixels import answer_with, are_powers, as_numbers, error_of_average, error_of_shares, fits
from . import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.numbers import Array
    from ....operator import Answer
    from ....windows.asked import WindowCall
    from ....windows.geometry import Stages
    from ....windows.pixels import Gradient
    from .geometry import Rules
    from .output import Result

    Asked = WindowCall[Rules]
    Rois = Sequence[Stages | None]

_FLOAT64 = FLOAT_TYPES["float64"]


def result_of(asked: Asked, rois: Rois, operation: Operation) -> Result | Gradient:
    """The exact result of a call."""
    if operation == Operation.FORWARD:
        return output.ps_roi_pool(asked.maps, rois, asked.output_size, asked.rules)
    return output.feature_gradient(asked.arriving, asked.pixels.shape, rois, asked.output_size, asked.rules)


def answer(asked: Asked, rois: Rois, operation: Operation) -> Answer | None:
    """What a call may return."""
    return _output(asked, rois) if operation == Operation.FORWARD else _gradient(asked, rois)


def output_bounds(result: Result, asked: Asked) -> Array | None:
    """The greatest error of each average; None if all are exact."""
    return error_of_average(result.magnitude, result.counts, asked.pixels, asked.dtype)


def _output(asked: Asked, rois: Rois) -> Answer | None:
    numbers = asked.pixels[np.isfinite(asked.pixels)]
    is_quick = numbers.size == asked.pixels.size and fits(numbers, abs(numbers).sum(), _FLOAT64)
    result = output.ps_roi_pool(asked.pixels if is_quick else asked.maps, rois, asked.output_size, asked.rules)
    error = error_of_average(result.magnitude, result.counts, numbers, asked.dtype)
    return answer_with(as_numbers(result.values), error, asked.dtype)


def _gradient(asked: Asked, rois: Rois) -> Answer | None:
    grad = asked.grad
    assert grad is not None
    if not np.isfinite(grad).all():
        return None
    counts = counts_of(rois)
    is_quick = are_powers(counts) and fits(grad / max(counts, default=1), abs(grad).sum(), _FLOAT64)
    sent = grad if is_quick else asked.arriving
    result = output.feature_gradient(sent, asked.pixels.shape, rois, asked.output_size, asked.rules)
    return answer_with(as_numbers(result.values), error_of_shares(result, counts, grad, asked.dtype), asked.dtype)
