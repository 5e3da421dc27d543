"""Computes what golden cases expect, from the exact oracle, and which cases exercise a rule, for the specification.

``python -m roikit.conformance.golden FOLDER`` rewrites ``cases/*.json``, ``SPECIFICATION.md`` and ``editions.json`` in FOLDER
(``conformance``); with ``--check`` it only says whether they are as it would write them. Whatever else stands in them is written
by hand, or by `generator`, and stays.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.dialects.roi_align import DIALECTS
from ..cases.case import case_from_json
from ..exact.budgets import bits_needed
from ..operator import DTYPES, Operation
from ..operators.roi_align.faults.mutants import main_dialects
from ..operators.roi_align.oracle.bounds import bounds
from ..operators.roi_align.oracle.branches import branches, rounded_result
from ..operators.roi_align.oracle.certificate import exact_dtypes, forward_budgets, nearest_decision
from ..operators.roi_align.oracle.gradient import FeatureGradient
from ..operators.roi_align.oracle.gradient_certificate import exact_gradient_dtypes, gradient, gradient_budgets
from ..verdicts import properties
from ..verdicts.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ...kernels.dialects.roi_align import Dialect
    from ..cases.case import Case
    from ..exact.numbers import Exact
    from ..operators.roi_align.oracle.bounds import Bounds
    from ..operators.roi_align.oracle.output import Result

    Answers = Callable[[Mapping[str, Any], Dialect], Iterable[tuple[str, dict[str, Any]]]]

_BOUNDED = ("float32", "float64")
_KEPT = (
    "id",
    "title",
    "source",
    "edition",
    "rules",
    "claims",
    "kind",
    "operation",
    "relation",
    "memory",
    "invalid_rois",
    "stages",
    "arguments",
)

Entry = dict[str, Any]


def _number(value: Exact | None) -> int | float | str:
    if value is None:  # an invalid RoI
        return "nan"
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value.value


def _bound(bound: float, fragile: bool) -> float | None:
    return None if fragile else float(f"{bound * 1.01:.2e}")


def _nested(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """Returns ``function`` of each element of ``arrays``, as nested lists."""
    values: Any = np.frompyfunc(function, len(arrays), 1)(*arrays)
    return values.tolist()


def _output(case: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Returns the answer of a call in the data types in which it is exact, where no argument is rounded."""
    return {"output": _nested(_number, rounded_result(case["arguments"], dialect, "float64").values)}


def _bounded(case: Mapping[str, Any], dialect: Dialect, dtype: str) -> dict[str, Any]:
    """Returns the answer of a call that is not exact: values and bounds, those of every branch that rounding may take."""
    if case["claims"] == "fragile":
        first, *rest = (
            {"output": _nested(_number, values), "bound": _nested(lambda b: _bound(b, fragile=False), bound)}
            for values, bound in branches(case["arguments"], dialect, dtype)
        )
        return {**first, **({"or": rest} if rest else {})}
    result = rounded_result(case["arguments"], dialect, dtype)
    return {"output": as_numbers(result.values), "bound": bounded(result, dtype)}


def as_numbers(values: np.ndarray) -> Any:
    """Returns exact values as nested lists of what a case file has for them."""
    return _nested(_number, values)


def bounded(result: Result, dtype: str) -> Any:
    """Returns the bounds of a result as nested lists; None where there is none."""
    return as_bounds(bounds(result, dtype))


def as_bounds(limits: Bounds) -> Any:
    """Returns bounds as nested lists; None where there is none."""
    return _nested(_bound, limits.bound, limits.fragile)


