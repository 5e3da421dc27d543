"""Whether a golden case notices a fault: whether it fails an implementation that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import operators
from ..arrays import numpy_dtype
from ..exact.floats import rounded
from ..exact.numbers import as_float64
from ..verdict import Verdict
from ..verdicts import properties
from ..verdicts.judge import judge_output

if TYPE_CHECKING:
    import numpy as np

    from ..cases.case import Case
    from ..exact.numbers import Array
    from ..operator import Mutant, Operator

JUDGED = ("value", "invalid", "property")
"""Kinds of cases that may notice a fault."""


def mains_of(operator: Operator) -> dict[str, Any]:
    """The main dialects of an operator, by name."""
    return {name: operator.dialects[name] for name in operator.main_dialects}


def notices(case: Case, mutant: Mutant, name: str, dialect: Any) -> bool:
    """Whether a case fails an implementation with this fault."""
    expectation = case.expectation(name, mutant.dtype)
    judged = case.kind in JUDGED and case.operation == mutant.operation
    if not judged or expectation is None or not mutant.concerns(dialect, case.mode):
        return False
    many = case.memory == "sparse"
    if case.kind == "property":
        oracle = operators.get(case.operator).oracle

        def ask(variant: Case) -> np.ndarray:
            if variant.operation != mutant.operation:
                return stored(oracle.values(variant.arguments, variant.operation, dialect), mutant.dtype)
            return stored(mutant.returned(variant.arguments, variant.operation, dialect, many=many), mutant.dtype)

        return properties.check(case, ask).verdict != Verdict.CONFORMS
    returned = mutant.returned(case.arguments, case.operation, dialect, many=many)
    output = stored(returned, mutant.dtype).reshape(case.shape)
    return judge_output(case, expectation, output, mutant.dtype, "NCHW").verdict != Verdict.CONFORMS


def stored(values: Array, dtype: str) -> Array:
    """Exact values in a data type, each rounded once; infinite where they are beyond its numbers."""
    near = values if dtype == "float64" else rounded(values, dtype)
    return as_float64(near).astype(numpy_dtype(dtype))


def noticed(case: Case) -> dict[str, tuple[str, ...]]:
    """The faults that a case notices, each with the main dialects under which it does."""
    found: dict[str, tuple[str, ...]] = {}
    operator = operators.get(case.operator)
    for mutant in operator.mutants:
        if mutant.operation != case.operation:
            continue
        seen: dict[Any, bool] = {}  # dialects that are the same in this mode are judged once
        names = []
        for name, dialect in mains_of(operator).items():
            same = dialect.for_mode(case.mode)
            if same not in seen:
                seen[same] = notices(case, mutant, name, dialect)
            names += [name] * seen[same]
        if names:
            found[mutant.name] = tuple(names)
    return found
