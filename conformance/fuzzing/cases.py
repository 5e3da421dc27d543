"""Cases of calls that were drawn by chance: what they expect, under one dialect and data type, or as whole golden cases."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import operators
from ..call import DTYPES, Operation
from ..cases.case import Expectation, Origin, case_from_json
from ..golden.expectations import complete, exact_answers
from ..operator import Answer, rule_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..cases.case import Case
    from ..operator import Operator

_BOUNDED = 2  # RoIs of a call that is not exact


def identify(
    arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD, op: str = operators.DEFAULT
) -> str:
    """The id of the case of a call: the same for the same call."""
    text = json.dumps(arguments, sort_keys=True) + ("" if operation == Operation.FORWARD else operation)
    kind = "" if op == operators.DEFAULT else f"{op.replace('_', '-')}-"
    return f"fuzz-{kind}{hashlib.sha256((kind + text).encode()).hexdigest()[:10]}"


def _described(arguments: Mapping[str, Any], operation: Operation, operator: Operator) -> dict[str, Any]:
    """A case of a call without what it expects."""
    assert operator.draws is not None
    given = {key: value for key, value in arguments.items() if key != "invalid_rois"}
    invalid = list(arguments.get("invalid_rois", ()))
    shape = " × ".join(map(str, given["input"]["shape"]))
    what = "" if operation == Operation.FORWARD else f"{operation.replace('_', ' ')}, "
    return {
        "id": identify(arguments, operation, operator.name),
        "title": f"Drawn by chance: {what}{len(given['boxes'])} RoIs on maps of {shape}.",
        "rules": sorted(set(operator.draws.rules_of(arguments, operation)), key=rule_number),
        "kind": "invalid" if invalid else "value",
        **({} if operation == Operation.FORWARD else {"operation": str(operation)}),
        **({"invalid_rois": invalid} if invalid else {}),
        "arguments": given,
    }


def expect(
    arguments: Mapping[str, Any],
    dialect: str,
    dtype: str,
    operation: Operation = Operation.FORWARD,
    *,
    kinks: bool = False,
    op: str = operators.DEFAULT,
) -> Case:
    """The case of a call, judged exactly if it is exact in ``dtype``, and otherwise by bounds.

    Where there are none, ``expected`` is empty. With ``kinks``, a gradient for a box is judged by the convention where there
    is no derivative; such elements are left open otherwise.
    """
    operator = operators.get(op)
    assert operator.draws is not None
    quick = operator.oracle.quick
    answers = quick(arguments, operation, dialect, dtype, kinks=kinks, bounds=False)
    if not answers and dtype in ("float32", "float64"):
        # Bounds take longer than values: two RoIs will do.
        arguments = _first_rois(arguments, _BOUNDED)
        answers = quick(arguments, operation, dialect, dtype, kinks=kinks, bounds=True)
    origin = Origin("fuzz", operator.draws.edition, op)
    case = case_from_json({**_described(arguments, operation, operator), "dtypes": [dtype]}, origin)
    return replace(case, expected=(Expectation((dialect,), (dtype,), answers),) if answers else ())


def _first_rois(arguments: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The call of the first RoIs alone."""
    first = {**arguments, "boxes": arguments["boxes"][:count]}
    if "invalid_rois" in arguments:
        first["invalid_rois"] = [k for k in arguments["invalid_rois"] if k < count]
    if "grad" in arguments:
        rois, *shape = arguments["grad"]["shape"]
        rows = arguments["grad"]["rows"]
        kept = min(rois, count)
        first["grad"] = {"shape": [kept, *shape], "rows": rows[: len(rows) // max(rois, 1) * kept]}
    return first


def whole(
    arguments: Mapping[str, Any],
    dialect: str,
    dtype: str,
    operation: Operation = Operation.FORWARD,
    *,
    kinks: bool = False,
    op: str = operators.DEFAULT,
) -> dict[str, Any]:
    """The case file of a call, judged under every dialect and in every data type; ``dialect`` and ``dtype`` are noted."""
    operator = operators.get(op)
    assert operator.draws is not None

    def answers(case: Mapping[str, Any], same: Operator, choices: Any) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what `expect` would expect in them."""
        mode = case["arguments"].get("mode", "")
        name = next(name for name, other in same.dialects.items() if other.for_mode(mode) == choices)
        for other_dtype in DTYPES:
            found = same.oracle.quick(case["arguments"], operation, name, other_dtype, kinks=kinks, bounds=True)
            if found:
                yield other_dtype, found

    described = {**_described(arguments, operation, operator), "claims": "bounded"}
    case = complete(described, operator, exact_answers if operation == Operation.FORWARD else answers)
    case["title"] += f" Found under {dialect} in {dtype}."
    marked = {} if op == operators.DEFAULT else {"operator": op}
    return {"edition": operator.draws.edition, "group": "fuzz", **marked, "cases": [case]}
