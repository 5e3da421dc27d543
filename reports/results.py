"""Results of implementations: which are not as they should be, and why."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..conformance.results.kinds import Kind, worst
from ..conformance.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LINK = re.compile(r"\s*\((https?://[^\s)]+)\)\s*$")


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


def is_deviating(result: Mapping[str, Any]) -> bool:
    """Whether a result is not as it should be."""
    return bool(result["kind"] != Kind.FOLLOWS or result["verdict"] == Verdict.UNEXPECTED_PASS)


def worst_of(results: Iterable[Mapping[str, Any]]) -> Kind:
    """The worst kind of results."""
    return worst(Counter(Kind(result["kind"]) for result in results))


def why(result: Mapping[str, Any]) -> tuple[str, str]:
    """What is known of a deviation, and what was seen: a listed one has both in its reason, with a dash between."""
    reason: str = result["reason"]
    if result["verdict"] == Verdict.KNOWN and " — " in reason:
        known, _, seen = reason.rpartition(" — ")
        return known, seen
    return "", f"{result['verdict']}: {reason}" if reason else result["verdict"]


def split_link(text: str) -> tuple[str, str]:
    """A reason without the address at its end, and that."""
    link = _LINK.search(text)
    return (text[: link.start()], link[1]) if link else (text, "")


def reasons_for(results: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """The reasons of results, the most frequent of the worst kind first."""
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


def rows_of(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Results, those with the same numbers in one row."""
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for result in results:
        difference = result["difference"] or {}
        error = result["error_over_bound"]
        key = (
            result["dialect"], _verdict(result), result["kind"], ", ".join(map(str, difference.get("index", []))),
            _number(difference.get("expected")), _number(difference.get("got")), "" if error is None else f"{error:.3g}",
        )  # fmt: skip
        places[key].append(f"{result['dtype']} {result['layout']}")
    fields = ("dialect", "verdict", "kind", "index", "expected", "got", "error")
    return [{**dict(zip(fields, key, strict=True)), "places": ", ".join(where)} for key, where in places.items()]


def _verdict(result: Mapping[str, Any]) -> str:
    """The verdict; of a known deviation, what it would be if it were not listed."""
    return f"{result['listed']}, known" if result["listed"] else str(result["verdict"])


def _number(value: float | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:.9g}"
