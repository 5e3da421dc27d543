"""What a call of a pooler, or of a gradient of it, must return: the answers of another operator on the map of each level."""

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
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .....kernels.dialects.multiscale_roi_align import Dialect
    from ....exact.numbers import Array
    from .assembling import Part

    Arguments = Mapping[str, Any]
    Levels = tuple[int | None, ...]

_MOST = 16  # answers of one call, of which rounding may choose


@lru_cache(maxsize=1024)
def _known(oracle: Any, method: str, text: str, *how: Any) -> Any:
    found = getattr(oracle, method)(json.loads(text), *how)
    return dict(found) if method == "answers" else found


class LevelledOracle:
    """The oracle of an operator that pools each box from the map of its level, as another operator pools from a map.

    What it says of exactness it says of the calls of that one, once the level of every box is decided.

    Args:
        pooling: The oracle of the other operator.
        dialects: The named dialects of this one, which have that of the other as ``sampling``.
        named: The name of such a dialect of the other.
        pieces: The calls of the other of which a call is made, for boxes of these levels.
        whole: What is returned, of the answers to these.
        shape: The shape of that, and of each answer.
    """

    def __init__(
        self,
        pooling: Any,
        dialects: Mapping[str, Any],
        named: Callable[[Any], str],
        pieces: Callable[[Arguments, Levels], Iterator[Part]] = parts,
        whole: Callable[[Arguments, Operation, Sequence[tuple[Part, Any]], Any], Array] = assembled,
        shape: Callable[[Arguments, Operation], tuple[int, ...]] = shape_of,
    ) -> None:
        self._pooling, self._dialects, self._named = pooling, dialects, named
        self._parts, self._assembled, self._shape_of = pieces, whole, shape

    def _asked(self, method: str, part: Part, *how: Any) -> Any:
        """What the other oracle says of a part. Most dialects ask of the same parts, so that it is remembered."""
        return _known(self._pooling, method, json.dumps(part.arguments), *how)

    def _due(self, arguments: Arguments, dialect: Any) -> Iterator[Part]:
        """The parts of a call whose levels are computed exactly."""
        return self._parts(arguments, exactly(arguments, dialect))

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Any, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each; where rounding decides a level, if a case is about that."""
        known: dict[Levels, dict[str, tuple[Answer, ...]]] = {}
        for dtype in DTYPES:
            chosen = [*islice(product(*map(_in_order, levels_of(arguments, dialect, dtype))), _MOST + 1)]
            if len(chosen) > (_MOST if claims == "fragile" else 1):
                continue
            for levels in chosen:
                if levels not in known:
                    known[levels] = dict(self._of_levels(arguments, operation, dialect, claims, levels))
            if all(dtype in known[levels] for levels in chosen):
                yield dtype, tuple(answer for levels in chosen for answer in known[levels][dtype])

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Any) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
        exact: dict[Levels, set[str]] = {}
        found = []
        for dtype in DTYPES:
            levels = decided(arguments, dialect, dtype)
            if levels is None:
                continue
            if levels not in exact:
                asked = (operation, dialect.sampling)
                each = [self._asked("exact_dtypes", part, *asked) for part in self._parts(arguments, levels)]
                exact[levels] = set(DTYPES).intersection(*each)
            if dtype in exact[levels]:
                found.append(dtype)
        return tuple(found)

    def values(self, arguments: Arguments, operation: Operation, dialect: Any) -> Array:
        """The exact result."""
        sampling = dialect.sampling
        found = [(part, self._asked("values", part, operation, sampling)) for part in self._due(arguments, dialect)]
        return self._assembled(arguments, operation, found, Fraction(0))

    def bounded(self, arguments: Arguments, dialect: Any, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        sampling = dialect.sampling
        found = [(part, self._asked("bounded", part, sampling, dtype)) for part in self._due(arguments, dialect)]
        forward = Operation.FORWARD
        values = self._assembled(arguments, forward, [(part, both[0]) for part, both in found], Fraction(0))
        errors = self._assembled(arguments, forward, [(part, both[1]) for part, both in found], 0.0)
        if decided(arguments, dialect, dtype) is None:
            errors[:] = math.inf
        return values, errors.astype(np.float64)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Any) -> int | None:
        """The bits of a significand that holds every number of a computation, but those by which levels are chosen."""
        needed = [self._asked("bits", part, operation, dialect.sampling) for part in self._due(arguments, dialect)]
        known = [bits for bits in needed if bits is not None]
        return max(known, default=1) if len(known) == len(needed) else None

    def nearest_decision(self, arguments: Arguments, dialect: Any) -> Fraction | None:
        """The least distance of a sample from a bound of its map, and of an adaptive bin size from a step."""
        each = (self._asked("nearest_decision", part, dialect.sampling) for part in self._due(arguments, dialect))
        return min((distance for distance in each if distance is not None), default=None)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """Exact answers; if there are none and ``bounds`` are wanted, one with bounds; or nothing."""
        rules = self._dialects[dialect]
        levels = decided(arguments, rules, dtype)
        if levels is None:
            return ()
        name, each, found = self._named(rules), [], []
        for part in self._parts(arguments, levels):
            answers = self._pooling.quick(part.arguments, operation, name, dtype, kinks=kinks, bounds=bounds)
            if not answers:
                return ()
            each.append(part)
            found.append(answers)
        return self._together(arguments, operation, each, found)

    def _of_levels(
        self, arguments: Arguments, operation: Operation, dialect: Any, claims: str, levels: Levels
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each if boxes are on these levels."""
        each = list(self._parts(arguments, levels))
        found = [self._asked("answers", part, operation, dialect.sampling, claims) for part in each]
        for dtype in DTYPES:
            if all(dtype in of_part for of_part in found):
                yield dtype, self._together(arguments, operation, each, [of_part[dtype] for of_part in found])

    def _together(
        self, arguments: Arguments, operation: Operation, each: Sequence[Part], found: Sequence[tuple[Answer, ...]]
    ) -> tuple[Answer, ...]:
        """The answers, of those that there may be to each part."""

        def whole(values: Sequence[Any]) -> Any:
            shaped = [
                (part, _array(nested, self._shape_of(part.arguments, operation)))
                for part, nested in zip(each, values, strict=True)
            ]
            return self._assembled(arguments, operation, shaped, 0).tolist()

        def answer(way: Sequence[Answer]) -> Answer:
            output = whole([one.output for one in way])
            if all(one.bound is None for one in way):
                return Answer(output)
            return Answer(output, whole([0 if one.bound is None else one.bound for one in way]))

        return tuple(answer(way) for way in product(*found))


