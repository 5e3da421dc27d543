"""What the pages of a site are about: implementations, what they make of the rules, and the cases that say so."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ..conformance.results.kinds import Kind, worst
from ..conformance.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .files import File, Inputs, Run

_RULE = re.compile(r"^## (RA-\d+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\s*\((https?://[^\s)]+)\)\s*$")
_PARTS = re.compile(r"[^A-Za-z0-9]+")


@cache
def rules() -> dict[str, str]:
    """Returns the rules of the specification and their titles."""
    text = files("roikit.conformance").joinpath("operators", "roi_align", "RULES.md").read_text(encoding="utf-8")
    return dict(_RULE.findall(text))


def slug(name: str) -> str:
    """Returns a name as part of an address."""
    return _PARTS.sub("-", name).strip("-").lower()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why results are not as they should be: the same text, apart from numbers, in some cases.

    Attributes:
        text: What is known of it; or, of what is not listed, the verdict.
        link: Where that can be read; may be empty.
        kind: The worst kind of these results.
        listed: Whether it is a known deviation.
        cases: Ids of the cases, in order.
        results: How many results.
    """

    text: str
    link: str
    kind: Kind
    listed: bool
    cases: tuple[str, ...]
    results: int


class Implementation:
    """An implementation in the newest run in which it took part."""

    def __init__(self, subject: Mapping[str, Any], run: Run, results: list[dict[str, Any]]) -> None:
        """Takes what the run says of it."""
        self.name: str = subject["implementation"]
        self.slug = slug(self.name)
        self.description: Mapping[str, Any] = subject["description"] or {}
        self.state: str = subject["state"]
        self.why: str = subject["reason"]
        self.run = run
        self.results = [result for result in results if result["verdict"] != Verdict.UNSUPPORTED]
        self.unsupported = len(results) - len(self.results)

    @property
    def version(self) -> str:
        """Its version, as it says itself."""
        return str(self.description.get("version", ""))

    @cached_property
    def kinds(self) -> Counter[Kind]:
        """How many results there are of each kind."""
        return Counter(Kind(result["kind"]) for result in self.results)

    @cached_property
    def by_rule(self) -> dict[str, Counter[Kind]]:
        """How many results of each kind each rule has, in the order of the rules."""
        counts: dict[str, Counter[Kind]] = defaultdict(Counter)
        for result in self.results:
            for rule in result["rules"]:
                counts[rule][Kind(result["kind"])] += 1
        return {rule: counts[rule] for rule in rules() if rule in counts}

    @property
    def kind(self) -> Kind | None:
        """The worst that is to be said of it; None if nothing was judged."""
        return worst(self.kinds) if self.results else None

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
        """The rules in which it shows most that something is not as it should be: each with the worst kind and how many results.

        A case exercises several rules. Of these, the one is named of whose results most deviate; then, of the cases that this
        does not explain, the next.
        """
        rates = {
            rule: 1 - counts[Kind.FOLLOWS] / sum(counts.values())
            for rule, counts in self.by_rule.items()
            if worst(counts) != Kind.FOLLOWS
        }
        left = [result for results in self.deviating.values() for result in results if result["kind"] != Kind.FOLLOWS]
        found = []
        for rule in sorted(rates, key=lambda rule: rates[rule], reverse=True):
            explained = [result for result in left if rule in result["rules"]]
            if explained:
                found.append((rule, worst_of(explained), len(explained)))
                left = [result for result in left if rule not in result["rules"]]
        return sorted(found, key=lambda each: (each[1] != Kind.WRONG, list(rules()).index(each[0])))

    @cached_property
    def deviating(self) -> dict[str, list[dict[str, Any]]]:
        """The results that are not as they should be, by case."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for result in self.results:
            if result["kind"] != Kind.FOLLOWS or result["verdict"] == Verdict.UNEXPECTED_PASS:
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


def worst_of(results: Iterable[Mapping[str, Any]]) -> Kind:
    """Returns the worst kind of results."""
    return worst(Counter(Kind(result["kind"]) for result in results))


def why(result: Mapping[str, Any]) -> tuple[str, str]:
    """Returns what is known of a deviation, and what was seen: a listed one has both in its reason, with a dash between."""
    reason: str = result["reason"]
    if result["verdict"] == Verdict.KNOWN and " — " in reason:
        known, _, seen = reason.rpartition(" — ")
        return known, seen
    return "", f"{result['verdict']}: {reason}" if reason else result["verdict"]


def split_link(text: str) -> tuple[str, str]:
    """Returns a reason without the address at its end, and that."""
    link = _LINK.search(text)
    return (text[: link.start()], link[1]) if link else (text, "")


def reasons_for(results: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """Returns the reasons of results, the most frequent of the worst kind first."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        known, seen = why(result)
        groups[known or seen.partition(":")[0]].append(result)
    found = []
    for said, members in groups.items():
        text, link = split_link(said)
        found.append(
            Reason(
                text=text,
                link=link,
                kind=worst_of(members),
                listed=all(result["verdict"] == Verdict.KNOWN for result in members),
                cases=tuple(dict.fromkeys(result["case"] for result in members)),
                results=len(members),
            )
        )
    return sorted(found, key=lambda reason: (list(Kind).index(reason.kind), reason.results), reverse=True)


@dataclass(frozen=True, slots=True)
class Site:
    """What a site shows: implementations that took part, in order of their names but ours first, and those that did not."""

    inputs: Inputs
    implementations: list[Implementation]
    missing: list[Implementation]

    @property
    def incomplete(self) -> list[File]:
        """Files of runs that were cut off."""
        return [file for file in self.inputs.files if not file.complete]


def digest(inputs: Inputs) -> Site:
    """Returns what result files say, each implementation as in the newest run in which it took part."""
    newest: dict[str, Implementation] = {}
    for run in inputs.runs:
        by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for result in run.results:
            by_name[result["implementation"]].append(result)
        for subject in run.subjects:
            name = subject["implementation"]
            found = Implementation(subject, run, by_name[name])
            if found.results or name not in newest:
                newest[name] = found
    ordered = sorted(newest.values(), key=lambda i: (not i.name.startswith("roikit"), i.name))
    return Site(inputs, [i for i in ordered if i.results], [i for i in ordered if not i.results])


def for_script(data: Any) -> str:
    """Returns data as JSON that may stand in a page: nothing in it ends a script."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
