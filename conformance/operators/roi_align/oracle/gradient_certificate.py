"""The bit-budget certificate of gradients: in which data types they are exact, in whatever order terms are added up.

The criterion is that of `certificate`: all numbers that may be formed are multiples of one power of two, and the sum of their
absolute values is within the budget of the type. Sums here go over all RoIs, as atomic additions do in any order.

* The gradient of a pixel is a sum over samples of G · weight · weight, divided by the number of samples before or after.
* That of a corner is a sum over samples of G · weight · pixel · motion, divided likewise.
* In a maximum, the values that are compared must be exact too: which of them wins decides everything.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import box_rows, feature_map
from ....exact.budgets import Budget, numbers, quantum
from ....operation import Operation
from .certificate import coordinates, exact_in, forward_result, sums
from .gradient import bins, box_gradient, feature_gradient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array
    from ....sampling.axis import Axis
    from .gradient import Bin, BoxGradient, FeatureGradient
    from .output import Result

ZERO, ONE = Fraction(0), Fraction(1)


def gradient(
    arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, *, last_of_ties: bool = False
) -> FeatureGradient | BoxGradient:
    """The exact gradient that a case asks for."""
    grad, boxes = feature_map(arguments["grad"]), box_rows(arguments["boxes"])
    common = (tuple(arguments["spatial_scale"]), tuple(arguments["sampling_ratio"]), arguments["mode"], dialect)
    maps = feature_map(arguments["input"])
    if operation == Operation.BOX_GRADIENT:
        return box_gradient(grad, maps, boxes, *common)
    return feature_gradient(grad, boxes, maps.shape, *common, maps, last_of_ties=last_of_ties)


def exact_gradient_dtypes(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> tuple[str, ...]:
    """The data types in which everything is exact but the rounding of the gradient to a type of 16 bits."""
    budgets, values = _computed(arguments, operation, dialect)
    return exact_in(_stored(arguments, operation), values, budgets, budgets)


def gradient_budgets(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> set[Budget]:
    """The budgets of all numbers that a computation of a gradient may form."""
    return _stored(arguments, operation) | _computed(arguments, operation, dialect)[0]


def _stored(arguments: Mapping[str, Any], operation: Operation) -> set[Budget]:
    """The budgets of what is handed over: what arrives, and the maps where these matter."""
    read = arguments["mode"] == "max" or operation == Operation.BOX_GRADIENT
    return {budget for name in ("grad", "input")[: 1 + read] for budget in numbers(_fractions(arguments[name]))}


def _computed(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> tuple[set[Budget], Array]:
    """The budgets of all other numbers that a computation may form, and its result."""
    result = forward_result(arguments, dialect)
    exact = gradient(arguments, operation, dialect)
    found = {*coordinates(result), *numbers(exact.values)}
    if result.mode == "max" or operation == Operation.BOX_GRADIENT:
        found |= set(sums(result))
    grad = _fractions(arguments["grad"])
    if operation == Operation.BOX_GRADIENT:
        found |= set(_corner_sums(result, grad, _fractions(arguments["input"])))
    else:
        found |= set(_pixel_sums(result, grad))
    # A count that is no power of two has no exact reciprocal.
    counts = {Budget(ZERO, Fraction(n)) for n in {bin_.divisor for bin_ in bins(result)} if n & (n - 1)}
    return found | counts, exact.values


def _fractions(data: Mapping[str, Any]) -> Any:
    return np.frompyfunc(Fraction, 1, 1)(feature_map(data))


def _weights(bin_: Bin) -> tuple[dict[int, Budget], dict[int, Budget]]:
    """For each pixel along y, and along x, the budget of the sum of all weights that a bin puts on it."""
    found = []
    for reading in bin_.axes:
        budgets: dict[int, Budget] = {}
        for sample in reading.samples:
            for pixel, weight in (sample.low, sample.high):
                if weight:
                    before = budgets.get(pixel, Budget(ONE, Fraction(0)))
                    total = before.total + sample.count * weight
                    budgets[pixel] = Budget(min(before.quantum, quantum([weight])), total)
        found.append(budgets)
    return found[0], found[1]


def _pixel_sums(result: Result, grad: Any) -> Iterator[Budget]:
    """The budgets of weights times G, and of their sums in every pixel, divided by the number of samples or not."""
    undivided: dict[Any, Budget] = defaultdict(lambda: Budget(ONE, Fraction(0)))
    divided: dict[Any, Budget] = defaultdict(lambda: Budget(ONE, Fraction(0)))
    for bin_ in bins(result):
        count = bin_.divisor
        by_row, by_column = _weights(bin_)
        for c in range(grad.shape[1]):
            g = grad[bin_.index(c)]
            for y, row in by_row.items():
                for x, column in by_column.items():
                    yield Budget(row.quantum * column.quantum, row.total * column.total)
                    term = Budget(quantum([g]) * row.quantum * column.quantum, abs(g) * row.total * column.total)
                    pixel = bin_.roi.batch, c, y, x
                    undivided[pixel] = _more(undivided[pixel], term, 1)
                    divided[pixel] = _more(divided[pixel], term, count)
    yield from undivided.values()
    yield from divided.values()


def _corner_sums(result: Result, grad: Any, maps: Any) -> Iterator[Budget]:
    """The budgets of the sums that are the gradients of a RoI's corners, divided by the number of samples or not."""
    undivided: dict[Any, Budget] = defaultdict(lambda: Budget(ONE, Fraction(0)))
    for bin_ in bins(result):
        count = bin_.divisor
        by_row, by_column = _weights(bin_)
        motions = motion(bin_.roi.y), motion(bin_.roi.x)
        for c in range(grad.shape[1]):
            g = grad[bin_.index(c)]
            for y, row in by_row.items():
                for x, column in by_column.items():
                    pixel = maps[bin_.roi.batch, c, y, x]
                    # One of the two weights is differentiated, and then is 1 or 0.
                    for axis, weight in enumerate((column, row)):
                        samples = len(bin_.axes[axis].samples)
                        least = quantum([g]) * quantum([pixel]) * weight.quantum * motions[axis].quantum
                        total = abs(g * pixel) * weight.total * samples * motions[axis].total
                        key = bin_.k, axis
                        undivided[key] = _more(undivided[key], Budget(least, total), 1)
                        yield Budget(least / count, total / count)
    for (k, _), sum_ in undivided.items():
        roi = result.stages[k]
        assert roi
        count = max(roi.y.grid * roi.x.grid, 1) if result.mode == "avg" else 1
        yield sum_
        yield Budget(sum_.quantum / count, sum_.total / count)


def motion(axis: Axis) -> Budget:
    """The budget of how far a sample moves with a corner, before and after a division by the number of bins."""
    steps = 2 * max(axis.grid, 1) * axis.bins
    return Budget(quantum([axis.scale]) * quantum([Fraction(1, steps)]), abs(axis.scale) * axis.bins)


def _more(sum_: Budget, term: Budget, count: int) -> Budget:
    return Budget(min(sum_.quantum, term.quantum / count), sum_.total + term.total / count) if term.total else sum_
