"""Known deviations: where an implementation is known not to do what its dialect says, and why.

One file per implementation, ``deviations/NAME.toml`` (``schema/deviations.schema.json``). What is listed does not fail a run. An
id of a case that does not deviate does, so that the lists stay true; and so does a pattern under which nothing deviates any more
(`known_deviations`). A pattern that matches no case is an error.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .. import operators
from ..call import DTYPES
from ..cases.golden import golden_ids
from ..documents import Schema, fault, is_file_name, read_text
from ..errors import FileError
from ..verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..cases.case import Case

TODO = "TODO:"
"""How the reason of an entry begins that nobody has understood yet."""

_SCHEMA = Schema("deviations")
_HEADER = re.compile(r"\s*\[\[\s*deviation\s*\]\]")
_WILD = frozenset("*?[")
_WILDS = re.compile(r"[*?]|\[[^]]*\]")


class DeviationListError(FileError):
    """A list of known deviations that cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A known deviation.

    Attributes:
        cases: Ids of cases, or patterns of ids.
        operators: Patterns of operators.
        dialects: Patterns of dialects.
        dtypes: Patterns of data types.
        reason: What the implementation does.
        link: Where that can be read; may be empty.
        sometimes: Whether the result may also happen to be right, as it may where memory is read that nobody wrote.
        choices: By decision point, what the implementation chooses instead, if that is how it deviates.
        probes: Patterns of probes that no dialect explains for this reason, when a dialect is read off it.
        verdicts: What becomes of the cases, ``crashed`` for example, and nothing else is excused; all failures, if empty.
    """

    cases: tuple[str, ...]
    dialects: tuple[str, ...]
    dtypes: tuple[str, ...]
    reason: str
    link: str
    sometimes: bool
    choices: Mapping[str, Any] = field(default_factory=dict)
    operators: tuple[str, ...] = ("*",)
    probes: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()

    def matches(self, operator: str, case: str, dialect: str, dtype: str) -> bool:
        """Whether this deviation is about the case of this id in ``dialect`` and ``dtype``."""
        return _matches(case, self.cases) and self.is_about(operator, dialect, dtype)

    def tells_of(self, verdict: Verdict | None) -> bool:
        """Whether a case that it is about may fail in this way, or should not conform; without a verdict, fail in any."""
        return not self.verdicts or verdict in (Verdict.CONFORMS, *self.verdicts)

    def names(self, case: str) -> bool:
        """Whether the case is listed by its id: then it is known to deviate, and not only some that are called like it."""
        return case in self.cases

    def is_strict(self, case: str) -> bool:
        """Whether it is wrong if the case conforms."""
        return self.names(case) and not self.sometimes

    def patterns(self, case: str) -> list[str]:
        """The patterns, other than its id, that the id of a case matches."""
        return [pattern for pattern in self.cases if is_pattern(pattern) and fnmatchcase(case, pattern)]

    def closeness(self, case: str) -> tuple[bool, int]:
        """How closely it says that it is about the case of this id: by it, or by how much of it."""
        return self.names(case), max((len(_WILDS.sub("", text)) for text in self.patterns(case)), default=0)

    def is_about(self, operator: str, dialect: str, dtype: str) -> bool:
        """Whether this deviation is about any case of ``operator`` in ``dialect`` and ``dtype``."""
        about = (operator, self.operators), (dialect, self.dialects), (dtype, self.dtypes)
        return all(_matches(name, patterns) for name, patterns in about)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def is_pattern(text: str) -> bool:
    """Whether it stands for several ids."""
    return not _WILD.isdisjoint(text)


def parse(text: str, where: object, ids: Iterable[str], *, drafts: bool = False) -> tuple[Deviation, ...]:
    """The deviations of a TOML document from cases of these ids; ``where`` names it in errors.

    Raises:
        DeviationListError: it is not such a document, or a pattern matches no case; or, unless ``drafts`` will do, a reason
            is still to be written.
    """
    known = {
        "cases": list(ids),
        "operators": list(operators.NAMES),
        "dialects": [name for operator in operators.everyone() for name in operator.dialects],
        "dtypes": list(DTYPES),
        "probes": [
            probe.name for each in operators.everyone() if each.probes for probe in each.probes.offered(each.modes)
        ],
    }
    entries = _entries(text, where)
    return tuple(_deviation(entry, _Entry(text, where, n), known, drafts=drafts) for n, entry in enumerate(entries))


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where an entry stands: the text of the file, its name, and the number of the entry, counted from 0."""

    text: str
    file: object
    number: int

    def error(self, what: str, key: str = "") -> DeviationListError:
        """What to raise if something is wrong with the entry, or a key of it."""
        field = ", ".join(filter(None, (f"deviation {self.number + 1}", key)))
        return DeviationListError(what, self.file, self._line(key), field)

    def _line(self, key: str) -> int | None:
        """The line of a key of the entry, or else of its head; none if the table is written in another way."""
        lines = self.text.split("\n")
        heads = [n for n, line in enumerate(lines) if _HEADER.match(line) and _is_toml("\n".join(lines[:n]))]
        if self.number >= len(heads):
            return None
        head, end = heads[self.number], [*heads, len(lines)][self.number + 1]
        found = (n for n in range(head, end) if re.match(rf"\s*\"?{re.escape(key)}\"?\s*[=.]", lines[n]))
        return next(found, head) + 1 if key else head + 1


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True


