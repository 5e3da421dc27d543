"""Which cases a user means. Mistakes end in a `UsageError` whose message says what would do."""

from __future__ import annotations

import math
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import operators
from ..arrays import box_rows, feature_map, outer
from ..documents import Schema, parse_json, read_text
from ..errors import FileError, UsageError
from .case import Case, cases_of
from .golden import golden_cases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_SCHEMA = Schema("case")
_ALIKE = 0.65  # share of two names that is the same, from which on one may be meant by the other
_STEPS = {"differences": dict, "box-differences": int | float}


def _unknown(kind: str, name: str, known: Iterable[str], otherwise: str = "") -> UsageError:
    known = list(known)
    close = get_close_matches(name, known, n=3, cutoff=_ALIKE)
    hint = f"did you mean {' or '.join(close)}?" if close else otherwise or f"there are {', '.join(known)}"
    return UsageError(f"no {kind} is called {name!r}: {hint}")


def check_names(kind: str, names: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """``names`` if all are known."""
    for name in names:
        if name not in known:
            raise _unknown(kind, name, known)
    return tuple(names)


def find_case(cases: Sequence[Case], case_id: str) -> Case:
    """The case with this id."""
    for case in cases:
        if case.id == case_id:
            return case
    raise _unknown("case", case_id, [case.id for case in cases], "see `roikit list cases`")


def read_cases(path: Path | None, names: Sequence[str] = ()) -> tuple[Case, ...]:
    """The cases of a file, such as `roikit fuzz` writes; if there is none, the golden cases of some operators, or of all.

    Raises:
        FileError: the file is not what its schema says, or a case in it cannot be called.
        OSError: it cannot be read.
    """
    if path is None:
        return golden_cases(*names)
    text = read_text(path)
    document = parse_json(text, path)
    _SCHEMA.check(document, path, text=text)
    if document.get("operator", operators.DEFAULT) not in operators.NAMES:
        raise _unknown("operator", document["operator"], operators.NAMES)
    cases = tuple(cases_of(document))
    for case in cases:
        if problem := _problem(case):
            raise FileError(problem, path, field=f"case {case.id}")
    return cases


def _problem(case: Case) -> str:
    """Why a case that has the form of one cannot be one; nothing if it can, or if it would take gigabytes to find out."""
    try:
        return "" if case.size == "huge" else next(_problems(replace(case, enlarged=None)), "")
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError, AssertionError) as error:
        return f"{type(error).__name__}: {error}"


def _problems(case: Case) -> Iterator[str]:
    dialects = [*(expectation.dialects[0] for expectation in case.expected), *operators.get(case.operator).dialects]
    call, boxes = case.call(dialects[0], "float64", "NCHW"), case.arguments["boxes"]
    if case.kind == "error":
        return
    width = call.row_length("boxes")
    if (
        call.shape() is None
        or box_rows(boxes, width).shape[1] != width
        or min(case.arguments.get("output_size", (0,))) < 0
    ):
        yield "has arrays that do not go together"
    if not all(0 <= k < len(boxes) for k in case.invalid_rois):
        yield f"has no RoI {max(case.invalid_rois)}"
    if case.kind == "property":
        feature_map(case.arguments["grad"])
        if not isinstance(case.arguments.get("step"), _STEPS.get(case.relation, object)):
            yield "has no step of that kind"
    elif any(answer.output is None for expectation in case.expected for answer in expectation.answers):
        yield "expects nothing"
    for values in _expected(case):
        if isinstance(values, dict):
            outer(values["outer"], case.shape)
        elif np.shape(values) != case.shape and np.size(values) + math.prod(case.shape):
            yield f"expects {np.shape(values)} where the answer is {case.shape}"


def _expected(case: Case) -> Iterator[Any]:
    """All answers and bounds of a case, as nested lists."""
    for expectation in case.expected:
        for answer in expectation.answers:
            yield from (values for values in (answer.output, answer.bound) if values is not None)


def of_edition(cases: Sequence[Case], edition: str | None) -> tuple[Case, ...]:
    """The cases that there were in an edition, by default the newest."""
    known = sorted({case.edition for case in cases})
    if edition is not None and edition not in known:
        raise _unknown("edition", edition, known)
    return tuple(case for case in cases if edition is None or case.edition <= edition)


def select_cases(cases: Sequence[Case], patterns: Sequence[str]) -> tuple[Case, ...]:
    """The cases that any pattern picks: by id, by group or by rule, each with ``*`` and ``?``."""
    if not patterns:
        return tuple(cases)

    def picks(pattern: str, case: Case) -> bool:
        return any(fnmatchcase(name, pattern) for name in (case.id, case.group, *case.rules))

    for pattern in patterns:
        if not any(picks(pattern, case) for case in cases):
            known = dict.fromkeys(name for case in cases for name in (case.group, case.id, *case.rules))
            begins = any(picks(f"{pattern}*", case) for case in cases)
            close = [f"'{pattern}*'"] if begins else get_close_matches(pattern, known, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else "see `roikit list cases`"
            raise UsageError(f"no case, group or rule matches {pattern!r}: {hint}")
    return tuple(case for case in cases if any(picks(pattern, case) for pattern in patterns))