def _in_order(levels: frozenset[int | None]) -> list[int | None]:
    return sorted(levels, key=lambda level: -1 if level is None else level)


def decided(arguments: Arguments, dialect: Any, dtype: str) -> Levels | None:
    """The level of each box, computed in a data type; None if rounding decides one."""
    levels = levels_of(arguments, dialect, dtype)
    return None if any(len(each) > 1 for each in levels) else tuple(next(iter(each)) for each in levels)


def exactly(arguments: Arguments, dialect: Any) -> Levels:
    """The level of each box, computed exactly."""
    return tuple(_in_order(each)[0] for each in levels_of(arguments, dialect))


def name_of(dialect: Dialect) -> str:
    """The name of a dialect by which RoIAlign samples alike."""
    wanted = dialect.sampling.for_mode("avg")
    return next(name for name, known in OF_ROI_ALIGN.items() if known.for_mode("avg") == wanted)


def _array(nested: Any, shape: tuple[int, ...]) -> Array:
    """Nested lists, or one number for all elements, as an array of objects."""
    array = np.empty(math.prod(shape), object)
    array[:] = list(leaves(nested)) if isinstance(nested, list) else nested
    return array.reshape(shape)


class MultiscaleRoiAlignOracle(LevelledOracle):
    """The oracle of poolers, of RoIAlign's answers."""

    def __init__(self) -> None:
        """Of the calls of RoIAlign."""
        super().__init__(_ROI_ALIGN, DIALECTS, name_of)


_ROI_ALIGN = RoiAlignOracle()
