"""Cases of calls that were drawn by chance: what they expect, under one dialect and data type, or as whole golden cases."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.dialect import DIALECTS
from .alternatives import rounded_result
from .case import Answer, Case, Expectation, case_from_json
from .golden import as_numbers, bounded, complete
from .quick import quick

if TYPE_CHECKING:
    from collections.abc import Mapping

EDITION = "2026-11"
"""Of the rules by which cases of chance are judged."""


_BOUNDED = 2  # RoIs of a call that is not exact


def identify(arguments: Mapping[str, Any]) -> str:
    """Returns the id of the case of a call: the same for the same call."""
    text = json.dumps(arguments, sort_keys=True)
    return f"fuzz-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def _described(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a case of a call without what it expects."""
    given = {key: value for key, value in arguments.items() if key != "invalid_rois"}
    invalid = list(arguments.get("invalid_rois", ()))
    rules = ["RA-1", "RA-2", "RA-3", "RA-5", "RA-6", "RA-7", "RA-8" if given["mode"] == "avg" else "RA-9"]
    rules += ["RA-4"] if 0 in given["sampling_ratio"] else []
    rules += ["RA-12"] if given["input"]["shape"][0] > 1 else []
    rules += ["RA-11"] if invalid else []
    shape = " × ".join(map(str, given["input"]["shape"]))
    return {
        "id": identify(arguments),
        "title": f"Drawn by chance: {len(given['boxes'])} RoIs on maps of {shape}.",
        "rules": sorted(set(rules), key=lambda rule: int(rule[3:])),
        "kind": "invalid" if invalid else "value",
        **({"invalid_rois": invalid} if invalid else {}),
        "arguments": given,
    }


def expect(arguments: Mapping[str, Any], dialect: str, dtype: str) -> Case:
    """Returns the case of a call, judged exactly if it is exact in ``dtype``, and otherwise by bounds.

    Where there is none, in 16-bit types that are not exact, ``expected`` is empty.
    """
    described = _described(arguments)
    call = described["arguments"]
    answer = None
    values = quick(call, dialect, dtype)
    if values is not None:
        answer = Answer(_with_names(values))
    elif dtype in ("float32", "float64"):
        # Bounds take longer than values: two RoIs will do.
        invalid = [k for k in arguments.get("invalid_rois", ()) if k < _BOUNDED]
        described = _described({**arguments, "boxes": call["boxes"][:_BOUNDED], "invalid_rois": invalid})
        call = described["arguments"]
        result = rounded_result(call, DIALECTS[dialect].for_mode(call["mode"]), dtype)
        answer = Answer(as_numbers(result.values), bounded(result, dtype))
    case = case_from_json({**described, "dtypes": [dtype]}, "fuzz", EDITION)
    return replace(case, expected=(Expectation((dialect,), (dtype,), (answer,)),) if answer else ())


def _with_names(values: np.ndarray) -> Any:
    """Returns numbers as nested lists; what is not finite by the names that case files have."""
    if np.isfinite(values).all():
        return values.tolist()
    named: Any = np.frompyfunc(lambda x: x if np.isfinite(x) else str(x), 1, 1)(values)
    return named.tolist()


def whole(arguments: Mapping[str, Any], dialect: str, dtype: str) -> dict[str, Any]:
    """Returns the case file of a call, judged under every dialect and in every data type; ``dialect`` and ``dtype`` are noted."""
    described = _described(arguments)
    case = complete({**described, "claims": "bounded"})
    case["title"] += f" Found under {dialect} in {dtype}."
    return {"edition": EDITION, "group": "fuzz", "cases": [case]}
