"""What may be wrong with an implementation: other choices than its dialect's, faults of formulas, of launches, of memory."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import operators
from ..arrays import numpy_dtype
from ..golden import kinds
from ..golden.choices import Choice, choices
from ..golden.noticing import stored
from ..verdicts.judge import wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..cases.case import Case
    from ..golden.launch_faults import Fault
    from ..operation import Operation
    from ..operator import Mutant, Operator


class Hypothesis(NamedTuple):
    """Something that may be wrong.

    Attributes:
        said: What results then are, in words: ``"floor instead of ceil for adaptive (RA-4)"``.
        answer: What the call of a case returns, if it is so, under a named dialect in a data type; None if that is not said.
    """

    said: str
    answer: Callable[[Case, str, str], np.ndarray | None]


def right(case: Case, dialect: str, dtype: str) -> np.ndarray | None:
    """What the call of a case must return, in its data type; None if the case does not say."""
    expectation = case.expectation(dialect, dtype)
    if expectation is None:
        return None
    values: np.ndarray = wanted(case, expectation.answers[0]).values.reshape(case.shape)
    with np.errstate(over="ignore"):
        return values.astype(numpy_dtype(dtype))


# ---- of all operators ------------------------------------------------------------------------------------------------


def plain() -> Iterator[Hypothesis]:
    """What needs no formula: outputs that are one number."""

    def constant(value: float) -> Callable[[Case, str, str], np.ndarray | None]:
        return lambda case, _dialect, dtype: np.full(case.shape, value, numpy_dtype(dtype))

    yield Hypothesis("a function that returns 0 everywhere", constant(0.0))
    yield Hypothesis("a function that returns NaN everywhere", constant(np.nan))


# ---- choices ---------------------------------------------------------------------------------------------------------


def _other(dialect: Any, chosen: tuple[Choice, ...]) -> Any:
    """A dialect with other choices; itself if they are its own."""
    return replace(dialect, **{choice.point: choice.value for choice in chosen})


def _of_dialect(case: Case, dialect: Any, dtype: str) -> np.ndarray:
    operator = operators.get(case.operator)
    values = operator.oracle.values(case.arguments, case.operation, dialect.for_mode(case.mode))
    return stored(values, dtype).reshape(case.shape)


def of_choices(operator: Operator, chosen: tuple[Choice, ...], declared: str) -> Hypothesis | None:
    """That other choices are made than a declared dialect makes; None if these are its own."""
    mine = operator.dialects[declared]
    different = tuple(choice for choice in chosen if getattr(mine, choice.point) != choice.value)
    if different != chosen:
        return None

    def answer(case: Case, dialect: str, dtype: str) -> np.ndarray | None:
        return _of_dialect(case, _other(operator.dialects[dialect], chosen), dtype)

    return Hypothesis(" and ".join(_said(operator, choice, mine) for choice in chosen), answer)


def _said(operator: Operator, choice: Choice, mine: Any) -> str:
    rule = operator.probes.points.get(choice.point, "") if operator.probes else ""
    point = choice.point.replace("_", " ") + (f" ({rule})" if rule else "")
    return f"{_named(choice.value)} instead of {_named(getattr(mine, choice.point))} for {point}"


def _named(value: Any) -> str:
    return str(getattr(value, "value", value)).replace("_", " ")


def of_dialects(operator: Operator, declared: str) -> Iterator[Hypothesis]:
    """That another named dialect is followed."""

    def follows(other: Any) -> Callable[[Case, str, str], np.ndarray | None]:
        return lambda case, _dialect, dtype: _of_dialect(case, other, dtype)

    seen = {operator.dialects[declared]}
    for name, other in operator.dialects.items():
        if other not in seen:
            seen.add(other)
            yield Hypothesis(f"the dialect {name}", follows(other))


# ---- faults ----------------------------------------------------------------------------------------------------------


def of_mutants(
    operator: Operator, operation: Operation, dtype: str, chosen: tuple[Choice, ...] = ()
) -> Iterator[Hypothesis]:
    """That a formula has one of the faults which golden cases must notice, beside other choices."""

    def answer_of(mutant: Mutant) -> Callable[[Case, str, str], np.ndarray | None]:
        of_dtype: Mutant = replace(mutant, dtype=dtype)  # type: ignore[type-var]

        def answer(case: Case, dialect: str, dtype: str) -> np.ndarray | None:
            rules = _other(operator.dialects[dialect], chosen)
            if not mutant.concerns(rules, case.mode):
                return right(case, dialect, dtype)
            returned = of_dtype.returned(case.arguments, case.operation, rules, many=case.memory == "sparse")
            return stored(returned, dtype).reshape(case.shape)

        return answer

    for mutant in operator.mutants:
        if mutant.operation == operation and mutant.dtype in (dtype, "float64"):
            yield Hypothesis(f"this fault: {mutant.name}", answer_of(mutant))


def of_launches(operator: Operator, operation: Operation) -> Iterator[Hypothesis]:
    """That a launch stops, starts again or adds twice, or that an array is read as if it lay otherwise in memory."""

    def answer_of(fault: Fault) -> Callable[[Case, str, str], np.ndarray | None]:
        def answer(case: Case, dialect: str, dtype: str) -> np.ndarray | None:
            exact = right(case, dialect, "float64")
            if exact is None or (returned := fault.returned(case, exact)) is None:
                return right(case, dialect, dtype)
            with np.errstate(over="ignore"):
                return returned.astype(numpy_dtype(dtype))

        return answer

    for fault in kinds.faults(operator):
        if fault.operation == operation:
            said = re.sub(r"\bn\b", str(fault.n), fault.kind)
            yield Hypothesis(f"this fault: {said}", answer_of(fault))


def pairs(operator: Operator, declared: str) -> Iterator[tuple[Choice, Choice]]:
    """Two choices at different points, neither of them a declared dialect's."""
    mine = operator.dialects[declared]
    others = [choice for choice in choices(operator) if getattr(mine, choice.point) != choice.value]
    return ((one, two) for one, two in itertools.combinations(others, 2) if one.point != two.point)
