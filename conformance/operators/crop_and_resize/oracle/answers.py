"""What a call of crop_and_resize may return in a data type: an exact answer, or one with bounds, or none if nobody can say."""

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
from . import errors, output
from .geometry import Box, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....kernels.dialects.crop_and_resize import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .errors import Reach

_BOUNDED = ("float32", "float64")


class Placed(NamedTuple):
    """A box that can be cropped, and where its points may be."""

    box: Box
    y: Sequence[Reach]
    x: Sequence[Reach]


class Asked(NamedTuple):
    """A call, its numbers rounded to what an implementation is handed."""

    maps: Array
    rows: Array
    size: Sequence[int]
    extrapolation: float
    grad: Array | None
    rules: Rules
    type: FloatType

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str) -> Asked:
        """The call that a case describes, made in a data type."""
        coordinates = np.dtype("float64" if dtype == "float64" else "float32")

        def rounded(numbers: Array) -> Array:
            with np.errstate(over="ignore"):
                return numbers.astype(numpy_dtype(dtype)).astype(np.float64)

        return cls(
            rounded(feature_map(arguments["input"])),
            box_rows(arguments["boxes"]).astype(coordinates).astype(np.float64),
            arguments["output_size"],
            float(rounded(np.array(float(arguments["extrapolation_value"])))),
            rounded(feature_map(arguments["grad"])) if "grad" in arguments else None,
            Rules(dialect, arguments["mode"]),
            FLOAT_TYPES[dtype],
        )

    def boxes(self) -> output.Boxes:
        """Where the boxes lie."""
        return output.all_boxes(self.rows, self.maps.shape, self.size, self.rules)

    def placed(self, boxes: output.Boxes) -> list[Placed | None]:
        """Where they may lie.

        Raises:
            OverflowError: a position may overflow.
        """
        return [box and self._placed(row, box) for row, box in zip(self.rows.tolist(), boxes, strict=True)]

    def _placed(self, row: Sequence[float], box: Box) -> Placed:
        y1, x1, y2, x2 = map(Fraction, row[1:])
        height, width = self.maps.shape[2:]
        return Placed(
            box,
            errors.reaches((y1, y2), box.y, height, self.rules, self.type),
            errors.reaches((x1, x2), box.x, width, self.rules, self.type),
        )


def answers_in(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, dtype: str) -> tuple[Answer, ...]:
    """What a call may return: an exact answer, one with bounds, or () if nobody can say."""
    asked = Asked.of(arguments, dialect.for_mode(arguments["mode"]), dtype)
    boxes = asked.boxes()
    try:
        placed = asked.placed(boxes)
    except OverflowError:
        return ()
    if operation != Operation.FORWARD and not _is_finite(asked, operation):
        return ()
    values, bound = _ANSWERS[operation](asked, boxes, placed)
    if not bound.any():
        return (Answer(as_numbers(values)),)
    return (Answer(as_numbers(values), _written(bound)),) if dtype in _BOUNDED else ()


def _is_finite(asked: Asked, operation: Operation) -> bool:
    """Whether what arrives is finite, and what slopes are of."""
    assert asked.grad is not None
    return bool(np.isfinite(asked.grad).all()) and (
        operation != Operation.BOX_GRADIENT or bool(np.isfinite(asked.maps).all())
    )


def output_and_bound(asked: Asked, boxes: output.Boxes, placed: Sequence[Placed | None]) -> tuple[Array, Array]:
    """The exact output, and the greatest error of each element: 0 throughout if it is exact in whatever order."""
    values = output.crop_and_resize(asked.maps, boxes, asked.size, asked.extrapolation)
    bound = np.zeros(values.shape)
    finite = asked.maps[np.isfinite(asked.maps)]
    rounded = not fits(finite, 2 * float(abs(finite).max(initial=0)), output.unit_of_weights(boxes) ** 2, asked.type)
    for k, each in enumerate(placed):
        if each is not None and bound[k].size:
            image = asked.maps[each.box.image]
            bound[k] = errors.of_output(image, each.y, each.x, asked.rules, asked.type, rounded=rounded)
    return values, bound


def _feature_gradient(asked: Asked, boxes: output.Boxes, placed: Sequence[Placed | None]) -> tuple[Array, Array]:
    assert asked.grad is not None
    values, magnitude, counts = output.feature_gradient(asked.grad, asked.maps.shape, boxes)
    total = as_floats(as_float, magnitude) if magnitude.dtype == object else magnitude
    unit = output.unit_of_weights(boxes) ** 2
    bound = errors.of_feature_gradient(asked.grad, asked.maps.shape, placed, asked.rules)
    if bound.any() or not fits(asked.grad, float(total.max(initial=0)), unit, asked.type):
        rounding = errors.of_sum(total + bound, counts[:, None], asked.type)
        bound += np.where((counts > 0)[:, None], rounding, 0)
    return values, bound


def _box_gradient(asked: Asked, boxes: output.Boxes, placed: Sequence[Placed | None]) -> tuple[Array, Array]:
    assert asked.grad is not None
    values, magnitude = output.box_gradient(asked.grad, asked.maps, boxes)
    bound = np.zeros(values.shape)
    for k, each in enumerate(placed):
        if each is None:
            continue
        image = asked.maps[each.box.image]
        moved = errors.of_box_gradient(asked.grad[k], image, each.box, each.y, each.x, asked.rules)
        bound[k] = np.tile(moved, 2)
    unit = output.unit_of(asked.maps) * output.unit_of_weights(boxes) * unit_of_motion(asked)
    if bound.any() or not fits(asked.grad, float(magnitude.max(initial=0)), unit, asked.type):
        bound += errors.of_sum(magnitude + bound, float(asked.grad[0].size if len(asked.grad) else 0), asked.type)
        bound[magnitude == 0] = 0
    return values, bound


_ANSWERS = {
    Operation.FORWARD: output_and_bound,
    Operation.FEATURE_GRADIENT: _feature_gradient,
    Operation.BOX_GRADIENT: _box_gradient,
}


def unit_of_motion(asked: Asked) -> Fraction:
    """The greatest power of two of which all is a multiple that points move by; 0 if there is none, 1 at most."""
    moves = {
        move
        for points, pixels in zip(asked.size, asked.maps.shape[2:], strict=True)
        for i in range(points)
        for move in asked.rules.motion(i, points, pixels)
    }
    return min(quantum(moves), Fraction(1))


def fits(numbers: Array, total: float, unit: Fraction, type_: FloatType) -> bool:
    """Whether sums of multiples of these numbers and of ``unit``, whose absolute values add up to ``total``, are exact."""
    if not numbers.size or not total:
        return True
    step = float(output.unit_of(numbers) * unit)
    # Less, and not equal: the total itself may have been rounded.
    return bool(step) and step >= type_.smallest and total < min(2.0**type_.bits * step, type_.largest)


def _written(bound: Array) -> Any:
    """Bounds as a case file has them: None on a discontinuity."""
    numbers: Any = np.frompyfunc(lambda b: None if math.isinf(b) else float(f"{b * 1.01:.2e}"), 1, 1)(bound)
    return numbers.tolist()


def as_numbers(values: Array) -> Any:
    """Exact values as nested lists of what a case file has for them."""
    numbers: Any = np.frompyfunc(_number, 1, 1)(values)
    return numbers.tolist()


def _number(value: Any) -> int | float | str:
    if value is None:  # of an invalid box
        return "nan"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    number = Fraction(value)
    return int(number) if number.denominator == 1 and abs(number) < 2**53 else float(number)
