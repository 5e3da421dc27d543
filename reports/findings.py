"""Findings: what is wrong with an implementation, each with what shows it, as a text for the issue tracker of its library."""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..conformance.results.kinds import Kind
from ..conformance.results.result import key_of_record
from ..conformance.results.titles import titles
from ..conformance.verdict import Verdict
from .model import golden, slug
from .results import rows_of, split_link, why, worst_of
from .scripts import script_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..conformance.cases.case import Case
    from .model import Conformance, Implementation, Site

_MOST_TRIED = 6
"""Cases for which a script is looked for, the smallest first."""

_MOST_NAMED = 12
"""Cases and dialects that an issue names."""

_LONG = 80  # for the title of an issue

_TRACKER = re.compile(r"https?://(github|gitlab)\.com/[^/]+/[^/]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """Results of an implementation that are not as they should be for one reason.

    Attributes:
        id: Part of its address: the same as long as the reason is.
        implementation: Whose results they are.
        judged: The run that they are from.
        what: What happens.
        link: Where that can be read; may be empty.
        listed: Whether it is a known deviation.
        kind: The worst kind of the results.
        results: All of them.
        rules: The rules that they are counted under.
        versions: The versions that were asked, from new to old, and whether it shows in them.
        case: The simplest case that shows it; None if it is no golden one.
        example: The result of that case.
        script: What shows it, for that case; may be empty.
        missing: Why there is no script.
    """

    id: str
    implementation: Implementation
    judged: Conformance
    what: str
    link: str
    listed: bool
    kind: Kind
    results: Sequence[Mapping[str, Any]]
    rules: Sequence[str]
    versions: Sequence[tuple[str, bool]]
    case: Case | None
    example: Mapping[str, Any]
    script: str
    missing: str

    @property
    def cases(self) -> list[str]:
        """The ids of its cases."""
        return list(dict.fromkeys(result["case"] for result in self.results))

    def values(self, field: str) -> list[str]:
        """What its results have in a field."""
        return list(dict.fromkeys(result[field] for result in self.results))

    @property
    def subject(self) -> str:
        """What happens, in a line."""
        return self.what.partition(": ")[0] if len(self.what) > _LONG else self.what

    @property
    def tracker(self) -> str:
        """Where issues of the library are filed, if its homepage says so."""
        found = _TRACKER.match(self.implementation.homepage)
        return f"{found[0]}/issues" if found else ""

    @property
    def seen(self) -> str:
        """What came in place of what was due, in words; empty if it was no number."""
        (row,) = rows_of([self.example])
        if not row["expected"]:
            return split_link(why(self.example)[1])[0]
        return f"at ({row['index']}) {row['expected']} is due, and {row['got']} came"


def findings_of(site: Site) -> list[Finding]:
    """The findings of all implementations, those that are wrong first."""
    return [
        finding
        for implementation in site.implementations
        for judged in implementation.conformances
        for finding in _of(implementation, judged)
    ]


def _of(implementation: Implementation, judged: Conformance) -> Iterator[Finding]:
    groups: dict[tuple[str, str, bool], list[tuple[dict[str, Any], Sequence[str]]]] = defaultdict(list)
    for result, rules in judged.counted:
        if result["kind"] != Kind.FOLLOWS and result["verdict"] != Verdict.CONTESTED:
            groups[_reason(judged, result, rules)].append((result, rules))
    found = [_finding(implementation, judged, reason, members) for reason, members in groups.items()]
    yield from sorted(found, key=lambda each: (each.kind != Kind.WRONG, -len(each.results)))


def _reason(judged: Conformance, result: Mapping[str, Any], rules: Sequence[str]) -> tuple[str, str, bool]:
    """What happens, where that can be read, and whether it is known: the reason of a list, or the cause, or the verdict."""
    known, _ = why(result)
    if known:
        return *split_link(known), True
    for cause in judged.causes:
        if cause.said and cause.operation == result["operation"] and result["case"] in cause.cases:
            return f"The results are those of {cause.said}", "", False
    rule = ", ".join(f"{rule} {titles().get(rule, '')}".rstrip() for rule in rules)
    return (
        f"{_VERDICTS.get(result['verdict'], result['verdict'])} ({rule}, {result['operation'].replace('_', ' ')})",
        "",
        False,
    )


_VERDICTS = {
    Verdict.DEVIATES: "What is returned is not what its dialect says",
    Verdict.REJECTED: "A call that must be answered is refused",
    Verdict.CRASHED: "The process dies",
    Verdict.TIMED_OUT: "The call does not end",
    Verdict.NONDETERMINISTIC: "The same call gives different answers",
    Verdict.UNINITIALISED: "Answers depend on memory that nobody wrote",
    Verdict.WROTE_OUTSIDE: "Memory beside the result is written to",
    Verdict.OVERWROTE: "An argument, or an earlier result, is written to",
}


def _finding(
    implementation: Implementation,
    judged: Conformance,
    reason: tuple[str, str, bool],
    members: Sequence[tuple[dict[str, Any], Sequence[str]]],
) -> Finding:
    what, link, listed = reason
    results = [result for result, _ in members]
    case, example, script, missing = _simplest(implementation.name, results)
    keys = [key_of_record(result) for result in results]
    shown = ((version.name, version.shows(keys)) for version in reversed(implementation.versions[judged.operator]))
    name = hashlib.sha256(what.encode()).hexdigest()[:8]
    return Finding(
        id=f"{implementation.slug}-{slug(judged.operator)}-{name}",
        implementation=implementation,
        judged=judged,
        what=what,
        link=link,
        listed=listed,
        kind=worst_of(results),
        results=results,
        rules=list(dict.fromkeys(rule for _, rules in members for rule in rules)),
        versions=[(version, shows) for version, shows in shown if shows is not None],
        case=case,
        example=example,
        script=script,
        missing=missing,
    )


def _simplest(implementation: str, results: Sequence[dict[str, Any]]) -> tuple[Case | None, dict[str, Any], str, str]:
    """The smallest case for which there is a script, its result, and that; or the smallest, and why there is none."""
    ordered = sorted(results, key=_size)
    tried: dict[str, tuple[Case | None, dict[str, Any], str, str]] = {}
    for result in ordered:
        if result["case"] not in tried and len(tried) < _MOST_TRIED:
            case = golden().get(result["case"])
            tried[result["case"]] = case, result, *script_for(case, implementation, result)
            if tried[result["case"]][2]:
                return tried[result["case"]]
    return next(iter(tried.values()))


def _size(result: Mapping[str, Any]) -> tuple[bool, bool, int]:
    """What makes a result hard to look at: a case that is not known, no number that shows it, a large call."""
    case = golden().get(result["case"])
    return case is None, result["difference"] is None, _numbers(case) if case else 0


def _numbers(case: Case) -> int:
    """How many numbers a call takes and returns, about."""
    bins = math.prod(map(abs, case.arguments.get("output_size", (1, 4))))
    large = case.enlarged or (1, 1, 1)
    pixels = math.prod(case.arguments["input"]["shape"])
    return int(math.prod(large) * (pixels + len(case.arguments["boxes"]) * bins))


def some(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
