"""Relations that must hold between several answers of one implementation, whatever these are.

In a case of this kind every number is exact (see `certificate`), and so are the sums that are compared here: the relations hold
exactly or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import box_rows, feature_map
from ..operation import Operation
from ..relations import RELATIONS
from ..verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..cases.case import Case
    from ..exact.numbers import Array

    Ask = Callable[[Case], "np.ndarray | Judgement"]
    Answered = Callable[[Case], Array]

CORNERS = ("x1", "y1", "x2", "y2")


class _FailedError(Exception):
    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement)
        self.judgement = judgement


def operations(case: Case) -> tuple[Operation, ...]:
    """What an implementation is asked for in a case."""
    return RELATIONS[case.relation].operations if case.kind == "property" else (case.operation,)


def check(case: Case, ask: Ask) -> Judgement:
    """Whether the relation of a case holds between what ``ask`` returns for variants of it."""
    relation = RELATIONS[case.relation]

    def answer(changed: Case) -> Array:
        given = ask(changed)
        if isinstance(given, Judgement):
            raise _FailedError(given)
        if given.shape != changed.shape:
            text = f"the output has shape {given.shape}, not {changed.shape}"
            raise _FailedError(Judgement(Verdict.DEVIATES, text))
        if not np.isfinite(given.astype(np.float64)).all():
            raise _FailedError(Judgement(Verdict.DEVIATES, f"the {changed.operation} has values that are not finite"))
        return fractions(given)

    try:
        left, right = _SIDES[case.relation](replace(case, kind="value"), answer)
    except _FailedError as failed:
        return failed.judgement
    for index in np.ndindex(left.shape):
        if left[index] != right[index]:
            numbers = f"{float(left[index])!r} and {float(right[index])!r}"
            return Judgement(Verdict.DEVIATES, f"it does not hold that {relation.says}: {numbers} at {list(index)}")
    return Judgement(Verdict.CONFORMS)


def fractions(array: np.ndarray) -> Array:
    """The numbers of an array, exactly."""
    exact: Array = np.frompyfunc(lambda x: Fraction(float(x)), 1, 1)(array)
    return exact


def _input(case: Case) -> Array:
    return fractions(feature_map(case.arguments["input"]))


def _grad(case: Case) -> Array:
    return fractions(feature_map(case.arguments["grad"]))


def _asking(case: Case, operation: Operation, **changes: Any) -> Case:
    return replace(case, operation=operation, arguments={**case.arguments, **changes})


def _rows(values: Array) -> dict[str, Any]:
    return {"shape": list(values.shape), "rows": values.reshape(-1, values.shape[-1]).astype(float).tolist()}


def _adjoint(case: Case, ask: Answered) -> tuple[Array, Array]:
    output, gradient = (ask(_asking(case, o)) for o in (Operation.FORWARD, Operation.FEATURE_GRADIENT))
    per_channel = (0, 2, 3)
    return (output * _grad(case)).sum(per_channel), (_input(case) * gradient).sum(per_channel)


def _conserved(case: Case, ask: Answered) -> tuple[Array, Array]:
    gradient = ask(_asking(case, Operation.FEATURE_GRADIENT))
    ones = _asking(case, Operation.FORWARD, input=_rows(np.ones(case.arguments["input"]["shape"])))
    return gradient.sum((0, 2, 3)), (ask(ones) * _grad(case)).sum((0, 2, 3))


def _differences(case: Case, ask: Answered) -> tuple[Array, Array]:
    step = fractions(feature_map(case.arguments["step"]))
    moved = [_asking(case, Operation.FORWARD, input=_rows(_input(case) + sign * step)) for sign in (1, -1)]
    ahead, behind = (ask(variant) for variant in moved)
    gradient = ask(_asking(case, Operation.FEATURE_GRADIENT))
    return ((ahead - behind) * _grad(case)).sum((0, 2, 3)), 2 * (step * gradient).sum((0, 2, 3))


def _box_differences(case: Case, ask: Answered) -> tuple[Array, Array]:
    step, boxes = Fraction(case.arguments["step"]), box_rows(case.arguments["boxes"])
    columns = []
    for number in range(1, boxes.shape[1]):
        change = np.zeros(boxes.shape[1])
        change[number] = float(step)
        ahead, behind = (
            ask(_asking(case, Operation.FORWARD, boxes=(boxes + sign * change).tolist())) for sign in (1, -1)
        )
        columns.append(((ahead - behind) * _grad(case)).sum((1, 2, 3)) / (2 * step))
    return np.stack(columns, 1), ask(_asking(case, Operation.BOX_GRADIENT))


_SIDES: Mapping[str, Callable[[Case, Answered], tuple[Array, Array]]] = {
    "adjoint": _adjoint,
    "conserved": _conserved,
    "differences": _differences,
    "box-differences": _box_differences,
}
"""For each relation the function that returns both sides of the equation."""
