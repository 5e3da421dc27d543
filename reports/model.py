"""What the pages of a site are about: implementations, what they make of the rules of operators, and the cases that say so."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from ..conformance import operators
from ..conformance.cases.golden import golden_cases
from ..conformance.operator import rule_number
from ..conformance.results.kinds import Judged, Kind, attribute, worst
from ..conformance.verdict import Verdict
from .history import in_order as runs_in_order
from .history import versions_of
from .results import is_deviating
from .tables import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..conformance.cases.case import Case
    from ..conformance.diagnosing.cause import Cause
    from .files import File, Inputs, Run

_WEB = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_LONGEST_NAME = 100
_PARTS = re.compile(r"[^A-Za-z0-9]+")


def in_order(names: Iterable[str]) -> list[str]:
    """Operators as the registry has them; behind them those that it does not know, whose files are of another roikit."""
    known = operators.NAMES
    return sorted(set(names), key=lambda name: (known.index(name) if name in known else len(known), name))


@cache
def operator_title(operator: str) -> str:
    """What texts call an operator."""
    return operators.get(operator).title if operator in operators.NAMES else operator


@cache
def golden() -> Mapping[str, Case]:
    """The golden cases by id."""
    return {case.id: case for case in golden_cases()}


def slug(name: str) -> str:
    """A name as part of an address."""
    return _PARTS.sub("-", name).strip("-").lower()


def page_name(name: str) -> str:
    """What the page of an implementation is called: its name, if that is plain; else what is left of it, and a hash of all."""
    plain = slug(name)[:_LONGEST_NAME]
    return plain if name and plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")


def web_address(text: str) -> str:
    """An address that a page may lead to; nothing if it is none of the web's."""
    return text if _WEB.fullmatch(text) else ""


