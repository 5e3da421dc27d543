"""Brings a list of known deviations in line with a run: what failed is in it afterwards, what passed is not.

Only a person can say why something fails: what is new has ``TODO`` for a reason, which `deviations.load` refuses.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from textwrap import fill
from typing import TYPE_CHECKING, Any

from ..verdict import FAILURES, Verdict
from . import deviations
from .result import operator_of_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..cases.case import Case

    Entry = dict[str, Any]
    """A ``[[deviation]]`` as the file has it."""

_COLUMNS = 120
_NUMBER = re.compile(r"[-+]?\d[\d.e+-]*")
_KEYS = (
    "cases",
    "operators",
    "dialects",
    "dtypes",
    "verdicts",
    "sometimes",
    "choices",
    "probes",
    "reason",
    "link",
    "added",
)


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """What a deviation can be about."""

    operator: str
    case: str
    dialect: str
    dtype: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call, in all layouts."""

    failed: bool
    passed: bool
    reason: str
    verdicts: frozenset[Verdict] = frozenset()
    """Of the failures among them."""


def outcomes(records: Iterable[Mapping[str, Any]]) -> dict[Call, Outcome]:
    """What became of the calls of one implementation, whatever its list of deviations made of it."""
    found: dict[Call, Outcome] = {}
    for record in records:
        verdict, reason = Verdict(record["verdict"]), record["reason"]
        if verdict in (Verdict.UNSUPPORTED, Verdict.CONTESTED):
            continue
        passed = verdict in (Verdict.CONFORMS, Verdict.UNEXPECTED_PASS)
        failures: frozenset[Verdict] = frozenset() if passed else frozenset((verdict,))
        if verdict == Verdict.KNOWN:
            reason = reason.rpartition(" — ")[2]
            failures = frozenset(failure for failure in FAILURES if reason.startswith(f"{failure}:"))
        call = Call(operator_of_record(record), record["case"], record["dialect"], record["dtype"])
        earlier = found.get(call, Outcome(failed=False, passed=False, reason=""))
        text = earlier.reason or ("" if passed else reason)
        found[call] = Outcome(
            failed=earlier.failed or not passed,
            passed=earlier.passed or passed,
            reason=text,
            verdicts=earlier.verdicts | failures,
        )
    return found


def update(
    text: str,
    results: Mapping[Call, Outcome],
    cases: Sequence[Case],
    today: date | None = None,
    where: object = "the list",
) -> str:
    """The list ``text``, which stands ``where`` errors say, in line with ``results``.

    What holds only sometimes, what was not run, and patterns under which something fails, stay as they are.
    """
    listed = deviations.parse(text, where, (case.id for case in cases), drafts=True)
    entries: list[Entry] = tomllib.loads(text).get("deviation", [])
    kept: list[Entry] = []
    explained: set[Call] = set()
    for deviation, entry in zip(listed, entries, strict=True):
        mine = {
            call: outcome
            for call, outcome in results.items()
            if call not in explained
            and deviation.matches(call.operator, call.case, call.dialect, call.dtype)
            and all(map(deviation.tells_of, outcome.verdicts))
        }
        explained |= mine.keys()
        if deviation.sometimes or not any(outcome.passed for outcome in mine.values()):
            kept.append(entry)
            continue
        may_fail = [case.id for case in cases if _is_about(deviation, case)]
        patterns = [text for text in deviation.cases if deviations.is_pattern(text) and _holds(text, mine, may_fail)]
        by_id = {call: outcome for call, outcome in mine.items() if not _matches(call.case, patterns)}
        not_run = [case for case in may_fail if case not in _cases(mine) and not _matches(case, patterns)]
        if patterns or not_run:
            kept.append({**entry, "cases": [*patterns, *not_run]})
        failed = {call: outcome for call, outcome in by_id.items() if outcome.failed}
        kept += [{**entry, **narrowed} for narrowed in _group(failed, by_id)]
    new = {call: outcome for call, outcome in results.items() if outcome.failed and call not in explained}
    day = today or datetime.now(UTC).date()
    kinds: dict[str, dict[Call, Outcome]] = defaultdict(dict)
    for call, outcome in sorted(new.items()):
        kinds[_NUMBER.sub("#", outcome.reason)][call] = outcome
    for about in (entry for alike in kinds.values() for entry in _group(alike, results)):
        first = next(outcome.reason for call, outcome in sorted(new.items()) if call.case == about["cases"][0])
        kept.append({**about, "reason": f"{deviations.TODO} {first}", "added": day})
    return "\n".join(_write(entry) for entry in kept)


def _matches(case: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(case, pattern) for pattern in patterns)


def _holds(pattern: str, results: Mapping[Call, Outcome], about: Iterable[str]) -> bool:
    """Whether a pattern still stands for something that fails, or may: for a case that was not run."""
    failed = {call.case for call, outcome in results.items() if outcome.failed}
    left = failed | (set(about) - _cases(results))
    return any(fnmatchcase(case, pattern) for case in left)


def _is_about(deviation: deviations.Deviation, case: Case) -> bool:
    return any(
        deviation.matches(case.operator, case.id, dialect, dtype)
        for dialect in deviation.dialects
        for dtype in deviation.dtypes
    )


def _cases(calls: Iterable[Call]) -> set[str]:
    return {call.case for call in calls}


def _group(failed: Mapping[Call, Outcome], run: Iterable[Call]) -> list[Entry]:
    """What entries must say of ``failed``: cases that fail in the same dialects and data types stand together.

    Dialects and data types are left out where a case failed in all in which it was ``run``.
    """
    all_of: dict[str, set[Call]] = defaultdict(set)
    for call in run:
        all_of[call.case].add(call)
    cases_of: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for case in sorted(_cases(failed)):
        calls = {call for call in failed if call.case == case}
        sometimes = any(failed[call].passed for call in calls)
        if calls == all_of[case]:
            cases_of[None, None, sometimes].append(case)
            continue
        dialects_of: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for dialect in sorted({call.dialect for call in calls}):
            dtypes = tuple(sorted(call.dtype for call in calls if call.dialect == dialect))
            dialects_of[dtypes].append(dialect)
        for dtypes, dialects in dialects_of.items():
            cases_of[tuple(dialects), dtypes, sometimes].append(case)
    found = []
    for (dialects, dtypes, sometimes), cases in cases_of.items():
        entry: Entry = {"cases": cases}
        if dialects is not None and {c.dialect for case in cases for c in all_of[case]} != set(dialects):
            entry["dialects"] = list(dialects)
        if dtypes is not None and {c.dtype for case in cases for c in all_of[case]} != set(dtypes):
            entry["dtypes"] = list(dtypes)
        found.append(entry | ({"sometimes": True} if sometimes else {}))
    return found


def _write(entry: Entry) -> str:
    lines = [f"{key} = {_value(entry[key])}" for key in _KEYS if key in entry]
    return "\n".join(["[[deviation]]", *lines]) + "\n"


def _value(value: object) -> str:
    """A value of an entry as TOML."""
    if isinstance(value, list):
        line = f"[{', '.join(map(_value, value))}]"
        if len(line) <= _COLUMNS:
            return line
        wrapped = fill(line[1:-1], _COLUMNS, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
        return f"[\n{wrapped},\n]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_value(item)}' for key, item in value.items())} }}"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
