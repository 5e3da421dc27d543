"""The bit-budget certificate: in which data types a call is exact, in whatever order it is computed.

It is RoIAlign's, of calls that have no smaller numbers than any that may be formed here, and no smaller sums of them:

* the sums of weighted pixels, and those of weights, are outputs of RoIAlign;
* what a bin is divided by must be a power of two, for its reciprocal to be exact; and the quotient, a number of the type;
* a gradient is one of RoIAlign's, of what arrives over that, times a number that is no less than the weights, or than pixels less
  outputs, and of whose unit all of them are multiples: the odd multiple of a power of two that `_cover` says;
* of a maximum, what is compared is an output of RoIAlign, whoever wins. The sums of its gradient are those over all samples.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ....call import DTYPES
from ....exact.budgets import Budget, numbers, quantum, single
from ....operation import Operation
from ...roi_align.oracle.answers import RoiAlignOracle
from ...roi_align.oracle.certificate import exact_in, forward_budgets
from ...roi_align.oracle.gradient_certificate import gradient_budgets
from .formulas import Formulas, each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]
    Part = tuple[dict[str, Any], Operation]

_ROI_ALIGN = RoiAlignOracle()


class NotExactError(Exception):
    """A number is none of float64."""


def as_rows(array: Array) -> dict[str, Any]:
    """An array of numbers as case files have it.

    Raises:
        NotExactError: a number is none of float64.
    """
    floats = each(float, array).astype(np.float64)
    finite = np.isfinite(floats)
    if not all(isinstance(x, float) or Fraction(y) == x for x, y in zip(array[finite], floats[finite], strict=True)):
        raise NotExactError
    rows = floats.reshape(-1, array.shape[-1]).tolist() if array.size else []
    return {"shape": list(array.shape), "rows": [[_number(x) for x in row] for row in rows]}


def _number(x: float) -> float | str:
    return x if math.isfinite(x) else str(x)


def _largest(array: Array) -> Fraction:
    return max((abs(x) for x in array.flat if isinstance(x, Fraction)), default=Fraction(0))


def _finest(*arrays: Array) -> Fraction:
    return quantum([x for array in arrays for x in array.flat if isinstance(x, Fraction)])


def _cover(finest: Fraction, largest: Fraction) -> Fraction:
    """A number that is an odd multiple of ``finest``, and not less than ``largest``; with no powers of two to spare.

    Raises:
        NotExactError: the numbers are multiples of no power of two.
    """
    if not finest:
        raise NotExactError
    odd: int = 2 ** math.ceil(largest / finest).bit_length() - 1
    return finest * odd


def parts(call: Formulas, operation: Operation) -> Iterator[Part]:
    """The calls of RoIAlign that must be exact.

    Raises:
        NotExactError: a number of theirs is none of float64.
    """
    arguments = call.asked
    if operation == Operation.FORWARD or call.normalise or call.is_maximum:
        yield {**arguments, "input": as_rows(call.weighed())}, Operation.FORWARD
    if call.normalise:
        yield {**arguments, "input": as_rows(call.weights)}, Operation.FORWARD
    if operation == Operation.FORWARD:
        return
    maps, weights = (each(Fraction, array) for array in (call.maps, call.weights))
    taken = call.outputs_taken()
    beside = _finest(maps, taken), _largest(maps) + _largest(taken)
    match operation:
        case Operation.FEATURE_GRADIENT:
            times = _cover(_finest(weights), _largest(weights))
            # What RoIs of an image send to it adds up, whoever has the weights.
            yield {**call.arguments, "grad": as_rows(call.share * times)}, Operation.FEATURE_GRADIENT
        case Operation.WEIGHT_GRADIENT:
            times = _cover(beside[0], beside[1] * (maps.shape[1] if weights.shape[1] == 1 else 1))
            sent = {"grad": as_rows(call.share * times), "input": as_rows(call.maps)}
            yield {**arguments, **sent}, Operation.FEATURE_GRADIENT
        case Operation.BOX_GRADIENT:
            times = _cover(_finest(weights) * beside[0], _largest(weights) * beside[1])
            constant = as_rows(np.full(maps.shape, times, object))
            yield {**arguments, "grad": as_rows(call.share), "input": constant}, Operation.BOX_GRADIENT


def own_budgets(call: Formulas, operation: Operation) -> set[Budget]:
    """The budgets of divisors and of the result: a divisor that is no power of two has no exact reciprocal."""
    found = set(numbers(call.returned(operation)))
    if call.normalise:
        found |= set(numbers(call.output))
        for total in {x for x in call.totals.flat if isinstance(x, Fraction)}:
            divisor = call.guarded(total)
            assert isinstance(divisor, Fraction)
            if divisor != total:
                found |= {single(call.epsilon), Budget(quantum([total, call.epsilon]), abs(total) + call.epsilon)}
            found.add(single(divisor))
            if divisor.numerator & (divisor.numerator - 1 if divisor > 0 else -divisor.numerator - 1) and divisor:
                found.add(Budget(Fraction(0), abs(divisor)))
    return found


def stored(call: Formulas, operation: Operation) -> set[Budget]:
    """The budgets of what is handed over."""
    given = [call.given("input"), call.weights, *([call.grad] if operation != Operation.FORWARD else [])]
    exact = (each(lambda x: Fraction(x) if np.isfinite(float(x)) else None, array) for array in given)
    return {budget for array in exact for budget in numbers(array)}


def _has_answer(call: Formulas, operation: Operation) -> bool:
    """Whether there is a gradient: there is none through 0 / 0, nor of what is not finite."""
    if operation == Operation.FORWARD:
        return True
    finite = bool(np.isfinite(call.maps).all() and np.isfinite(call.weights).all())
    return finite and (call.guard != "none" or not call.normalise or not np.equal(call.totals, 0).any())


def exact_dtypes(arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
    """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
    call = Formulas(arguments, dialect)
    if not _has_answer(call, operation):
        return ()
    try:
        exact = [_ROI_ALIGN.exact_dtypes(given, asked, dialect) for given, asked in parts(call, operation)]
    except NotExactError:
        return ()
    own = own_budgets(call, operation)
    found = set(exact_in(stored(call, operation), call.returned(operation), own, own)).intersection(*exact)
    return tuple(dtype for dtype in DTYPES if dtype in found)


def budgets(arguments: Arguments, operation: Operation, dialect: Dialect) -> set[Budget] | None:
    """The budgets of all numbers that a computation may form; None if one of them is none of float64."""
    call = Formulas(arguments, dialect)
    if not _has_answer(call, operation):
        return None
    found = stored(call, operation) | own_budgets(call, operation)
    try:
        for given, asked in parts(call, operation):
            is_output = asked == Operation.FORWARD
            found |= forward_budgets(given, dialect) if is_output else gradient_budgets(given, asked, dialect)
    except NotExactError:
        return None
    return found
