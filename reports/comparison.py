"""What changed from one result file to another of the same kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.markup import escape
from rich.table import Table

from ..conformance.results.kinds import Kind
from ..conformance.results.result import key_of_record
from ..conformance.terminal import Console
from ..conformance.verdict import Verdict
from .files import Record, Run
from .tables import OURS, commit_of, machine_of, with_operator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .files import File

_KINDS = list(Kind)


class IncomparableError(ValueError):
    """Two files that say nothing of each other."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not as it was."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed.

    Attributes:
        title: What was compared.
        notes: What must be known to read it.
        worse, better: Changes for the worse and the better.
        other: Changes that are neither.
        same: How many results or times are as they were.
        only: How many are in the first file alone, and in the second alone.
        complete: Whether both runs came to their end.
    """

    title: str
    notes: tuple[str, ...]
    worse: tuple[Change, ...]
    better: tuple[Change, ...]
    other: tuple[Change, ...]
    same: int
    only: tuple[int, int]
    complete: bool

    @property
    def passes(self) -> bool:
        """Whether nothing is worse: of a run that was cut off nobody can say so."""
        return self.complete and not self.worse


def compare(before: File, after: File, threshold: float = 0.0) -> Comparison:
    """What changed from ``before`` to ``after``; a time that changed by less than a fraction, the ``threshold``, did not.

    Raises:
        IncomparableError: they are not two conformance runs, or two records of the same machine.
    """
    if isinstance(before, Run) and isinstance(after, Run):
        return _results(before, after)
    if isinstance(before, Record) and isinstance(after, Record):
        return _times(before, after, threshold)
    raise IncomparableError(
        f"{before.path.name} and {after.path.name} are not two conformance runs, nor two records of benchmarks"
    )


def _notes(*files: File) -> Iterator[str]:
    for file in files:
        if not file.complete:
            yield f"{file.path.name} is incomplete: its run was cut off"


def _results(before: Run, after: Run) -> Comparison:
    old, new = (
        {(record["operator"], *key_of_record(record)): record for record in run.results} for run in (before, after)
    )
    changes: dict[str, list[Change]] = {"worse": [], "better": [], "other": []}
    same = 0
    for key in old.keys() & new.keys():
        kind = _direction(old[key], new[key])
        if kind is None:
            same += 1
        else:
            operator, implementation, dialect, case, dtype, layout = key
            what = f"{implementation} · {case} · {with_operator(operator, dialect)} {dtype} {layout}"
            changes[kind].append(Change(what, _verdict(old[key]), _verdict(new[key])))
    versions = _versions(before, after)
    changes["worse"] += _broken(before, after)
    return Comparison(
        title=f"{before.path.name} ({before.started:%Y-%m-%d %H:%M}) and {after.path.name} ({after.started:%Y-%m-%d %H:%M})",
        notes=(*_notes(before, after), *versions),
        **{name: tuple(sorted(found, key=lambda change: change.what)) for name, found in changes.items()},
        same=same,
        only=(len(old.keys() - new.keys()), len(new.keys() - old.keys())),
        complete=before.complete and after.complete,
    )


def _versions(before: Run, after: Run) -> Iterator[str]:
    """Which implementations have another version, or ran in one run only."""
    old, new = (
        {s["implementation"]: s["description"]["version"] for s in run.subjects if s["state"] == "ran"}
        for run in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        one, two = old.get(name), new.get(name)
        if one != two:
            yield f"{name} {one or 'did not run'} → {two or 'did not run'}"


def _broken(before: Run, after: Run) -> Iterator[Change]:
    """The implementations that ran, and cannot be loaded any more."""
    ran = {subject["implementation"] for subject in before.subjects if subject["state"] == "ran"}
    for subject in after.subjects:
        if subject["state"] == "broken" and subject["implementation"] in ran:
            yield Change(subject["implementation"], "ran", f"broken: {subject['reason']}")


def _direction(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Whether a result is ``"worse"``, ``"better"`` or ``"other"``; None if it is as it was."""
    ranks = [(Verdict(result["verdict"]).is_failure, _KINDS.index(Kind(result["kind"]))) for result in (old, new)]
    if ranks[0] != ranks[1]:
        return "worse" if ranks[1] > ranks[0] else "better"
    changed = any(old[field] != new[field] for field in ("verdict", "difference"))
    return "other" if changed else None


def _verdict(result: Mapping[str, Any]) -> str:
    difference = result["difference"]
    numbers = f": {difference['got']}, not {difference['expected']}" if difference else ""
    return f"{result['verdict']}{numbers}"


def _times(before: Record, after: Record, threshold: float) -> Comparison:
    machines = [machine_of(record.document) for record in (before, after)]
    if machines[0] != machines[1]:
        raise IncomparableError(f"times of different machines say nothing of each other: {machines[0]}, {machines[1]}")
    old, new = _medians(before), _medians(after)
    common = old.keys() & new.keys()
    peers = _peers(old, new, common)
    worse: list[Change] = []
    better: list[Change] = []
    same = 0
    for key in sorted((key for key in common if key.library == OURS), key=str):
        ratio = new[key].seconds / old[key].seconds
        noise = 1 + max(old[key].noise, new[key].noise, threshold)
        least, most = peers.get(key.workload, (1.0, 1.0))
        if least / noise <= ratio <= most * noise:
            same += 1
            continue
        slower = ratio > most * noise
        corrected = ratio / (most if slower else least)
        beside = f"; {corrected:.2f} times beside peers, which took {least:.2f} to {most:.2f} times" * (
            key.workload in peers
        )
        said = f"{new[key].seconds:.4g} s, {ratio:.2f} times{beside}; noise {noise - 1:.1%}"
        (worse if slower else better).append(Change(str(key), f"{old[key].seconds:.4g} s", said))
    alone = len({key.workload for key in common} - peers.keys())
    commits = " and ".join(commit_of(record.document) for record in (before, after))
    notes = [*_notes(before, after), *_changed_peers(before, after)]
    if alone:
        notes.append(
            f"{alone} workloads have no peer in both: there a change of the machine cannot be told from one of the code"
        )
    return Comparison(
        title=f"commits {commits} on {machines[0]}",
        notes=(*notes, *_wrong(before), *_wrong(after)),
        worse=tuple(worse),
        better=tuple(better),
        other=(),
        same=same,
        only=(len(old.keys() - new.keys()), len(new.keys() - old.keys())),
        complete=before.complete and after.complete,
    )


