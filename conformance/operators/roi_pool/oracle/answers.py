"""What a call of RoIPool may return, of RoIs that lie somewhere: an answer, exact or with bounds; none if nobody can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....exact.floats import FLOAT_TYPES
from ....operation import Operation
from ....operator import Answer
from ....windows.geometry import counts_of
from ....windows.pixels import (
    answer_with,
    as_numbers,
    error_of_average,
    error_of_shares,
    error_of_sums,
    exact_pixels,
    fits,
)
from . import output, quick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.numbers import Array
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
        return output.roi_pool(asked.maps, rois, asked.output_size, asked.mode, asked.rules)
    return output.feature_gradient(asked.arriving, asked.maps, rois, asked.output_size, asked.mode, asked.rules)


def answer(asked: Asked, rois: Rois, operation: Operation) -> Answer | None:
    """What a call may return."""
    return _output(asked, rois) if operation == Operation.FORWARD else _gradient(asked, rois)


def output_bounds(result: Result, asked: Asked) -> Array | None:
    """The greatest error of each average; None if all are exact, as maxima are."""
    if asked.mode == "max":
        return None
    return error_of_average(result.magnitude, result.counts, asked.pixels, asked.dtype)


def _output(asked: Asked, rois: Rois) -> Answer | None:
    numbers = asked.pixels[np.isfinite(asked.pixels)]
    if quick.fits(asked.pixels) and (asked.mode == "max" or fits(numbers, abs(numbers).sum(), _FLOAT64)):
        result = quick.roi_pool(asked.pixels, rois, asked.output_size, asked.mode, asked.rules)
    else:
        result = output.roi_pool(asked.maps, rois, asked.output_size, asked.mode, asked.rules)
    values = as_numbers(result.values)
    if asked.mode == "max":
        invalid = [k for k, roi in enumerate(rois) if roi is None]
        return Answer(*_opened(result.values, values, invalid))
    return answer_with(values, error_of_average(result.magnitude, result.counts, numbers, asked.dtype), asked.dtype)


def _opened(exact: Array, values: Any, invalid: Sequence[int]) -> tuple[Any, Any]:
    """Values and bounds of a maximum, which must be equal where anybody can say what it is."""
    if exact.dtype != object:
        return values, None
    unknown = exact == None  # noqa: E711 - of each element
    unknown[invalid] = False
    if not unknown.any():
        return values, None
    filled, bound = exact.copy(), np.zeros(exact.shape, object)
    filled[unknown], bound[unknown] = 0, None
    return as_numbers(filled), bound.tolist()


def _gradient(asked: Asked, rois: Rois) -> Answer | None:
    grad = asked.grad
    assert grad is not None
    if not np.isfinite(grad).all() or (asked.mode == "max" and not quick.fits(asked.pixels)):
        return None
    if asked.mode == "max" and fits(grad, abs(grad).sum(), _FLOAT64):
        result = quick.feature_gradient(grad, asked.pixels, rois, asked.output_size, asked.mode, asked.rules)
    else:
        # That of an average does not depend on the maps.
        maps = asked.maps if asked.mode == "max" else exact_pixels(np.zeros(asked.pixels.shape))
        result = output.feature_gradient(asked.arriving, maps, rois, asked.output_size, asked.mode, asked.rules)
    if asked.mode == "max":
        error = error_of_sums(result, grad, asked.dtype)
    else:
        error = error_of_shares(result, counts_of(rois), grad, asked.dtype)
    return answer_with(as_numbers(result.values), error, asked.dtype)
