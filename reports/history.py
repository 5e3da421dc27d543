"""What an implementation makes of an operator from version to version of it, and what changed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from packaging.version import VERSION_PATTERN
from packaging.version import Version as Release

from ..conformance.results.kinds import Kind
from ..conformance.results.result import key_of_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from ..conformance.results.result import Key
    from .files import Run


_T = TypeVar("_T")
_Judged = TypeVar("_Judged", bound="Judged")

_RELEASE = re.compile(rf"(?<![\w.+-])(?:{VERSION_PATTERN})", re.VERBOSE | re.IGNORECASE)
"""A version in what an implementation says of itself: ``0.29.1+cu130 (torch 2.14.1+cu130)`` has two."""


def _releases(version: str) -> tuple[Release, ...]:
    """The versions that an implementation names, its own first. What follows a plus says how it was built, not when."""
    return tuple(Release(Release(found.group()).public) for found in _RELEASE.finditer(version))


def from_old_to_new(items: Iterable[_T], version: Callable[[_T], str], started: Callable[[_T], datetime]) -> list[_T]:
    """What was made with versions of a library, by version, and of one version by when it was made.

    An old version that is judged again is no news of the library. Where somebody says no version, only time is known.
    """
    ordered = sorted(items, key=started)
    releases = [_releases(version(item)) for item in ordered]
    if not all(releases):
        return ordered
    places = sorted(range(len(ordered)), key=releases.__getitem__)
    return [ordered[place] for place in places]


class Judged(Protocol):
    """What a run says of an implementation and an operator."""

    @property
    def version(self) -> str:
        """Of the implementation."""

    @property
    def run(self) -> Run:
        """The run."""

    @property
    def results(self) -> Sequence[Mapping[str, Any]]:
        """The results that it offers."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changed since the version before, in the calls that both were asked.

    Attributes:
        since: That version.
        fixed: Cases of which some result follows its dialect now, and did not, and none got worse.
        worse: Cases of which some result follows it no more.
        other: Cases of which a result is of another kind now, neither of which follows.
        compared: How many results of both were compared.
    """

    since: str
    fixed: tuple[str, ...]
    worse: tuple[str, ...]
    other: tuple[str, ...]
    compared: int

    @property
    def is_any(self) -> bool:
        """Whether anything changed."""
        return bool(self.fixed or self.worse or self.other)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an implementation: of each call what the newest run of this version said.

    Attributes:
        name: As the implementation says it.
        started: When the newest run of it began.
        results: By what was called.
        change: Since the version before; None of the first.
    """

    name: str
    started: datetime
    results: Mapping[Key, Mapping[str, Any]]
    change: Change | None

    @property
    def kinds(self) -> Counter[Kind]:
        """How many results there are of each kind."""
        return Counter(Kind(result["kind"]) for result in self.results.values())

    def shows(self, keys: Iterable[Key]) -> bool | None:
        """Whether any of these calls is not as it should be; None if it was asked none of them."""
        asked = [self.results[key] for key in keys if key in self.results]
        return any(result["kind"] != Kind.FOLLOWS for result in asked) if asked else None


def in_order(judged: Iterable[_Judged]) -> list[_Judged]:
    """What runs say of an implementation, from old to new."""
    return from_old_to_new(judged, lambda each: each.version, lambda each: each.run.started)


def versions_of(judged: Sequence[Judged]) -> list[Version]:
    """The versions that were judged, from old to new; ``judged`` is what each run says, `in_order`."""
    by_name: dict[str, list[Judged]] = {}
    for each in judged:
        by_name.setdefault(each.version, []).append(each)
    found: list[Version] = []
    for name, runs in by_name.items():
        results = {key_of_record(result): result for each in runs for result in each.results}
        change = _change(found[-1], results) if found else None
        found.append(Version(name, runs[-1].run.started, results, change))
    return found


def _change(before: Version, after: Mapping[Key, Mapping[str, Any]]) -> Change:
    changed: dict[str, dict[str, None]] = {"fixed": {}, "worse": {}, "other": {}}
    both = before.results.keys() & after.keys()
    for key in sorted(both):
        was, now = before.results[key]["kind"], after[key]["kind"]
        if was != now:
            what = "fixed" if now == Kind.FOLLOWS else "worse" if was == Kind.FOLLOWS else "other"
            changed[what][after[key]["case"]] = None
    worse = changed["worse"]
    fixed, other = (tuple(case for case in changed[what] if case not in worse) for what in ("fixed", "other"))
    return Change(before.name, fixed, tuple(worse), other, len(both))