@dataclass(frozen=True, slots=True)
class _Time:
    seconds: float
    noise: float


class _Key(NamedTuple):
    """What was timed: a workload, and whose kernel on which arrays."""

    workload: tuple[Any, ...]
    """Operator, row, operation, place, threads, kind of time."""
    library: str
    layout: str
    dtype: str

    def __str__(self) -> str:
        operator, row, operation, place, threads, kind = self.workload
        where = f"{place} {threads} thr." if threads else place
        return f"{with_operator(operator, row)} {operation} {where} {kind} {self.library} {self.layout} {self.dtype}"


def _medians(record: Record) -> dict[_Key, _Time]:
    """The times of correct results."""
    found = {}
    for row in record.document["rows"]:
        about = row["operator"], row["row"], row.get("operation", "forward"), row["place"], row["threads"]
        for entry in row["entries"]:
            if entry["verdict"] == "correct":
                for kind, summary in entry["times"].items():
                    key = _Key((*about, kind), entry["library"], entry["layout"], entry["dtype"])
                    found[key] = _Time(summary["median"], row["control"]["threshold"])
    return found


def _wrong(record: Record) -> Iterator[str]:
    for row in record.document["rows"]:
        for entry in row["entries"]:
            if entry["verdict"] != "correct":
                named = with_operator(row["operator"], row["row"])
                what = f"{named} {entry['library']} {entry['layout']} {entry['dtype']}"
                yield f"{record.path.name}: {what} is wrong, and its time counts for nothing: {entry['reason']}"


def _peers(
    old: Mapping[_Key, _Time], new: Mapping[_Key, _Time], common: set[_Key]
) -> dict[tuple[Any, ...], tuple[float, float]]:
    """For each workload the least and the greatest factor by which the time of a peer changed.

    Their code is the same, so that this is what the machine does from run to run.
    """
    found: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for key in common:
        if key.library != OURS:
            found[key.workload].append(new[key].seconds / old[key].seconds)
    return {workload: (min(ratios), max(ratios)) for workload, ratios in found.items()}


def _changed_peers(before: Record, after: Record) -> Iterator[str]:
    """Which packages have another version, so that their times say less of the machine."""
    old, new = (record.document["versions"] for record in (before, after))
    for name in sorted(old.keys() & new.keys() - {OURS}):
        if old[name] != new[name]:
            yield f"{name} {old[name]} → {new[name]}"


_SECTIONS = (("worse", "bold red"), ("better", "green"), ("other", "yellow"))
_WORDS = {"worse": "worse", "better": "better", "other": "changed otherwise"}


def _sections(found: Comparison) -> Iterator[tuple[str, str, Sequence[Change]]]:
    for name, colour in _SECTIONS:
        changes: tuple[Change, ...] = getattr(found, name)
        if changes:
            yield name, colour, changes


def _headline(found: Comparison) -> str:
    counts = Counter({_WORDS[name]: len(changes) for name, _, changes in _sections(found)})
    parts = [f"{count} {word}" for word, count in counts.items()] or ["nothing changed"]
    rest = [
        f"{found.same} as before",
        *(f"{n} only in {which}" for n, which in zip(found.only, "AB", strict=True) if n),
    ]
    return ", ".join((*parts, *rest)) + ("" if found.complete else "; incomplete, which counts as worse")


def show(found: Comparison, most: int) -> None:
    """Prints a comparison."""
    console = Console(highlight=False)
    console.print(found.title, style="bold", markup=False, soft_wrap=True)
    for note in found.notes:
        console.print(note, style="dim", markup=False, soft_wrap=True)
    for name, colour, changes in _sections(found):
        table = Table(title=_WORDS[name], title_style=colour, title_justify="left", box=None, header_style="bold")
        for heading in ("", "A", "B"):
            table.add_column(heading, overflow="fold")
        for change in changes[:most]:
            table.add_row(*map(escape, (change.what, change.before, change.after)))
        console.print(table)
        if len(changes) > most:
            console.print(f"… and {len(changes) - most} more (--most)")
    console.print(_headline(found))


def markdown(found: Comparison, most: int) -> str:
    """A comparison as Markdown."""
    lines = [f"### {_escaped(found.title)}", "", _headline(found), "", *(f"* {_escaped(note)}" for note in found.notes)]
    for name, _, changes in _sections(found):
        lines += ["", f"**{len(changes)} {_WORDS[name]}**", "", "| | A | B |", "|---|---|---|"]
        lines += [f"| {_escaped(c.what)} | {_escaped(c.before)} | {_escaped(c.after)} |" for c in changes[:most]]
        if len(changes) > most:
            lines.append(f"| … and {len(changes) - most} more | | |")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
