"""Prints the results of a run: a table of implementations × groups of cases, and why cases deviate."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from .judge import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from .case import Case
    from .results import Result, Subject

_REASONS_SHOWN = 12


def show(
    console: Console,
    order: Sequence[str],
    subjects: Sequence[Subject],
    results: Sequence[Result],
    cases: Sequence[Case],
    *,
    verbose: bool,
) -> None:
    """Prints a run. ``order`` is that of the implementations."""
    by_name = {subject.implementation: subject for subject in subjects}
    ordered = sorted(results, key=lambda result: order.index(result.implementation))
    if results:
        console.print(_table(ordered, list(dict.fromkeys(case.group for case in cases))))
    for name in order:
        subject = by_name[name]
        if subject.state != "ran":
            colour = "dim" if subject.state == "absent" else "red"
            console.print(f"[{colour}]{escape(name)}: {subject.state}: {escape(subject.reason)}[/]", highlight=False)
    _explain(console, ordered, verbose=verbose)
    _summarise(console, ordered)


def _table(results: Sequence[Result], groups: Sequence[str]) -> Table:
    """A cell counts what conforms of what was run; known deviations and failures are said beside it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("implementation")
    table.add_column("dialect")
    for group in groups:
        table.add_column(group, justify="right")
    rows: dict[tuple[str, str], dict[str, list[Verdict]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        rows[result.implementation, result.dialect][result.group].append(result.judgement.verdict)
    previous = ""
    for (name, dialect), cells in rows.items():
        label = escape(name) if name != previous else ""
        table.add_row(label, dialect, *(_cell(cells.get(group, [])) for group in groups))
        previous = name
    return table


def _cell(verdicts: Sequence[Verdict]) -> str:
    ran = [verdict for verdict in verdicts if verdict != Verdict.UNSUPPORTED]
    if not ran:
        return "[dim]–[/]"
    passed = sum(verdict == Verdict.CONFORMS for verdict in ran)
    if any(verdict.is_failure for verdict in ran):
        return f"[bold red]{passed}/{len(ran)} ✗[/]"
    return f"[yellow]{passed}/{len(ran)} ![/]" if passed < len(ran) else f"[green]{passed}/{len(ran)}[/]"


def _explain(console: Console, results: Sequence[Result], *, verbose: bool) -> None:
    """Prints the reasons of what does not conform, equal ones once; without ``verbose`` only the first few failures."""
    reasons: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for result in results:
        verdict = result.judgement.verdict
        if verdict.is_failure or (verbose and verdict == Verdict.KNOWN):
            key = (result.implementation, result.case, verdict.value, result.judgement.reason)
            reasons[key].append(f"{result.dialect} {result.dtype} {result.layout}")
    shown = list(reasons.items()) if verbose else list(reasons.items())[:_REASONS_SHOWN]
    if shown:
        console.print()
    for (name, case, verdict, reason), where in shown:
        colour = "yellow" if verdict == Verdict.KNOWN else "red"
        console.print(
            f"[{colour}]{verdict}[/] {escape(name)} · [bold]{case}[/] · {_shorten(where)}\n    {escape(reason)}",
            highlight=False,
            soft_wrap=True,
        )
    if len(reasons) > len(shown):
        console.print(f"… and {len(reasons) - len(shown)} more; -v shows all", highlight=False)


def _shorten(where: Iterable[str]) -> str:
    unique = list(dict.fromkeys(where))
    return unique[0] if len(unique) == 1 else f"{unique[0]} and {len(unique) - 1} more"


def _summarise(console: Console, results: Sequence[Result]) -> None:
    counts: dict[Verdict, int] = defaultdict(int)
    for result in results:
        counts[result.judgement.verdict] += 1
    if not results:
        console.print("[bold red]nothing was run[/]", highlight=False)
        return
    parts = [f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]]
    console.print(f"\n{len(results)} results: {', '.join(parts)}", highlight=False)
