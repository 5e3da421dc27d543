"""What a call of PSRoIPool may return in a data type: exact answers, or some with bounds, or none if nobody can say."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ....arrays import box_rows, feature_map, numpy_dtype
from ....exact.budgets import quantum
from ....exact.floats import FLOAT_TYPES, as_float, as_floats
from ....operation import Operation
from ....operator import Answer
from . import output
from .decisions import possible
from .geometry import Rules, bins_of, pixels_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .....kernels.dialects.ps_roi_pool import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Stages
    from .output import Gradient, Result

_BOUNDED = ("float32", "float64")
_FLOAT64 = FLOAT_TYPES["float64"]
_DIVISION = 6
"""Roundings of a term besides those of its sum: of two reciprocals and their products, or of one division."""


class Asked(NamedTuple):
    """A call, its numbers rounded to what an implementation is handed."""

    maps: Array
    boxes: Array
    output_size: Sequence[int]
    scale: Sequence[Any]
    grad: Array | None

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dtype: str) -> Asked:
        """The call that a case describes, made in a data type."""
        coordinates = np.dtype("float64" if dtype == "float64" else "float32")

        def rounded(data: Mapping[str, Any]) -> Array:
            with np.errstate(over="ignore"):
                return feature_map(data).astype(numpy_dtype(dtype)).astype(np.float64)

        return cls(
            rounded(arguments["input"]),
            box_rows(arguments["boxes"]).astype(coordinates).astype(np.float64),
            arguments["output_size"],
            [float(coordinates.type(float(s))) for s in arguments["spatial_scale"]],
            rounded(arguments["grad"]) if "grad" in arguments else None,
        )

    @property
    def about(self) -> tuple[Array, Sequence[int], Sequence[int], Sequence[Any]]:
        """What says where the RoIs lie: boxes, shape of the maps, output size, scale."""
        return self.boxes, self.maps.shape, self.output_size, self.scale


def answers_in(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, dtype: str) -> tuple[Answer, ...]:
    """What a call may return: one exact answer, several where rounding decides, with bounds if inexact; () if nobody can say."""
    asked, rules = Asked.of(arguments, dtype), Rules(dialect, dtype)
    answer = {Operation.FORWARD: _output, Operation.FEATURE_GRADIENT: _gradient}.get(operation)
    if answer is None:
        return ()
    found = [answer(asked, rois, rules) for rois in possible(*asked.about, rules)]
    distinct = list({repr(each): each for each in found}.values())
    return tuple(each for each in distinct if each) if all(distinct) else ()


def _output(asked: Asked, rois: Sequence[Stages | None], rules: Rules) -> Answer | None:
    numbers = asked.maps[np.isfinite(asked.maps)]
    is_quick = numbers.size == asked.maps.size and _fits(numbers, abs(numbers).sum(), _FLOAT64)
    maps = asked.maps if is_quick else output.exact_pixels(asked.maps)
    result = output.ps_roi_pool(maps, rois, asked.output_size, rules)
    return _unless_16_bits(as_numbers(result.values), error_of_average(result, numbers, rules.dtype), rules.dtype)


def _gradient(asked: Asked, rois: Sequence[Stages | None], rules: Rules) -> Answer | None:
    grad = asked.grad
    assert grad is not None
    if not np.isfinite(grad).all():
        return None
    counts = _counts(rois)
    most = max(counts, default=1)
    is_quick = _are_powers(counts) and _fits(grad / most, abs(grad).sum(), _FLOAT64)
    sent = grad if is_quick else output.exact_pixels(grad)
    result = output.feature_gradient(sent, asked.maps.shape, rois, asked.output_size, rules)
    error = _error_of_gradient(result, counts, grad, FLOAT_TYPES[rules.dtype])
    return _unless_16_bits(as_numbers(result.values), error, rules.dtype)


def _unless_16_bits(values: Any, error: Array | None, dtype: str) -> Answer | None:
    """An answer with its bounds, if it needs any; types of 16 bits, which may be added up in any type, have none."""
    if error is None:
        return Answer(values)
    return Answer(values, as_floats(_written, error).tolist()) if dtype in _BOUNDED else None


def error_of_average(result: Result, pixels: Array, dtype: str) -> Array | None:
    """The greatest error of each average; None if all are exact, in whatever order they are computed.

    A term is a pixel times the reciprocals of two counts, each rounded; products and sums of n of them, or one division, add
    fewer than n + 6 roundings.
    """
    type_ = FLOAT_TYPES[dtype]
    magnitude = _as_floats(result.magnitude)
    counts = np.broadcast_to(result.counts[:, None], magnitude.shape)
    seen = counts > 0
    if _fits(pixels, magnitude.max(initial=0), type_) and _are_powers(set(counts[seen].tolist())):
        unit = float(quantum(map(Fraction, set(np.ravel(pixels).tolist()))))
        if unit / counts.max(initial=1) >= type_.smallest:
            return None
    bound: Array = _error(magnitude / np.maximum(counts, 1), counts + _DIVISION, type_) * seen
    return bound


def _error_of_gradient(result: Gradient, counts: set[int], grad: Array, type_: FloatType) -> Array | None:
    """The greatest error of each sum; None if all are exact."""
    magnitude = _as_floats(result.magnitude)
    if _are_powers(counts) and _fits(grad / max(counts, default=1), magnitude.max(initial=0), type_):
        return None
    bound: Array = _error(magnitude, result.counts + _DIVISION, type_) * (result.counts > 0)
    return bound


def _counts(rois: Sequence[Stages | None]) -> set[int]:
    """The pixels of bins that have some."""
    return {pixels_in(rows, columns) for roi in rois for _, _, rows, columns in bins_of(roi)} - {0}


def _as_floats(magnitude: Array) -> Array:
    """Sums of absolute values, exact or already rounded, in float64."""
    return as_floats(as_float, magnitude) if magnitude.dtype == object else magnitude


def _error(magnitude: Array, roundings: Array, type_: FloatType) -> Array:
    gamma = as_floats(type_.gamma, roundings)
    return np.asarray(gamma * magnitude + roundings * type_.underflow, float)


def _are_powers(counts: Iterable[int]) -> bool:
    return all(map(is_power, counts))


def is_power(count: int) -> bool:
    """Whether a count is a power of two, by which every number can be divided exactly."""
    return count & (count - 1) == 0


def _fits(numbers: Array, total: float, type_: FloatType) -> bool:
    """Whether sums of these numbers whose absolute values add up to ``total`` are exact, in whatever order."""
    unit = quantum(map(Fraction, set(numbers.ravel().tolist())))
    if not unit:
        return False
    # Less, and not equal: the total itself may have been rounded.
    return not total or (float(unit) >= type_.smallest and total < min(2.0**type_.bits * float(unit), type_.largest))


def _written(bound: float) -> float:
    return float(f"{bound * 1.01:.2e}")


def as_numbers(values: Array) -> Any:
    """Exact values as nested lists of what a case file has for them."""
    numbers: Any = np.frompyfunc(_number, 1, 1)(values)
    return numbers.tolist()


def _number(value: Any) -> int | float | str:
    if value is None:  # of an invalid RoI
        return "nan"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    number = Fraction(value)
    return int(number) if number.denominator == 1 and abs(number) < 2**53 else float(number)
