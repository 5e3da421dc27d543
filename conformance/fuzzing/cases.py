"""Cases of calls that were drawn by chance: what they expect, under one dialect and data type, or as whole golden cases."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import operators
from ..arrays import leaves
from ..call import DTYPES
from ..cases.case import Expectation, Origin, Step, case_from_json
from ..enlarging import MULTIPLES
from ..exact.floats import FLOAT_TYPES
from ..golden.expectations import adding_up, complete, exact_answers
from ..operation import Operation
from ..operator import Answer, rule_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..cases.case import Case
    from ..enlarging import Enlarged
    from ..operator import Operator

_BOUNDED = 2  # RoIs of a call that is not exact
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Following(NamedTuple):
    """What follows a call.

    Attributes:
        kind: How, by `cases.history`.
        steps: What changes each time, as a case file has it.
        threads: How many make the calls at once.
    """

    kind: str
    steps: tuple[Mapping[str, Any], ...]
    threads: int = 0

    def as_json(self) -> dict[str, Any]:
        """The parts of a case file."""
        return {**({"threads": self.threads} if self.threads else {}), "steps": list(self.steps)}


def identify(
    arguments: Mapping[str, Any],
    operation: Operation = Operation.FORWARD,
    op: str = operators.DEFAULT,
    how: Mapping[str, Any] | None = None,
) -> str:
    """The id of the case of a call: the same for the same call. ``how`` says how large it is, and how its arrays lie."""
    text = json.dumps(arguments, sort_keys=True) + ("" if operation == Operation.FORWARD else operation)
    text += json.dumps(how, sort_keys=True) if how else ""
    kind = "" if op == operators.DEFAULT else f"{op.replace('_', '-')}-"
    return f"fuzz-{kind}{hashlib.sha256((kind + text).encode()).hexdigest()[:10]}"


def _described(
    arguments: Mapping[str, Any],
    operation: Operation,
    operator: Operator,
    enlarged: Enlarged | None,
    arranged: Mapping[str, str] | None,
    following: Following | None,
) -> dict[str, Any]:
    """A case of a call, and of those that follow it, without what it expects."""
    assert operator.draws is not None
    given = {key: value for key, value in arguments.items() if key != "invalid_rois"}
    invalid, shape, rois = list(arguments.get("invalid_rois", ())), list(given["input"]["shape"]), len(given["boxes"])
    how: dict[str, Any] = {"arranged": dict(arranged)} if arranged else {}
    if enlarged:
        how |= {"size": "real", "enlarged": enlarged._asdict()}
        shape[:2], rois = [enlarged.images, enlarged.channels], enlarged.rois
    if following:
        how |= following.as_json()
    what = "" if operation == Operation.FORWARD else f"{operation.replace('_', ' ')}, "
    lies = "".join(f", {name} {way}" for name, way in (arranged or {}).items()) + in_words(following)
    return {
        "id": identify(arguments, operation, operator.name, how),
        "title": f"Drawn by chance: {what}{rois} RoIs on maps of {' × '.join(map(str, shape))}{lies}.",
        "rules": sorted(set(operator.draws.rules_of(arguments, operation)), key=rule_number),
        "kind": following.kind if following else "invalid" if invalid else "value",
        **({} if operation == Operation.FORWARD else {"operation": str(operation)}),
        **how,
        **({"invalid_rois": invalid} if invalid else {}),
        "arguments": given,
    }


def in_words(following: Following | None) -> str:
    """What is said of what follows a call."""
    if following is None:
        return ""
    changed = ", ".join(step["changed"].replace("_", " ") for step in following.steps)
    match following.kind:
        case "threads":
            return f"; in {following.threads} threads at once, {changed} different"
        case "fork":
            return f"; around a fork, in which {changed} changed"
        case _:
            return f"; then with {changed} changed, each time followed by the first again"


def answers_of(
    operator: Operator,
    arguments: Mapping[str, Any],
    operation: Operation,
    enlarged: Enlarged | None,
    dialect: str,
    dtype: str,
    *,
    kinks: bool,
    bounds: bool,
) -> tuple[Answer, ...]:
    """What a call returns, or the one that it repeats if it is large, as `Oracle.quick` has it; large ones have no bounds."""
    if enlarged is None:
        return operator.oracle.quick(arguments, operation, dialect, dtype, kinks=kinks, bounds=bounds)
    if enlarged.images > 2 ** FLOAT_TYPES[dtype].bits:  # the index of an image is a number of this type
        return ()

    def ask(times: int) -> tuple[Answer, ...]:
        given = adding_up(_multiplied(arguments, times), operation, enlarged)
        return operator.oracle.quick(given, operation, dialect, dtype, kinks=kinks, bounds=False)

    answers = ask(1)
    if answers and enlarged.channels > arguments["input"]["shape"][1]:
        # A maximum that may be a constant, such as mmcv's −10000, is not as many times as large as its maps are.
        most = MULTIPLES[-1]
        times = 1 if operation == Operation.FEATURE_GRADIENT else most
        many = ask(most)
        if len(many) != len(answers) or not all(map(_is_multiple, answers, many, repeat(times))):
            return ()
    return answers


def _multiplied(arguments: Mapping[str, Any], times: int) -> dict[str, Any]:
    maps = arguments["input"]
    return {**arguments, "input": {**maps, "rows": [[value * times for value in row] for row in maps["rows"]]}}


def _is_multiple(answer: Answer, other: Answer, times: int) -> bool:
    """Whether another answer is so many times one, infinite and undefined values included, and open where it is."""
    one, many = list(leaves(answer.output)), list(leaves(other.output))
    open_, other_open = list(leaves(answer.bound)), list(leaves(other.bound))
    return open_ == other_open and all(
        a == b if isinstance(a, str) else b == a * times for a, b in zip(one, many, strict=True)
    )


def expect(
    arguments: Mapping[str, Any],
    dialect: str,
    dtype: str,
    operation: Operation = Operation.FORWARD,
    *,
    kinks: bool = False,
    op: str = operators.DEFAULT,
    enlarged: Enlarged | None = None,
    arranged: Mapping[str, str] | None = None,
    following: Following | None = None,
) -> Case:
    """The case of a call, judged exactly if it is exact in ``dtype``, and otherwise by bounds.

    Where there are none, ``expected`` is empty. With ``kinks``, a gradient for a box is judged by the convention where there
    is no derivative; such elements are left open otherwise. A call that is not exact is not ``enlarged``, and no other follows
    it, nor does it follow another.
    """
    operator = operators.get(op)
    assert operator.draws is not None

    def ask(changes: Mapping[str, Any] = _NOTHING, *, bounds: bool = False) -> tuple[Answer, ...]:
        changed = {**arguments, **changes}
        return answers_of(operator, changed, operation, enlarged, dialect, dtype, kinks=kinks, bounds=bounds)

    def expected(answers: tuple[Answer, ...]) -> tuple[Expectation, ...]:
        return (Expectation((dialect,), (dtype,), answers),) if answers else ()

    answers = ask()
    if not answers and enlarged:
        enlarged = None
        answers = ask()
    drawn = following.steps if answers and following else ()
    asked = (Step(step["changed"], step["arguments"], expected(ask(step["arguments"]))) for step in drawn)
    steps = tuple(step for step in asked if step.expected)
    if following:
        kept = tuple({"changed": step.changed, "arguments": step.arguments} for step in steps)
        following = following._replace(steps=kept) if steps else None
    if not answers and dtype in ("float32", "float64"):
        # Bounds take longer than values: two RoIs will do.
        arguments = _first_rois(arguments, _BOUNDED)
        answers = ask(bounds=True)
    origin = Origin("fuzz", operator.draws.edition, op)
    described = _described(arguments, operation, operator, enlarged, arranged, following)
    case = case_from_json({**described, "dtypes": [dtype]}, origin)
    return replace(case, expected=expected(answers), steps=steps)


def _first_rois(arguments: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The call of the first RoIs alone."""
    first = {**arguments, "boxes": arguments["boxes"][:count]}
    if "invalid_rois" in arguments:
        first["invalid_rois"] = [k for k in arguments["invalid_rois"] if k < count]
    of_rois = ("grad", "offset", "weights" if arguments.get("weights_of") == "rois" else "")
    for name in of_rois:
        if name in arguments:
            rois, *shape = arguments[name]["shape"]
            rows = arguments[name]["rows"]
            kept = min(rois, count)
            first[name] = {"shape": [kept, *shape], "rows": rows[: len(rows) // max(rois, 1) * kept]}
    return first


def whole(
    arguments: Mapping[str, Any],
    dialect: str,
    dtype: str,
    operation: Operation = Operation.FORWARD,
    *,
    kinks: bool = False,
    op: str = operators.DEFAULT,
    enlarged: Enlarged | None = None,
    arranged: Mapping[str, str] | None = None,
    following: Following | None = None,
) -> dict[str, Any]:
    """The case file of a call, judged under every dialect and in every data type; ``dialect`` and ``dtype`` are noted."""
    operator = operators.get(op)
    assert operator.draws is not None

    def answers(case: Mapping[str, Any], same: Operator, choices: Any) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what `expect` would expect in them."""
        mode = case["arguments"].get("mode", "")
        name = next(name for name, other in same.dialects.items() if other.for_mode(mode) == choices)
        for other_dtype in DTYPES:
            call = case["arguments"], operation, enlarged, name, other_dtype
            if found := answers_of(same, *call, kinks=kinks, bounds=True):
                yield other_dtype, found

    described = {**_described(arguments, operation, operator, enlarged, arranged, following), "claims": "bounded"}
    is_exact = operation == Operation.FORWARD and enlarged is None
    case = complete(described, operator, exact_answers if is_exact else answers)
    case["title"] += f" Found under {dialect} in {dtype}."
    marked = {} if op == operators.DEFAULT else {"operator": op}
    return {"edition": operator.draws.edition, "group": "fuzz", **marked, "cases": [case]}