class Conformance:
    """What an implementation makes of an operator, in a run that judged it by that."""

    def __init__(self, operator: str, subject: Mapping[str, Any], run: Run, results: list[dict[str, Any]]) -> None:
        """Takes what the run says of it."""
        self.operator, self.run = operator, run
        self.title = operator_title(operator)
        self.version = version_of(subject)
        self.capability = _capability(subject["description"] or {}, operator)
        self.results = [result for result in results if result["verdict"] != Verdict.UNSUPPORTED]
        self.unsupported = len(results) - len(self.results)
        self.implementation: str = subject["implementation"]
        self.homepage = web_address((subject["description"] or {}).get("homepage", ""))

    @cached_property
    def causes(self) -> list[Cause]:
        """Why results are not as they should be, as the run found out."""
        about = self.implementation, self.operator
        return [cause for cause in self.run.causes if (cause.implementation, cause.operator) == about]

    @cached_property
    def kinds(self) -> Counter[Kind]:
        """How many results there are of each kind."""
        return Counter(Kind(result["kind"]) for result in self.results)

    @cached_property
    def counted(self) -> list[tuple[dict[str, Any], Sequence[str]]]:
        """The results, each with the rules that it is counted under."""
        judged = [
            Judged(result["dialect"], result["rules"], result.get("listed") or result["verdict"], Kind(result["kind"]))
            for result in self.results
        ]
        return list(zip(self.results, attribute(judged), strict=True))

    @cached_property
    def by_rule(self) -> dict[str, Counter[Kind]]:
        """How many results of each kind are counted under each rule, in the order of the rules."""
        counts: dict[str, Counter[Kind]] = defaultdict(Counter)
        for result, rules in self.counted:
            for rule in rules:
                counts[rule][Kind(result["kind"])] += 1
        return {rule: counts[rule] for rule in sorted(counts, key=rule_number)}

    @property
    def kind(self) -> Kind:
        """The worst that is to be said of it."""
        return worst(self.kinds)

    @cached_property
    def unlisted(self) -> int:
        """How many results fail that no list of known deviations has."""
        return sum(Verdict(result["verdict"]).is_failure for result in self.results)

    @cached_property
    def dialects(self) -> list[str]:
        """The dialects that it was judged by."""
        return list(dict.fromkeys(result["dialect"] for result in self.results))

    @cached_property
    def suspects(self) -> list[tuple[str, Kind, int]]:
        """The rules under which something is not as it should be, wrong ones first: its worst kind, and how many results."""
        found = [(rule, worst(counts), counts.total() - counts[Kind.FOLLOWS]) for rule, counts in self.by_rule.items()]
        return sorted((each for each in found if each[1] != Kind.FOLLOWS), key=lambda each: each[1] != Kind.WRONG)

    @cached_property
    def deviating(self) -> dict[str, list[dict[str, Any]]]:
        """The results that are not as they should be, by case."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for result in self.results:
            if is_deviating(result):
                found[result["case"]].append(result)
        return dict(found)

    @cached_property
    def conforming(self) -> dict[str, Counter[str]]:
        """How many results the cases have that conform throughout, by group."""
        groups: dict[str, Counter[str]] = defaultdict(Counter)
        for result in self.results:
            if result["case"] not in self.deviating:
                groups[result["group"]][result["case"]] += 1
        return dict(groups)

    @cached_property
    def greatest_error(self) -> dict[str, float]:
        """The greatest error ÷ bound of each case that has a bound."""
        errors: dict[str, float] = {}
        for result in self.results:
            if result["error_over_bound"] is not None:
                errors[result["case"]] = max(errors.get(result["case"], 0.0), result["error_over_bound"])
        return errors


def version_of(subject: Mapping[str, Any]) -> str:
    """The version of an implementation, as it says itself; empty if it did not run."""
    return str((subject["description"] or {}).get("version", ""))


def _capability(description: Mapping[str, Any], operator: str) -> Mapping[str, Any]:
    """What a description says of an operator; of the one that there was at first it says it outside of ``operators``."""
    found: Mapping[str, Any] = description.get("operators", {}).get(operator, description)
    return {field: found.get(field, []) for field in ("dialects", "modes", "dtypes", "layouts", "operations")}


class Implementation:
    """An implementation: what the newest run of its newest version says of it, and its conformance to each operator."""

    def __init__(self, subject: Mapping[str, Any], judged: Mapping[str, Iterable[Conformance]]) -> None:
        """Takes what runs say of it: a run that it took part in, and of each operator what those did that judged it by that."""
        self.name: str = subject["implementation"]
        self.slug = page_name(self.name)
        self.state: str = subject["state"]
        self.why: str = subject["reason"]
        ordered = {operator: runs_in_order(judged[operator]) for operator in in_order(judged)}
        self.judged = {operator: runs[-1] for operator, runs in ordered.items()}
        self.versions = {operator: versions_of(runs) for operator, runs in ordered.items()}
        newest = runs_in_order(self.judged.values())[-1:]
        self.version = newest[0].version if newest else version_of(subject)
        self.homepage = newest[0].homepage if newest else ""

    @property
    def conformances(self) -> list[Conformance]:
        """Its conformance to each operator that it was judged by."""
        return list(self.judged.values())

    @cached_property
    def kinds(self) -> Counter[Kind]:
        """How many results there are of each kind."""
        return sum((each.kinds for each in self.conformances), Counter())

    @property
    def kind(self) -> Kind:
        """The worst that is to be said of it."""
        return worst(self.kinds)

    @property
    def unlisted(self) -> int:
        """How many results fail that no list of known deviations has."""
        return sum(each.unlisted for each in self.conformances)

    @property
    def unsupported(self) -> int:
        """How many calls it does not offer."""
        return sum(each.unsupported for each in self.conformances)

    @property
    def suspects(self) -> list[tuple[str, Kind, int]]:
        """The rules in which it shows most that something is not as it should be, operator by operator."""
        return [suspect for each in self.conformances for suspect in each.suspects]


@dataclass(frozen=True, slots=True)
class Site:
    """What a site shows: implementations that took part, in order of their names but ours first, and those that did not."""

    inputs: Inputs
    implementations: list[Implementation]
    missing: list[Implementation]

    @property
    def operators(self) -> list[str]:
        """The operators by which anybody was judged."""
        return in_order(operator for implementation in self.implementations for operator in implementation.judged)

    @property
    def incomplete(self) -> list[File]:
        """Files of runs that were cut off."""
        return [file for file in self.inputs.files if not file.complete]


def digest(inputs: Inputs) -> Site:
    """What result files say, the conformance of each implementation to each operator as in the newest run that has some.

    The newest is that of the newest version, whenever it was run.
    """
    subjects: dict[str, Mapping[str, Any]] = {}
    judged: dict[str, dict[str, list[Conformance]]] = defaultdict(lambda: defaultdict(list))
    for run in inputs.runs:
        results: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for result in run.results:
            results[result["implementation"]][result["operator"]].append(result)
        for subject in run.subjects:
            name = subject["implementation"]
            found = [Conformance(operator, subject, run, those) for operator, those in results[name].items()]
            shown = [each for each in found if each.results]
            for each in shown:
                judged[name][each.operator].append(each)
            if shown or name not in subjects:
                subjects[name] = subject
    everyone = [Implementation(subject, judged[name]) for name, subject in subjects.items()]
    ordered = sorted(everyone, key=lambda i: (not i.name.startswith(OURS), i.name))
    return Site(inputs, [i for i in ordered if i.judged], [i for i in ordered if not i.judged])


def for_script(data: Any) -> str:
    """Data as JSON that may stand in a page: nothing in it ends a script."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
