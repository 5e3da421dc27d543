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

    Cells = dict[str, list[Verdict]]
    """Verdicts by group of cases."""

_REASONS_SHOWN = 12
_UNBOUNDED_WIDTH = 1000


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
        _show_table(console, _rows(ordered), list(dict.fromkeys(case.group for case in cases)))
    for name in order:
        subject = by_name[name]
        if subject.state != "ran":
            colour = "dim" if subject.state == "absent" else "bold red"
            _print(console, f"[{colour}]{escape(name)}: {subject.state}: {escape(subject.reason)}[/]")
    _explain(console, ordered, verbose=verbose)
    _summarise(console, ordered)


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)


def _rows(results: Sequence[Result]) -> list[tuple[str, list[str], Cells]]:
    """Returns (implementation, dialects, cells); dialects of an implementation with equal counts share a row."""
    by_dialect: dict[tuple[str, str], Cells] = defaultdict(lambda: defaultdict(list))
    for result in results:
        by_dialect[result.implementation, result.dialect][result.group].append(result.judgement.verdict)
    rows: list[tuple[str, list[str], Cells]] = []
    for (name, dialect), cells in by_dialect.items():
        previous = next((row for row in rows if row[0] == name and _looks(row[2]) == _looks(cells)), None)
        if previous:
            previous[1].append(dialect)
        else:
            rows.append((name, [dialect], cells))
    return rows


def _looks(cells: Cells) -> dict[str, str]:
    return {group: _cell(verdicts) for group, verdicts in cells.items()}


def _show_table(console: Console, rows: Sequence[tuple[str, list[str], Cells]], groups: Sequence[str]) -> None:
    """Prints a table, or, where it would not fit, a line for each row that names the groups with a failure."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("implementation", no_wrap=True)
    table.add_column("dialect", no_wrap=True)
    for group in groups:
        table.add_column(group, justify="right", no_wrap=True)
    previous = ""
    for name, dialects, cells in rows:
        label = escape(name) if name != previous else ""
        table.add_row(label, _dialects(dialects), *(_cell(cells.get(group, [])) for group in groups))
        previous = name
    if console.measure(table, options=console.options.update(max_width=_UNBOUNDED_WIDTH)).maximum <= console.width:
        console.print(table)
        return
    for name, dialects, cells in rows:
        everything = [verdict for verdicts in cells.values() for verdict in verdicts]
        poor = [f"{group} {_cell(verdicts)}" for group, verdicts in cells.items() if _is_poor(verdicts)]
        _print(console, f"{escape(name)} · {_dialects(dialects)}: {_cell(everything)}  {'  '.join(poor)}")


def _dialects(dialects: Sequence[str]) -> str:
    return dialects[0] if len(dialects) == 1 else f"{dialects[0]} and {len(dialects) - 1} more"


def _is_poor(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict not in (Verdict.CONFORMS, Verdict.UNSUPPORTED) for verdict in verdicts)


def _cell(verdicts: Sequence[Verdict]) -> str:
    """Returns how many of the results that were run conform: red with a failure, yellow with a known deviation."""
    ran = [verdict for verdict in verdicts if verdict != Verdict.UNSUPPORTED]
    if not ran:
        return "[dim]–[/]"
    passed = sum(verdict == Verdict.CONFORMS for verdict in ran)
    if any(verdict.is_failure for verdict in ran):
        return f"[bold red]{passed}/{len(ran)} ✗[/]"
    return f"[yellow]{passed}/{len(ran)} ![/]" if passed < len(ran) else f"[green]{passed}[/]"


def _explain(console: Console, results: Sequence[Result], *, verbose: bool) -> None:
    """Prints the reasons of what does not conform, equal ones once; without ``verbose`` only the first few failures."""
    reasons: dict[tuple[str, str, Verdict, str], list[str]] = defaultdict(list)
    for result in results:
        verdict = result.judgement.verdict
        if verdict.is_failure or (verbose and verdict in (Verdict.KNOWN, Verdict.UNSUPPORTED)):
            key = (result.implementation, result.case, verdict, result.judgement.reason)
            reasons[key].append(f"{result.dialect} {result.dtype} {result.layout}")
    shown = list(reasons.items()) if verbose else list(reasons.items())[:_REASONS_SHOWN]
    if shown:
        console.print()
    for (name, case, verdict, reason), where in shown:
        colour = "red" if verdict.is_failure else "yellow" if verdict == Verdict.KNOWN else "dim"
        line = f"[{colour}]{verdict.value}[/] {escape(name)} · [bold]{case}[/] · {_shorten(where)}"
        _print(console, f"{line}\n    {escape(reason)}")
    if len(reasons) > len(shown):
        _print(console, f"… and {len(reasons) - len(shown)} more; -v shows all")


def _shorten(where: Iterable[str]) -> str:
    unique = list(dict.fromkeys(where))
    return unique[0] if len(unique) == 1 else f"{unique[0]} and {len(unique) - 1} more"


def _summarise(console: Console, results: Sequence[Result]) -> None:
    counts: dict[Verdict, int] = defaultdict(int)
    for result in results:
        counts[result.judgement.verdict] += 1
    if not results:
        _print(console, "[bold red]nothing was run[/]")
        return
    parts = [f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]]
    _print(console, f"\n{len(results)} results: {', '.join(parts)}")
