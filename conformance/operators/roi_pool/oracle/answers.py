"""What a call of RoIPool may return in a data type: exact answers, or some with bounds, or none if nobody can say."""

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
from . import output, quick
from .decisions import possible
from .geometry import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....kernels.dialects.roi_pool import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Stages
    from .output import Gradient, Result

_BOUNDED = ("float32", "float64")
_FLOAT64 = FLOAT_TYPES["float64"]


class Asked(NamedTuple):
    """A call, its numbers rounded to what an implementation is handed."""

    maps: Array
    boxes: Array
    output_size: Sequence[int]
    scale: Sequence[Any]
    mode: str
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
            arguments["mode"],
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
    if quick.fits(asked.maps) and (asked.mode == "max" or _fits(numbers, abs(numbers).sum(), _FLOAT64)):
        result = quick.roi_pool(asked.maps, rois, asked.output_size, asked.mode, rules)
    else:
        result = output.roi_pool(output.exact_pixels(asked.maps), rois, asked.output_size, asked.mode, rules)
    values = as_numbers(result.values)
    if asked.mode == "max":
        invalid = [k for k, roi in enumerate(rois) if roi is None]
        return Answer(*_opened(result.values, values, invalid))
    return _unless_16_bits(values, error_of_average(result, numbers, rules.dtype), rules.dtype)


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


def _gradient(asked: Asked, rois: Sequence[Stages | None], rules: Rules) -> Answer | None:
    grad = asked.grad
    assert grad is not None
    if not np.isfinite(grad).all() or (asked.mode == "max" and not quick.fits(asked.maps)):
        return None
    if asked.mode == "max" and _fits(grad, abs(grad).sum(), _FLOAT64):
        result = quick.feature_gradient(grad, asked.maps, rois, asked.output_size, asked.mode, rules)
    else:
        maps = asked.maps if asked.mode == "max" else np.zeros(asked.maps.shape)  # an average's does not depend on them
        exact, pixels = output.exact_pixels(grad), output.exact_pixels(maps)
        result = output.feature_gradient(exact, pixels, rois, asked.output_size, asked.mode, rules)
    error = _error_of_gradient(result, rois, grad, asked.mode, FLOAT_TYPES[rules.dtype])
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
    counts, magnitude = result.counts[:, None] + 0 * result.winners, _as_floats(result.magnitude)
    seen = counts > 0
    if _fits(pixels, magnitude.max(initial=0), type_) and _are_powers(counts[seen]):
        unit = float(quantum(map(Fraction, set(np.ravel(pixels).tolist()))))
        if unit / counts.max(initial=1) >= type_.smallest:
            return None
    bound: Array = _error(magnitude / np.maximum(counts, 1), counts + 6, type_) * seen
    return bound


def _error_of_gradient(
    result: Gradient, rois: Sequence[Stages | None], grad: Array, mode: str, type_: FloatType
) -> Array | None:
    """The greatest error of each sum; None if all are exact."""
    magnitude = _as_floats(result.magnitude)
    counts = [
        (rows[1] - rows[0]) * (columns[1] - columns[0]) for roi in rois for _, _, rows, columns in output.bins_of(roi)
    ]
    shares = np.array([count for count in counts if count] if mode == "avg" else [1], np.int64)
    most = int(shares.max(initial=1))
    if _are_powers(shares) and _fits(grad / most, magnitude.max(initial=0), type_):
        return None
    bound: Array = _error(magnitude, result.counts + 6 * (mode == "avg"), type_) * (result.counts > (mode == "max"))
    return bound


def _as_floats(magnitude: Array) -> Array:
    """Sums of absolute values, exact or already rounded, in float64."""
    return as_floats(as_float, magnitude) if magnitude.dtype == object else magnitude


def _error(magnitude: Array, roundings: Array, type_: FloatType) -> Array:
    gamma = as_floats(type_.gamma, roundings)
    return np.asarray(gamma * magnitude + roundings * type_.underflow, float)


def _are_powers(counts: Array) -> bool:
    return bool(((counts & (counts - 1)) == 0).all())


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