def _entries(text: str, where: object) -> list[dict[str, Any]]:
    """The tables of a list that is what the schema says."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise DeviationListError(f"is no TOML that can be read: {error}", where) from None
    found = fault(_SCHEMA, _as_json(document))
    if found is None:
        entries: list[dict[str, Any]] = document.get("deviation", [])
        return entries
    path, what = found
    if len(path) < 2:
        raise DeviationListError(f"holds something else than [[deviation]] tables: {what}", where)
    key = str(path[2]) if len(path) > 2 else ""
    what = "is a date without quotes, such as 2026-11-24" if key == "added" else what
    raise _Entry(text, where, int(path[1])).error(what, key)


def _as_json(document: dict[str, Any]) -> Any:
    """A document as its schema has it, in which a date is ``{"date": "2026-11-24"}``."""

    def other(value: date | time) -> Any:
        return {"time" if isinstance(value, datetime | time) else "date": value.isoformat()}

    return json.loads(json.dumps(document, default=other))


def _deviation(entry: Mapping[str, Any], at: _Entry, known: Mapping[str, Sequence[str]], *, drafts: bool) -> Deviation:
    if entry["reason"].startswith(TODO) and not drafts:
        raise at.error(f"it is still to be written, {entry['reason']}", "reason")
    for key in known.keys() & entry.keys():
        for pattern in entry[key]:
            if not any(fnmatchcase(name, pattern) for name in known[key]):
                raise at.error(f"nothing matches {pattern!r}", key)
    names = [name for name in operators.NAMES if _matches(name, entry.get("operators", ["*"]))]
    return Deviation(
        cases=tuple(entry["cases"]),
        dialects=tuple(entry.get("dialects", ["*"])),
        dtypes=tuple(entry.get("dtypes", ["*"])),
        reason=entry["reason"],
        link=entry.get("link", ""),
        sometimes=entry.get("sometimes", False),
        choices=_choices(entry.get("choices", {}), names, at),
        operators=tuple(entry.get("operators", ["*"])),
        probes=tuple(entry.get("probes", [])),
        verdicts=tuple(entry.get("verdicts", [])),
    )


def _choices(table: Mapping[str, Any], names: Sequence[str], at: _Entry) -> dict[str, Any]:
    """The choices of a table, at decision points of the first of the named operators that has all of these."""
    problem: Exception | None = None
    for name in names:
        dialect = next(iter(operators.get(name).dialects.values()))
        try:
            return {point: getattr(replace(dialect, **{point: choice}), point) for point, choice in table.items()}
        except (AttributeError, TypeError) as error:  # no such point
            problem = problem if isinstance(problem, ValueError) else error
        except ValueError as error:  # the point, but no such choice
            problem = error
    raise at.error(f"these are decision points and their choices: {problem}", "choices")


@cache
def load(implementation: str) -> tuple[Deviation, ...]:
    """The known deviations of an implementation from golden cases; none if it has no list."""
    if not is_file_name(implementation):
        return ()
    file = files("roikit.conformance").joinpath("deviations", f"{implementation}.toml")
    return parse(file.read_text(encoding="utf-8"), file.name, golden_ids()) if file.is_file() else ()


def read(path: Path, ids: Iterable[str]) -> tuple[Deviation, ...]:
    """The known deviations of a file, from cases of these ids."""
    return parse(read_text(path), path, ids)


def find(
    deviations: Iterable[Deviation], case: Case, dialect: str, dtype: str, verdict: Verdict | None = None
) -> Deviation | None:
    """The one of ``deviations`` that is about a case in ``dialect`` and ``dtype``: about this verdict, or any failure."""
    about = in_order(deviations, case.operator, case.id, dialect, dtype)
    return next((known for _, known in about if known.tells_of(verdict)), None)


def in_order(
    deviations: Iterable[Deviation], operator: str, case: str, dialect: str, dtype: str
) -> list[tuple[int, Deviation]]:
    """Those of ``deviations`` that are about a case, with their places; first the one that says so most closely.

    Else what is said of all cases would be the reason of a crash that is listed by its id.
    """
    found = [(n, known) for n, known in enumerate(deviations) if known.matches(operator, case, dialect, dtype)]
    return sorted(found, key=lambda place: place[1].closeness(case), reverse=True)
