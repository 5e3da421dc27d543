"""What golden cases expect, computed by the exact oracle of their operator.

Whatever else stands in a case file is written by hand, or by `generator`, and stays.
"""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import as_outer, feature_map, leaves, numpy_dtype
from ..call import DTYPES, MAP_GRADIENTS
from ..cases.case import Origin, case_from_json
from ..enlarging import enlarged_from
from ..exact.floats import FLOAT_TYPES
from ..exact.numbers import as_float64
from ..operation import Operation
from ..operator import Answer
from ..verdict import Verdict
from ..verdicts import properties

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..cases.case import Case
    from ..enlarging import Enlarged
    from ..operator import Operator

    Answers = Callable[[Mapping[str, Any], Operator, Any], Iterable[tuple[str, tuple[Answer, ...]]]]

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
    "size",
    "enlarged",
    "arranged",
    "threads",
    "invalid_rois",
    "stages",
    "arguments",
)

Entry = dict[str, Any]

_MOST_NUMBERS = 4000  # of an exact answer of a large case that is no product of factors
_MANY = 256  # factors along an axis, which are looked through for a period
_MOST_ROUNDED = 300  # of one with bounds, or of 16 bits


def _operation(case: Mapping[str, Any]) -> Operation:
    return Operation(case.get("operation", Operation.FORWARD))


def property_dtypes(data: Mapping[str, Any], operator: Operator, dialect: Any) -> list[str]:
    """The data types in which every answer that a property is about is exact, as it is stored; none if it does not hold."""
    return [dtype for dtype in DTYPES if _holds(data, operator, dialect, dtype)]


def _holds(data: Mapping[str, Any], operator: Operator, dialect: Any, dtype: str) -> bool:
    """Whether a property holds between exact answers, each rounded to a data type."""
    oracle, exact = operator.oracle, []

    def ask(case: Case) -> np.ndarray:
        exact.append(dtype in oracle.exact_dtypes(case.arguments, case.operation, dialect))
        values = as_float64(oracle.values(case.arguments, case.operation, dialect))
        return values.astype(numpy_dtype(dtype)).astype(np.float64)

    holds = properties.check(case_from_json({**data, "dtypes": [], "expected": []}, Origin("", "", operator.name)), ask)
    return all(exact) and holds.verdict == Verdict.CONFORMS


