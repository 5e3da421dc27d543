"""What a run came to: the rows of its table, why what deviates does, how many results have each verdict.

`presentation` prints it and `exports` writes it to files.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .. import operators
from ..verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from ..cases.case import Case
    from ..diagnosing.cause import Cause
    from .result import Result, Subject


_OF_CALLS = re.compile(r"^call \d+ of \d+[^:]*: ")  # which of the calls of a case a reason is about
_PASSES = (Verdict.CONFORMS, Verdict.UNEXPECTED_PASS)


class Mark(StrEnum):
    """What the results of a cell have in common."""

    NOT_RUN = "–"
    CONFORMS = "✓"
    KNOWN = "!"
    DEVIATES = "✗"


@dataclass(frozen=True, slots=True)
class Cell:
    """How many of the results that were run conform, and whether any of them is a failure."""

    passed: int
    ran: int
    failed: bool

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Cell:
        """Counts verdicts."""
        ran = [verdict for verdict in verdicts if verdict != Verdict.UNSUPPORTED]
        return cls(sum(verdict in _PASSES for verdict in ran), len(ran), any(verdict.is_failure for verdict in ran))

    @property
    def mark(self) -> Mark:
        """The worst that is to be said of it."""
        if not self.ran:
            return Mark.NOT_RUN
        if self.failed:
            return Mark.DEVIATES
        return Mark.KNOWN if self.passed < self.ran else Mark.CONFORMS

    def __str__(self) -> str:
        match self.mark:
            case Mark.NOT_RUN as mark:
                return mark.value
            case Mark.CONFORMS:
                return str(self.passed)
            case mark:
                return f"{self.passed}/{self.ran} {mark.value}"


NOTHING = Cell(0, 0, failed=False)


@dataclass(frozen=True, slots=True)
class Row:
    """An implementation of an operator, under dialects that have the same counts in every group of cases."""

    implementation: str
    operator: str
    dialects: tuple[str, ...]
    cells: Mapping[str, Cell]

    @property
    def label(self) -> str:
        """Names the dialects."""
        return _and_more(self.dialects)

    @property
    def total(self) -> Cell:
        """All groups together."""
        cells = self.cells.values()
        return Cell(sum(c.passed for c in cells), sum(c.ran for c in cells), any(c.failed for c in cells))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a case has its verdict, in all the places, ``"dialect dtype layout"``, in which it does for this reason."""

    implementation: str
    case: str
    verdict: Verdict
    text: str
    places: tuple[str, ...]

    @property
    def where(self) -> str:
        """Names the places."""
        return _and_more(self.places)


def _and_more(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def reasons_of(results: Iterable[Result]) -> list[Reason]:
    """The reasons of results, equal ones once."""
    places: dict[tuple[str, str, Verdict, str], dict[str, None]] = defaultdict(dict)
    for result in results:
        judgement = result.judgement
        key = result.implementation, result.case, judgement.verdict, judgement.reason
        places[key][f"{result.dialect} {result.dtype} {result.layout}"] = None
    return [Reason(*key, tuple(where)) for key, where in places.items()]


def _groups(cases: Iterable[Case]) -> dict[str, list[str]]:
    """The groups of cases, by operator."""
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for case in cases:
        groups[case.operator][case.group] = None
    return {operator: list(names) for operator, names in groups.items()}


@dataclass(frozen=True, slots=True)
class Summary:
    """A run. Implementations are in the order in which they were asked for, and so are their results."""

    started: datetime
    subjects: Sequence[Subject]
    results: Sequence[Result]
    groups: Mapping[str, Sequence[str]]
    """For each operator the groups of the cases that were asked for: the columns of its table."""
    causes: Sequence[Cause] = ()
    """Why results are wrong, as far as that was found out."""
    cut_off: str = ""
    """Why not all calls were made; empty if they were."""

    @classmethod
    def of(
        cls,
        started: datetime,
        order: Sequence[str],
        subjects: Iterable[Subject],
        results: Iterable[Result],
        cases: Iterable[Case],
        causes: Sequence[Cause] = (),
        cut_off: str = "",
    ) -> Summary:
        """Sorts what a run reported by ``order``, the names of the implementations; ``cut_off`` says why it did not end."""
        return cls(
            started,
            sorted(subjects, key=lambda subject: order.index(subject.implementation)),
            sorted(results, key=lambda result: order.index(result.implementation)),
            _groups(cases),
            sorted(causes, key=lambda cause: order.index(cause.implementation)),
            cut_off,
        )

    def rows(self) -> list[Row]:
        """The rows of the table."""
        verdicts: dict[tuple[str, str, str], dict[str, list[Verdict]]] = defaultdict(lambda: defaultdict(list))
        for result in self.results:
            about = result.implementation, result.operator, result.dialect
            verdicts[about][result.group].append(result.judgement.verdict)
        rows: dict[tuple[str, str, frozenset[tuple[str, Cell]]], Row] = {}
        for (name, operator, dialect), by_group in verdicts.items():
            cells = {group: Cell.of(found) for group, found in by_group.items()}
            key = name, operator, frozenset(cells.items())
            dialects = rows[key].dialects if key in rows else ()
            rows[key] = Row(name, operator, (*dialects, dialect), cells)
        return list(rows.values())

    def tables(self) -> list[tuple[str, list[Row]]]:
        """For each operator of which there are results its rows."""
        rows = self.rows()
        found = ((operator, [row for row in rows if row.operator == operator]) for operator in self.groups)
        return [(operator, its_rows) for operator, its_rows in found if its_rows]

    def title(self) -> str:
        """The operators of which there are results, as texts have them."""
        names = dict.fromkeys(result.operator for result in self.results)
        return " and ".join(operators.get(name).title for name in names or [operators.DEFAULT])

    def reasons(self, *verdicts: Verdict) -> list[Reason]:
        """The reasons of the results with one of ``verdicts``, equal ones once."""
        return reasons_of(result for result in self.results if result.judgement.verdict in verdicts)

    def unsupported(self) -> dict[str, Counter[str]]:
        """How many results of each implementation are unsupported, by what its library has no way to do."""
        lacking: dict[str, Counter[str]] = defaultdict(Counter)
        for result in self.results:
            if result.judgement.verdict == Verdict.UNSUPPORTED:
                lacking[result.implementation][_OF_CALLS.sub("", result.judgement.reason)] += 1
        return dict(lacking)

    def headline(self) -> str:
        """How many results there are of each verdict."""
        incomplete = f"incomplete, {self.cut_off}: " if self.cut_off else ""
        if not self.results:
            return f"{incomplete}nothing was run"
        counts = Counter(result.judgement.verdict for result in self.results)
        return f"{incomplete}{len(self.results)} results: {counted(counts)}"


def counted(verdicts: Mapping[Verdict, int]) -> str:
    """How many results there are of each verdict, in words."""
    return ", ".join(f"{verdicts[verdict]} {verdict.value}" for verdict in Verdict if verdicts.get(verdict))
