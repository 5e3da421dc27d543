"""Prints what a run came to: a table of implementations × groups of cases, and why cases deviate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from ..cases import quick
from ..results.gate import Gate
from ..results.kinds import Kind, by_rule
from ..results.summary import NOTHING, Cell, Mark
from ..results.titles import in_words
from ..verdict import FAILURES, Verdict
from ..workers.greeting import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cases.case import Case
    from ..results.gates import Comparison
    from ..results.result import Result
    from ..results.summary import Row, Summary
    from ..terminal import Console

_COLOURS = {Mark.NOT_RUN: "dim", Mark.CONFORMS: "green", Mark.KNOWN: "yellow", Mark.DEVIATES: "bold red"}
_KINDS = {Kind.FOLLOWS: "green", Kind.DIFFERS: "yellow", Kind.WRONG: "bold red"}
_REASONS_SHOWN = 12
_LACKS_SHOWN = 6
_UNBOUNDED_WIDTH = 1000


def show(console: Console, summary: Summary, *, verbose: bool) -> None:
    """Prints a run."""
    tables = summary.tables()
    for operator, rows in tables:
        if len(tables) > 1:
            _print(console, f"\n[bold]{operator}[/]")
        _show_table(console, rows, summary.groups[operator])
    for subject in summary.subjects:
        if subject.state != "ran":
            colour = "dim" if subject.state == "absent" else "bold red"
            _print(console, f"[{colour}]{escape(f'{subject.implementation}: {subject.state}: {subject.reason}')}[/]")
    _show_rules(console, summary)
    _show_unsupported(console, summary)
    _explain(console, summary, verbose=verbose)
    if summary.causes:
        console.print()
    for cause in summary.causes:
        colour = "bold" if cause.said else "dim"
        _print(console, f"[bold red]why[/] {escape(cause.implementation)} · [{colour}]{escape(cause.text)}[/]")
    headline = summary.headline()
    _print(console, f"\n{headline}" if summary.results else f"[bold red]{headline}[/]")


def show_tier(console: Console, summary: Summary, cases: Sequence[Case]) -> None:
    """Prints what the quick tier is, and which dialects were judged as one since they are one under several names."""
    ran = {result.operator for result in summary.results}
    if not ran:
        return
    count = sum(case.operator in ran for case in cases)
    about = "that notice every fault which all cases notice, in float32 and 16 bits; --full runs all"
    _print(console, f"[dim]Quick tier: the {count} cases {about}.[/]")
    shown = {(result.operator, result.dialect) for result in summary.results}
    described = [describe(subject) for subject in summary.subjects if subject.state == "ran"]
    offered = [(operator, description.capability(operator)) for description in described for operator in ran]
    names = {
        " = ".join(same)
        for operator, capability in offered
        for same in quick.names_of_each(operator, capability.dialects if capability else ())
        if len(same) > 1 and any((operator, name) in shown for name in same)
    }
    for each in sorted(names):
        _print(console, f"[dim]judged once: {escape(each)}[/]")


def show_gates(
    console: Console, gates: Sequence[Gate], failing: Sequence[Result], comparison: Comparison | None
) -> None:
    """Prints what changed since the baseline, and what fails the run if gates were chosen."""
    for line in comparison.lines() if comparison else ():
        _print(console, escape(line))
    if tuple(gates) != (Gate.DEVIATION,):
        _print(console, f"{len(failing)} results fail on {' or '.join(gate.value for gate in gates)}")


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True, emoji=False)


def _coloured(cell: Cell) -> str:
    return f"[{_COLOURS[cell.mark]}]{cell}[/]"


def _show_table(console: Console, rows: Sequence[Row], groups: Sequence[str]) -> None:
    """Prints a table, or, where it would not fit, a line for each row that names the groups with a failure."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("implementation", no_wrap=True)
    table.add_column("dialect", no_wrap=True)
    for group in groups:
        table.add_column(group, justify="right", no_wrap=True)
    previous = ""
    for row in rows:
        name = escape(row.implementation) if row.implementation != previous else ""
        table.add_row(name, escape(row.label), *(_coloured(row.cells.get(group, NOTHING)) for group in groups))
        previous = row.implementation
    if console.measure(table, options=console.options.update(max_width=_UNBOUNDED_WIDTH)).maximum <= console.width:
        console.print(table)
        return
    for row in rows:
        poor = [f"{group} {_coloured(c)}" for group, c in row.cells.items() if c.mark in (Mark.KNOWN, Mark.DEVIATES)]
        _print(
            console, f"{escape(row.implementation)} · {escape(row.label)}: {_coloured(row.total)}  {'  '.join(poor)}"
        )


def _show_rules(console: Console, summary: Summary) -> None:
    """Prints, for each implementation, which rules it follows, from which it differs, and where it is wrong."""
    console.print()
    for name, rules in by_rule(summary.results).items():
        parts = [f"[{_KINDS[kind]}]{kind.value}[/] {text}" for kind, text in in_words(rules).items()]
        _print(console, f"{escape(name)} {'; '.join(parts)}")


def _show_unsupported(console: Console, summary: Summary) -> None:
    """Prints, for each implementation, what its library has no way to do, and of how many results that was asked."""
    for name, lacking in summary.unsupported().items():
        shown = [f"{reason} ({count})" for reason, count in lacking.most_common(_LACKS_SHOWN)]
        more = [f"{len(lacking) - _LACKS_SHOWN} more; -v shows all"] if len(lacking) > _LACKS_SHOWN else []
        _print(console, f"[dim]{escape(name)} unsupported {escape('; '.join([*shown, *more]))}[/]")


def _explain(console: Console, summary: Summary, *, verbose: bool) -> None:
    """Prints the reasons of what does not conform; without ``verbose`` only the first few failures and contested results."""
    more = (Verdict.KNOWN, Verdict.UNSUPPORTED) if verbose else ()
    reasons = summary.reasons(*FAILURES, Verdict.CONTESTED, *more)
    shown = reasons if verbose else reasons[:_REASONS_SHOWN]
    if shown:
        console.print()
    for reason in shown:
        verdict = reason.verdict
        colour = "red" if verdict.is_failure else "dim" if verdict == Verdict.UNSUPPORTED else "yellow"
        line = f"[{colour}]{verdict.value}[/] {escape(reason.implementation)} · [bold]{escape(reason.case)}[/]"
        _print(console, f"{line} · {escape(reason.where)}\n    {escape(reason.text)}")
    if len(reasons) > len(shown):
        _print(console, f"… and {len(reasons) - len(shown)} more; -v shows all")