def calls(case: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The calls of a case: itself, and for each of its steps one that has what the step changes."""
    return [case, *({**case, "arguments": {**case["arguments"], **s["arguments"]}} for s in case.get("steps", ()))]


def certificate(case: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    """What makes a case exact and fair, under the main dialects of its operator.

    ``bits`` are those that a significand needs, None if the case is not exact; ``nearest`` is the least distance from where
    rounding would decide a branch: 0 if a case is exactly there, on purpose. Of several calls both are those of the worst.
    """
    found = [_certificate(call, operator) for call in calls(case)]
    bits, nearest = [each["bits"] for each in found], [Fraction(each["nearest"]) for each in found if "nearest" in each]
    return {
        "bits": None if None in bits else max(bits),
        **({"nearest": str(min(nearest))} if nearest else {}),
    }


def _certificate(case: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    if "size" in case:  # nobody wants to wait for so many samples; what is expected was exact where it is
        return {"bits": None}
    arguments = case["arguments"]
    mains = {operator.dialects[name].for_mode(arguments.get("mode", "")) for name in operator.main_dialects}
    distances = [d for dialect in mains if (d := operator.oracle.nearest_decision(arguments, dialect)) is not None]
    nearest = {"nearest": str(min(distances))} if distances else {}
    if case["claims"] != "exact" or case["kind"] == "property":
        return {"bits": None, **nearest}
    bits = [operator.oracle.bits(arguments, _operation(case), dialect) for dialect in mains]
    needed = [count for count in bits if count is not None]
    return {"bits": max(needed) if len(needed) == len(bits) else None, **nearest}


def exact_answers(
    case: Mapping[str, Any], operator: Operator, dialect: Any
) -> Iterator[tuple[str, tuple[Answer, ...]]]:
    """Data types, and what a case expects in them under a dialect."""
    if case["kind"] == "error":
        return
    if "size" in case:
        yield from large_answers(case, operator, dialect)
    elif case["kind"] == "property":
        yield from ((dtype, ()) for dtype in property_dtypes(case, operator, dialect))
    else:
        answers = operator.oracle.answers(case["arguments"], _operation(case), dialect, case["claims"])
        yield from ((dtype, found) for dtype, found in answers if _are_invalid(case, found))


def _are_invalid(case: Mapping[str, Any], answers: tuple[Answer, ...]) -> bool:
    """Whether none of the RoIs of which a case says so can be pooled; in a wide data type more can than in others."""
    if _operation(case) in MAP_GRADIENTS:
        return True
    return all(v == "nan" for k in case.get("invalid_rois", ()) for a in answers for v in leaves(a.output[k]))


def large_answers(
    case: Mapping[str, Any], operator: Operator, dialect: Any
) -> Iterator[tuple[str, tuple[Answer, ...]]]:
    """Data types, and what the call that a large one repeats must then return; with one bound for all of it if inexact."""
    arguments, enlarged, operation = case["arguments"], enlarged_from(case), _operation(case)
    images, channels = arguments["input"]["shape"][:2]
    mode = arguments.get("mode", "")
    name = next(name for name, known in operator.dialects.items() if known.for_mode(mode) == dialect)
    # The bounds of a small call know nothing of how many more terms add up in the large one.
    as_often = enlarged is None or enlarged.sent(operation, images, channels, len(arguments["boxes"])) == 1
    given = adding_up(arguments, operation, enlarged)
    for dtype in DTYPES:
        # Bounds of 16 bits would notice little, and take as much room again.
        wide = dtype in ("float32", "float64")
        found = operator.oracle.quick(given, operation, name, dtype, kinks=False, bounds=as_often and wide)
        stated = [_as_short(answer, _MOST_NUMBERS if wide else _MOST_ROUNDED) for answer in found]
        if found and (enlarged is None or enlarged.images <= 2 ** FLOAT_TYPES[dtype].bits) and all(stated):
            yield dtype, tuple(answer for answer in stated if answer)


def _as_short(answer: Answer, most: int) -> Answer | None:
    """An answer as a large case has it: as factors if they are fewer, with its largest bound. None if it has too many numbers."""
    bounds = None if answer.bound is None else list(leaves(answer.bound))
    if bounds is not None and None in bounds:
        return None
    values = np.array(answer.output, np.float64)
    is_plane = values.ndim == 4 and min(values.shape[2:]) > 3 and bool(np.isfinite(values).all())
    factors = as_outer(values) if is_plane else None
    if factors:
        factors = [[_once(along) for along in plane] for plane in factors]
    if factors is None and values.size > (most if bounds is None else _MOST_ROUNDED):
        return None
    # A power of two, so that dialects whose bounds differ by little have one answer.
    bound = None if bounds is None else 2.0 ** math.ceil(math.log2(max(*bounds, FLOAT_TYPES["float64"].smallest)))
    return Answer(answer.output if factors is None else {"outer": factors}, bound)


def _once(factors: Any) -> Any:
    """The factors along an axis, up to where they begin again, if there are many."""
    if isinstance(factors, dict) or len(factors) < _MANY:
        return factors
    periods = (n for n in range(1, _MANY) if factors == (factors[:n] * (len(factors) // n + 1))[: len(factors)])
    return factors[: next(periods, len(factors))]


def adding_up(arguments: Mapping[str, Any], operation: Operation, enlarged: Enlarged | None) -> Mapping[str, Any]:
    """The arguments of a small call, in which what adds up in the large call arrives at once."""
    if enlarged is None or operation == Operation.FORWARD:
        return arguments
    images, channels = arguments["input"]["shape"][:2]
    grad = feature_map(arguments["grad"]) * enlarged.sent(operation, images, channels, len(arguments["boxes"]))
    return {**arguments, "grad": {"shape": list(grad.shape), "rows": grad.reshape(-1, grad.shape[-1]).tolist()}}


def _as_entry(answers: tuple[Answer, ...]) -> Entry:
    """Answers as a case file has them."""
    described: list[Entry] = [
        {"output": answer.output, **({} if answer.bound is None else {"bound": answer.bound})} for answer in answers
    ]
    if not described:
        return {}
    first, *rest = described
    return {**first, **({"or": rest} if rest else {})}


def expected(case: Mapping[str, Any], operator: Operator, answers: Answers = exact_answers) -> list[Entry]:
    """What a case expects: an entry for each set of dialects and data types with the same answers.

    ``answers`` yields data types and the answers of a case in them under a dialect.
    """
    by_answer: dict[str, dict[str, list[str]]] = {}
    for dialect, names in operator.different_dialects(case["arguments"].get("mode", "")):
        for dtype, found in answers(case, operator, dialect):
            for name in names:
                by_answer.setdefault(json.dumps(_as_entry(found)), {}).setdefault(name, []).append(dtype)
    entries = []
    order = list(operator.dialects)
    for text, by_dialect in by_answer.items():
        groups: dict[tuple[str, ...], list[str]] = {}
        for name in (name for name in order if name in by_dialect):
            groups.setdefault(tuple(d for d in DTYPES if d in by_dialect[name]), []).append(name)
        entries += [{"dialects": names, "dtypes": list(d), **json.loads(text)} for d, names in groups.items()]
    return sorted(entries, key=lambda entry: order.index(entry["dialects"][0]))


def false_claim(case: Mapping[str, Any], operator: Operator) -> str:
    """How a case is wrong about whether rounding decides something in it; empty if it is not."""
    claims, arguments = case["claims"], case["arguments"]
    if operator.published is None or case["kind"] != "value" or _operation(case) != Operation.FORWARD:
        return ""
    due = operator.published.claims_of(arguments)
    return "" if (due == "fragile") == (claims == "fragile") else f"{case['id']} claims to be {claims}, but is {due}"


def given(case: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a case that are not computed."""
    kept = {key: case[key] for key in _KEPT if key in case}
    if "steps" in case:
        kept["steps"] = [{key: step[key] for key in ("changed", "arguments")} for step in case["steps"]]
    return kept


def complete(case: Mapping[str, Any], operator: Operator, answers: Answers = exact_answers) -> dict[str, Any]:
    """A case with its computed parts; ``answers`` are as in `expected`."""
    return {**given(case), **computed_parts(case, operator, answers)}


def computed_parts(case: Mapping[str, Any], operator: Operator, answers: Answers = exact_answers) -> dict[str, Any]:
    """The parts of a case that are computed; ``answers`` are as in `expected`."""
    entries, *others = [expected(call, operator, answers) for call in calls(case)]
    used = {dtype for entry in entries for dtype in entry["dtypes"]} if entries else {"float32"}
    carried = {} if case["kind"] == "error" else {"certificate": certificate(case, operator)}
    steps = [{**step, "expected": other} for step, other in zip(given(case).get("steps", ()), others, strict=True)]
    return {
        **carried,
        "dtypes": [dtype for dtype in DTYPES if dtype in used],
        "expected": entries,
        **({"steps": steps} if steps else {}),
    }
