"""What a call of RoIAlign of volumes, or of a gradient of it, must return: the face of the oracle to the harness."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.roi_align_3d import DIALECTS
from ....arrays import box_rows, feature_map
from ....call import DTYPES
from ....exact.budgets import bits_needed
from ....exact.floats import FLOAT_TYPES, WORKING, rounded
from ....exact.numbers import as_json
from ....operation import Operation
from ....operator import Answer
from . import bounds as limits
from . import certificate
from .asked import NUMBERS, Asked
from .output import result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align_3d import Dialect
    from ....exact.numbers import Array
    from .output import Result

    Arguments = Mapping[str, Any]

MOST_NUMBERS = 2_000_000
"""Of all outputs of a call, and samples along an axis of all its bins; for more nobody waits."""


class VolumeOracle:
    """The oracle of RoIAlign of volumes."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each: an exact answer, or an output with bounds."""
        del claims
        for dtype in DTYPES:
            if answer := answer_in(arguments, operation, dialect, dtype):
                yield dtype, (answer,)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
        found = ((dtype, answer_in(arguments, operation, dialect, dtype, bounds=False)) for dtype in DTYPES)
        return tuple(dtype for dtype, answer in found if answer)

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result of a call of float64."""
        return result_of(Asked.of(arguments, dialect, "float64"), operation).values

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        asked = Asked.of(arguments, dialect, dtype)
        result = result_of(asked, Operation.FORWARD)
        return result.values, limits.output_bounds(result, asked)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation."""
        asked = Asked.of(arguments, dialect, "float64")
        exact = result_of(asked, operation)
        found = [
            *certificate.budgets(asked, operation, exact),
            *certificate.handed(asked, operation),
            *certificate.coordinates(asked),
        ]
        return bits_needed(found)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """How near a sample comes to a decision."""
        return certificate.nearest_decision(Asked.of(arguments, dialect, "float64"))

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """The answer in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # RV-10 says what a slope is where there is none
        answer = answer_in(arguments, operation, DIALECTS[dialect], dtype, bounds=bounds)
        return (answer,) if answer else ()


_LAST: dict[tuple[object, ...], tuple[Any, Result]] = {}
"""The last call: where its RoIs lie, and its exact result."""


def _known(asked: Asked, operation: Operation) -> Result:
    """The exact result of a call, which may be that of the call before in another data type."""
    key = (operation, *asked.numbers)
    if key not in _LAST:
        _LAST.clear()
        _LAST[key] = asked.rois, result_of(asked, operation)
    asked.__dict__["rois"], result = _LAST[key]
    return result


def answer_in(
    arguments: Arguments, operation: Operation, dialect: Dialect, dtype: str, *, bounds: bool = True
) -> Answer | None:
    """What a call may return in a data type; None if nobody can say, or if it has bounds that are not wanted."""
    if not _in_range(arguments, dtype):
        return None
    asked = Asked.of(arguments, dialect, dtype)
    if (asked.grad is not None and not np.isfinite(asked.grad).all()) or numbers_of(asked) > MOST_NUMBERS:
        return None
    exact = _known(asked, operation)
    if _same_numbers(arguments, asked, operation) and _fits(asked, operation, exact):
        values = exact.values if WORKING[dtype] == dtype else rounded(exact.values, dtype)
        return Answer(as_json(values))
    if not bounds or operation != Operation.FORWARD:
        return None
    return Answer(as_json(exact.values), _written(limits.output_bounds(exact, asked)))


def numbers_of(asked: Asked) -> int:
    """Outputs, and samples along an axis."""
    outputs = len(asked.boxes) * asked.pixels.shape[1] * math.prod(asked.output_size)
    fixed = sum(max(ratio, 1) * bins for ratio, bins in zip(asked.ratios, asked.output_size, strict=True))
    return outputs + len(asked.boxes) * fixed  # type: ignore[no-any-return]


def is_decided(arguments: Arguments, dialect: Dialect, dtype: str) -> bool:
    """Whether no rounding decides how many samples there are, or whether one is inside."""
    asked = Asked.of(arguments, dialect, dtype)
    return all(limits.is_decided(limits.errors_of(roi, asked)) for roi in asked.rois if roi)


def _fits(asked: Asked, operation: Operation, exact: Result) -> bool:
    """Whether a call is exact in its data type."""
    if not all(limits.are_exact(roi, limits.errors_of(roi, asked)) for roi in asked.rois if roi):
        return False
    reads = operation != Operation.FEATURE_GRADIENT
    if reads and not np.isfinite(asked.pixels).all() and _in_doubt(asked, operation, exact):
        return False
    if operation == Operation.BOX_GRADIENT and not (rounded(exact.values, asked.dtype) == exact.values).all():
        return False  # it may be float32, and is not rounded then
    computed = certificate.budgets(asked, operation, exact)
    return certificate.fits(asked, certificate.handed(asked, operation), computed, exact.values)


def _in_doubt(asked: Asked, operation: Operation, exact: Result) -> bool:
    """Whether nobody can say of an exact call with voxels that are not finite which of them it reads."""
    if operation != Operation.FORWARD:
        return True
    return bool(np.isinf(limits.output_bounds(exact, asked)).any())


def _same_numbers(arguments: Arguments, asked: Asked, operation: Operation) -> bool:
    """Whether no number that matters was rounded when it was handed over."""
    pairs: list[tuple[Any, Any]] = [
        (box_rows(arguments["boxes"], NUMBERS), asked.boxes),
        ([float(Fraction(s)) for s in arguments["spatial_scale"]], list(map(float, asked.scales))),
    ]
    if operation != Operation.FEATURE_GRADIENT:
        pairs.append((feature_map(arguments["input"]), asked.pixels))
    if asked.grad is not None:
        pairs.append((feature_map(arguments["grad"]), asked.grad))
    return all(np.array_equal(given, handed, equal_nan=True) for given, handed in pairs)


def _in_range(arguments: Arguments, dtype: str) -> bool:
    """Whether what is finite in the arguments of a case is finite in a call of a data type."""
    given = [(feature_map(arguments[name]), dtype) for name in ("input", "grad") if name in arguments]
    given.append((box_rows(arguments["boxes"], NUMBERS), WORKING[dtype]))
    return all(abs(a[np.isfinite(a)]).max(initial=0.0) <= FLOAT_TYPES[kind].largest for a, kind in given)


def _written(bound: Array) -> Any:
    """Bounds as nested lists; None where there is none."""
    nested: Any = np.frompyfunc(lambda x: None if math.isinf(x) else float(f"{x * 1.01:.2e}"), 1, 1)(bound)
    return nested.tolist()
