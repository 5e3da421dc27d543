"""What a call of a pooler, or of a gradient of it, must return: RoIAlign's answers on the map of each level."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from functools import lru_cache
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.multiscale_roi_align import DIALECTS
from .....kernels.dialects.roi_align import DIALECTS as OF_ROI_ALIGN
from ....arrays import leaves
from ....call import DTYPES
from ....operation import Operation
from ....operator import Answer
from ...roi_align.oracle.answers import RoiAlignOracle
from .assembling import assembled, parts, shape_of
from .levels import levels_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.multiscale_roi_align import Dialect
    from ....exact.numbers import Array
    from .assembling import Part

    Arguments = Mapping[str, Any]
    Levels = tuple[int | None, ...]

_ROI_ALIGN = RoiAlignOracle()
_MOST = 16  # answers of one call, of which rounding may choose


def _asked(method: str, part: Part, *how: Any) -> Any:
    """What RoIAlign's oracle says of a part. Most dialects ask of the same parts, so that it is remembered."""
    return _known(method, json.dumps(part.arguments), *how)


@lru_cache(maxsize=512)
def _known(method: str, text: str, *how: Any) -> Any:
    found = getattr(_ROI_ALIGN, method)(json.loads(text), *how)
    return dict(found) if method == "answers" else found


class MultiscaleRoiAlignOracle:
    """The oracle of poolers. What it says of exactness it says of RoIAlign's calls, once the level of every box is decided."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each; where rounding decides a level, if a case is about that."""
        known: dict[Levels, dict[str, tuple[Answer, ...]]] = {}
        for dtype in DTYPES:
            chosen = [*islice(product(*map(_in_order, levels_of(arguments, dialect, dtype))), _MOST + 1)]
            if len(chosen) > (_MOST if claims == "fragile" else 1):
                continue
            for levels in chosen:
                if levels not in known:
                    known[levels] = dict(_of_levels(arguments, operation, dialect, claims, levels))
            if all(dtype in known[levels] for levels in chosen):
                yield dtype, tuple(answer for levels in chosen for answer in known[levels][dtype])

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
        exact: dict[Levels, set[str]] = {}
        found = []
        for dtype in DTYPES:
            levels = decided(arguments, dialect, dtype)
            if levels is None:
                continue
            if levels not in exact:
                each = [_asked("exact_dtypes", part, operation, dialect.sampling) for part in parts(arguments, levels)]
                exact[levels] = set(DTYPES).intersection(*each)
            if dtype in exact[levels]:
                found.append(dtype)
        return tuple(found)

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result."""
        found = [
            (part, _asked("values", part, operation, dialect.sampling))
            for part in parts(arguments, exactly(arguments, dialect))
        ]
        return assembled(arguments, operation, found, Fraction(0))

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        found = [
            (part, _asked("bounded", part, dialect.sampling, dtype))
            for part in parts(arguments, exactly(arguments, dialect))
        ]
        values = assembled(arguments, Operation.FORWARD, [(part, both[0]) for part, both in found], Fraction(0))
        errors = assembled(arguments, Operation.FORWARD, [(part, both[1]) for part, both in found], 0.0)
        if decided(arguments, dialect, dtype) is None:
            errors[:] = math.inf
        return values, errors.astype(np.float64)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation, but those by which levels are chosen."""
        needed = [
            _asked("bits", part, operation, dialect.sampling) for part in parts(arguments, exactly(arguments, dialect))
        ]
        known = [bits for bits in needed if bits is not None]
        return max(known, default=1) if len(known) == len(needed) else None

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """The least distance of a sample from a bound of its map, and of an adaptive bin size from a step."""
        distances = (
            _asked("nearest_decision", part, dialect.sampling) for part in parts(arguments, exactly(arguments, dialect))
        )
        return min((distance for distance in distances if distance is not None), default=None)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """Exact answers; if there are none and ``bounds`` are wanted, one with bounds; or nothing."""
        rules = DIALECTS[dialect]
        levels = decided(arguments, rules, dtype)
        if levels is None:
            return ()
        name, found = name_of(rules), []
        for part in parts(arguments, levels):
            answers = _ROI_ALIGN.quick(part.arguments, operation, name, dtype, kinks=kinks, bounds=bounds)
            if not answers:
                return ()
            found.append((part, answers[0]))
        return (_together(arguments, operation, found),)


def _in_order(levels: frozenset[int | None]) -> list[int | None]:
    return sorted(levels, key=lambda level: -1 if level is None else level)


def decided(arguments: Arguments, dialect: Dialect, dtype: str) -> Levels | None:
    """The level of each box, computed in a data type; None if rounding decides one."""
    levels = levels_of(arguments, dialect, dtype)
    return None if any(len(each) > 1 for each in levels) else tuple(next(iter(each)) for each in levels)


def exactly(arguments: Arguments, dialect: Dialect) -> Levels:
    """The level of each box, computed exactly."""
    return tuple(_in_order(each)[0] for each in levels_of(arguments, dialect))


def name_of(dialect: Dialect) -> str:
    """The name of a dialect by which RoIAlign samples alike."""
    wanted = dialect.sampling.for_mode("avg")
    return next(name for name, known in OF_ROI_ALIGN.items() if known.for_mode("avg") == wanted)


def _of_levels(
    arguments: Arguments, operation: Operation, dialect: Dialect, claims: str, levels: Levels
) -> Iterator[tuple[str, tuple[Answer, ...]]]:
    """Data types, and what the call may return in each if boxes are on these levels."""
    found = [(part, _asked("answers", part, operation, dialect.sampling, claims)) for part in parts(arguments, levels)]
    for dtype in DTYPES:
        if all(dtype in of_part for _, of_part in found):
            ways = product(*(of_part[dtype] for _, of_part in found))
            each = [part for part, _ in found]
            yield dtype, tuple(_together(arguments, operation, list(zip(each, way, strict=True))) for way in ways)


def _together(arguments: Arguments, operation: Operation, found: Sequence[tuple[Part, Answer]]) -> Answer:
    """The answer of a pooler, of those to its parts."""

    def whole(values: Sequence[tuple[Part, Any]]) -> Any:
        shaped = [(part, _array(nested, shape_of(part.arguments, operation))) for part, nested in values]
        return assembled(arguments, operation, shaped, 0).tolist()

    output = whole([(part, answer.output) for part, answer in found])
    if all(answer.bound is None for _, answer in found):
        return Answer(output)
    return Answer(output, whole([(part, 0 if answer.bound is None else answer.bound) for part, answer in found]))


def _array(nested: Any, shape: tuple[int, ...]) -> Array:
    """Nested lists, or one number for all elements, as an array of objects."""
    array = np.empty(math.prod(shape), object)
    array[:] = list(leaves(nested)) if isinstance(nested, list) else nested
    return array.reshape(shape)
