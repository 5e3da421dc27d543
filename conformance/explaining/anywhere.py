"""What ``roikit explain`` prints of an operator whose bins may lie anywhere: step by step, then its points, then its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.columns import Columns

from ..explanation import decimal, differences, layers, place
from .tables import SHOWN, choices, matrix, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Group
    from rich.table import Table

    from ..explanation import Account, Bin, Mark
    from ..operator import Operator
    from ..terminal import Console

_TERMS = 8  # pixels of a point that are printed


def show(console: Console, operator: Operator, accounts: Sequence[Account], at: Bin) -> None:
    """Prints one dialect, or compares two."""
    console.print(_steps(accounts, at), "")
    outputs = [table for e in accounts for table in _outputs(e)]
    if len(accounts) > 1:
        console.print(choices(operator, *accounts), "")
        found = layers(differences(*(e.values for e in accounts)), "p")
        outputs += [matrix(f"second − first{name}", accounts[0].corner, cells) for name, cells in found.items()]
    console.print(Columns(outputs, padding=(0, 6)), "")
    for e in accounts:
        console.print(f"[bold]{_capital(e.called(at))}, {e.dialect}[/]")
        if marks := e.marks(at):
            console.print(_points(e, marks, e.winner(at)))
        if taps := e.taps(at):
            tables = [matrix(f"{_weights(e)}{name}", "y, x", cells) for name, cells in layers(taps, "z").items()]
            console.print("", Columns(tables, padding=(0, 6)))
        console.print(f"\n{e.rule}: [bold]{decimal(e.values[at])}[/]\n")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _weights(e: Account) -> str:
    return f"{e.rule.split()[0]} weights of the pixels"


def _outputs(e: Account) -> Iterator[Group]:
    for name, cells in layers(e.values, "p").items():
        yield matrix(f"{e.rule}, {e.dialect}{name}", e.corner, cells)


def _steps(accounts: Sequence[Account], at: Bin) -> Table:
    """What each rule makes of the call, under each dialect."""
    table = table_of("rule", "", *(e.dialect for e in accounts))
    for steps in zip(*(e.steps(at) for e in accounts), strict=True):
        table.add_row(steps[0].rule, steps[0].what, *(step.value for step in steps))
    return table


def _points(e: Account, marks: Sequence[Mark], won: int | None) -> Table:
    """The points of a bin, with the pixels that each reads."""
    position, boundary, value = e.point_rules
    axes = "x, y, z"[: 3 * len(marks[0].at) - 2]
    table = table_of(f"{position}\n({axes})", f"{boundary}\n", f"{value}\npixels", "\nvalue", "")
    for n, mark in enumerate(marks[:SHOWN]):
        where = "inside" if mark.moved == mark.at else f"moved to {place(*mark.moved)}"
        sign = e.winner_is if n == won and len(marks) > 1 else ""
        table.add_row(place(*mark.at), where if mark.corners else "outside", _terms(mark), decimal(mark.value), sign)
    if len(marks) > SHOWN:
        table.add_row(f"… and {len(marks) - SHOWN} more")
    return table


def _terms(mark: Mark) -> str:
    """The pixels that a point reads, each with its weight."""
    terms = [f"F[{','.join(map(str, pixel))}] · {decimal(weight)}" for pixel, weight in mark.corners if weight]
    return "  ".join(terms[:_TERMS])