def _gradient(case: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Returns an exact gradient; where candidates for a maximum are equal, the gradient may also be that of the last."""
    arguments, operation = case["arguments"], _operation(case)
    exact = gradient(arguments, operation, dialect)
    answer = {"output": _nested(_number, exact.values)}
    if isinstance(exact, FeatureGradient) and exact.ties.any():
        last = gradient(arguments, operation, dialect, last_of_ties=True)
        answer["or"] = [{"output": _nested(_number, last.values)}]
    return answer


def _operation(case: Mapping[str, Any]) -> Operation:
    return Operation(case.get("operation", Operation.FORWARD))


def property_dtypes(data: Mapping[str, Any], dialect: Dialect) -> list[str]:
    """Returns the data types in which every answer that a property is about is exact; none if it does not hold."""
    dtypes = set(DTYPES)

    def ask(case: Case) -> np.ndarray:
        if case.operation == Operation.FORWARD:
            dtypes.intersection_update(exact_dtypes(case.arguments, dialect))
            values = rounded_result(case.arguments, dialect, "float64").values
        else:
            dtypes.intersection_update(exact_gradient_dtypes(case.arguments, case.operation, dialect))
            values = gradient(case.arguments, case.operation, dialect).values
        return np.array([float(_number(value)) for value in values.flat], np.float64).reshape(values.shape)

    holds = properties.check(case_from_json({**data, "dtypes": [], "expected": []}, "", ""), ask)
    return [dtype for dtype in DTYPES if dtype in dtypes and holds.verdict == Verdict.CONFORMS]


def certificate(case: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what makes a case exact and fair, under the main dialects.

    ``bits`` are those that a significand needs, None if the case is not exact; ``nearest`` is the least distance, in feature
    pixels, of a sample from a bound and of an adaptive bin size from a step: 0 if one is exactly there, on purpose.
    """
    dialects = {dialect.for_mode(case["arguments"]["mode"]) for dialect in main_dialects().values()}
    distances = [d for dialect in dialects if (d := nearest_decision(case["arguments"], dialect)) is not None]
    nearest = {"nearest": str(min(distances))} if distances else {}
    if case["claims"] != "exact" or case["kind"] == "property":
        return {"bits": None, **nearest}
    if _operation(case) == Operation.FORWARD:
        budgets = [forward_budgets(case["arguments"], dialect) for dialect in dialects]
    else:
        budgets = [gradient_budgets(case["arguments"], _operation(case), dialect) for dialect in dialects]
    bits = [needed for budget in budgets if (needed := bits_needed(budget)) is not None]
    return {"bits": max(bits) if len(bits) == len(budgets) else None, **nearest}


def _answers(case: Mapping[str, Any], dialect: Dialect) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields data types and what a case expects in them under a dialect."""
    if case["kind"] == "error":
        return
    if case["kind"] == "property":
        yield from ((dtype, {}) for dtype in property_dtypes(case, dialect))
    elif _operation(case) != Operation.FORWARD:
        dtypes = exact_gradient_dtypes(case["arguments"], _operation(case), dialect)
        answer = _gradient(case, dialect) if dtypes else {}
        yield from ((dtype, answer) for dtype in dtypes)
    else:
        exact = exact_dtypes(case["arguments"], dialect)
        answer = _output(case, dialect) if exact else {}
        yield from ((dtype, answer) for dtype in exact)
        yield from ((dtype, _bounded(case, dialect, dtype)) for dtype in _BOUNDED if dtype not in exact)


def expected(case: Mapping[str, Any], answers: Answers = _answers) -> list[Entry]:
    """Returns what a case expects: an entry for each set of dialects and data types with the same answer.

    ``answers`` yields data types and the answer of a case in them under a dialect.

    Data types in which a dialect's result is exact are compared bit for bit. In the others of float32 and float64 there is a
    bound, for an output; 16-bit types, and gradients, are left out where they are not exact.
    """
    same: dict[Dialect, list[str]] = {}
    for name, dialect in DIALECTS.items():
        same.setdefault(dialect.for_mode(case["arguments"]["mode"]), []).append(name)
    by_answer: dict[str, dict[str, list[str]]] = {}
    for dialect, names in same.items():
        for dtype, answer in answers(case, dialect):
            for name in names:
                by_answer.setdefault(json.dumps(answer), {}).setdefault(name, []).append(dtype)
    entries = []
    for text, by_dialect in by_answer.items():
        groups: dict[tuple[str, ...], list[str]] = {}
        for name in (name for name in DIALECTS if name in by_dialect):
            groups.setdefault(tuple(d for d in DTYPES if d in by_dialect[name]), []).append(name)
        entries += [{"dialects": names, "dtypes": list(d), **json.loads(text)} for d, names in groups.items()]
    order = list(DIALECTS)
    return sorted(entries, key=lambda entry: order.index(entry["dialects"][0]))


def complete(case: Mapping[str, Any], answers: Answers = _answers) -> dict[str, Any]:
    """Returns a case with its computed parts; ``answers`` are as in `expected`."""
    entries = expected(case, answers)
    used = {dtype for entry in entries for dtype in entry["dtypes"]} if entries else {"float32"}
    kept = {key: case[key] for key in _KEPT if key in case}
    carried = {} if case["kind"] == "error" else {"certificate": certificate(case)}
    return {**kept, **carried, "dtypes": [dtype for dtype in DTYPES if dtype in used], "expected": entries}
