"""Cases of calls that were drawn by chance: what they expect, under one dialect and data type, or as whole golden cases."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.dialects.roi_align import DIALECTS
from ..arrays import box_rows, feature_map
from ..cases.case import Answer, Case, Expectation, case_from_json
from ..golden.expectations import as_bounds, as_numbers, bounded, complete
from ..operator import DTYPES, Operation
from ..operators.roi_align.oracle.branches import rounded_result
from ..operators.roi_align.oracle.gradient import feature_gradient
from ..operators.roi_align.oracle.gradient_bounds import gradient_bounds
from ..operators.roi_align.oracle.quick import quick
from ..operators.roi_align.oracle.quick_gradient import quick_gradient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...kernels.dialects.roi_align import Dialect

EDITION = "2026-11"
"""Of the rules by which cases of chance are judged."""


_BOUNDED = 2  # RoIs of a call that is not exact


def identify(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Returns the id of the case of a call: the same for the same call."""
    text = json.dumps(arguments, sort_keys=True) + ("" if operation == Operation.FORWARD else operation)
    return f"fuzz-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


_GRADIENT_RULES = {Operation.FORWARD: [], Operation.FEATURE_GRADIENT: ["RA-15"], Operation.BOX_GRADIENT: ["RA-16"]}


def _described(arguments: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
    """Returns a case of a call without what it expects."""
    given = {key: value for key, value in arguments.items() if key != "invalid_rois"}
    invalid = list(arguments.get("invalid_rois", ()))
    rules = ["RA-1", "RA-2", "RA-3", "RA-5", "RA-6", "RA-7", "RA-8" if given["mode"] == "avg" else "RA-9"]
    rules += ["RA-4"] if 0 in given["sampling_ratio"] else []
    rules += ["RA-12"] if given["input"]["shape"][0] > 1 else []
    rules += ["RA-11"] if invalid else []
    rules += _GRADIENT_RULES[operation]
    shape = " × ".join(map(str, given["input"]["shape"]))
    what = "" if operation == Operation.FORWARD else f"{operation.replace('_', ' ')}, "
    return {
        "id": identify(arguments, operation),
        "title": f"Drawn by chance: {what}{len(given['boxes'])} RoIs on maps of {shape}.",
        "rules": sorted(set(rules), key=lambda rule: int(rule[3:])),
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
) -> Case:
    """Returns the case of a call, judged exactly if it is exact in ``dtype``, and otherwise by bounds.

    Where there are none, ``expected`` is empty: in 16-bit types, and for gradients for boxes or of maxima. With ``kinks``, a
    gradient for a box is judged by the convention where there is no derivative; such elements are left open otherwise.
    """
    answers = answers_of(arguments, dialect, dtype, operation, kinks=kinks, bounds=False)
    if not answers and dtype in ("float32", "float64"):
        # Bounds take longer than values: two RoIs will do.
        arguments = _first_rois(arguments, _BOUNDED)
        answers = answers_of(arguments, dialect, dtype, operation, kinks=kinks)
    case = case_from_json({**_described(arguments, operation), "dtypes": [dtype]}, "fuzz", EDITION)
    return replace(case, expected=(Expectation((dialect,), (dtype,), answers),) if answers else ())


def _first_rois(arguments: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Returns the call of the first RoIs alone."""
    first = {**arguments, "boxes": arguments["boxes"][:count]}
    if "invalid_rois" in arguments:
        first["invalid_rois"] = [k for k in arguments["invalid_rois"] if k < count]
    if "grad" in arguments:
        rois, *shape = arguments["grad"]["shape"]
        rows = arguments["grad"]["rows"]
        kept = min(rois, count)
        first["grad"] = {"shape": [kept, *shape], "rows": rows[: len(rows) // max(rois, 1) * kept]}
    return first


def answers_of(
    arguments: Mapping[str, Any],
    dialect: str,
    dtype: str,
    operation: Operation,
    *,
    kinks: bool = False,
    bounds: bool = True,
) -> tuple[Answer, ...]:
    """Returns what a call may return: exact answers; if there are none and ``bounds`` are wanted, one with bounds; or nothing."""
    if operation == Operation.FORWARD:
        values = quick(arguments, dialect, dtype)
        if values is not None:
            return (Answer(_with_names(values)),)
        if bounds and dtype in ("float32", "float64"):
            result = rounded_result(arguments, DIALECTS[dialect].for_mode(arguments["mode"]), dtype)
            return (Answer(as_numbers(result.values), bounded(result, dtype)),)
        return ()
    exact = quick_gradient(arguments, operation, dialect, dtype)
    if exact is None:
        is_bounded = operation == Operation.FEATURE_GRADIENT and arguments["mode"] == "avg"
        judged = bounds and is_bounded and dtype in ("float32", "float64")
        return (_bounded_gradient(arguments, dialect, dtype),) if judged else ()
    open_ = None
    if exact.kinks.any() and not kinks:
        open_ = np.where(exact.kinks, None, 0).tolist()  # type: ignore[call-overload]
    same = np.array_equal(exact.values, exact.last, equal_nan=True)
    return tuple(Answer(_with_names(values), open_) for values in (exact.values, exact.last)[: 2 - same])


def _bounded_gradient(arguments: Mapping[str, Any], dialect: str, dtype: str) -> Answer:
    grad = feature_map(arguments["grad"])
    exact = feature_gradient(
        grad,
        box_rows(arguments["boxes"]).astype(dtype),
        tuple(arguments["input"]["shape"]),
        tuple(arguments["spatial_scale"]),
        tuple(arguments["sampling_ratio"]),
        "avg",
        DIALECTS[dialect].for_mode("avg"),
    )
    return Answer(as_numbers(exact.values), as_bounds(gradient_bounds(exact, grad, dtype)))


def _with_names(values: np.ndarray) -> Any:
    """Returns numbers as nested lists; what is not finite by the names that case files have."""
    if np.isfinite(values).all():
        return values.tolist()
    named: Any = np.frompyfunc(lambda x: x if np.isfinite(x) else str(x), 1, 1)(values)
    return named.tolist()


def whole(
    arguments: Mapping[str, Any],
    dialect: str,
    dtype: str,
    operation: Operation = Operation.FORWARD,
    *,
    kinks: bool = False,
) -> dict[str, Any]:
    """Returns the case file of a call, judged under every dialect and in every data type; ``dialect`` and ``dtype`` are noted."""

    def answers(case: Mapping[str, Any], choices: Dialect) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields what `expect` would expect."""
        name = next(name for name, other in DIALECTS.items() if other.for_mode(case["arguments"]["mode"]) == choices)
        for other_dtype in DTYPES:
            if found := answers_of(case["arguments"], name, other_dtype, operation, kinks=kinks):
                first, *rest = (
                    {"output": answer.output, **({} if answer.bound is None else {"bound": answer.bound})}
                    for answer in found
                )
                yield other_dtype, {**first, **({"or": rest} if rest else {})}

    described = {**_described(arguments, operation), "claims": "bounded"}
    case = complete(described) if operation == Operation.FORWARD else complete(described, answers)
    case["title"] += f" Found under {dialect} in {dtype}."
    return {"edition": EDITION, "group": "fuzz", "cases": [case]}
