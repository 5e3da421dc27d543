"""Tables that ``roikit explain`` prints."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Literal

from rich.console import Group
from rich.table import Table

from ..explanation import decimal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..exact.numbers import Exact
    from ..explanation import Explanation, Pair
    from ..operator import Operator

SHOWN = 12
"""Samples of a bin, and rows and columns of a table."""


def table_of(*headings: str, justify: Literal["left", "right"] = "left") -> Table:
    """A table whose first column names: a rule, or a row."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, style="" if table.columns else "cyan", justify=justify, overflow="fold")
    return table


def matrix(title: str, corner: str, cells: Mapping[Pair, Exact]) -> Group:
    """A table of what stands where; blank where nothing stands."""
    rows, columns = (sorted(set(labels)) for labels in zip(*cells, strict=True))
    table = table_of(corner, *map(str, columns[:SHOWN]), *["…"] * (len(columns) > SHOWN), justify="right")
    for row in rows[:SHOWN]:
        shown = (decimal(cells[row, column]) if (row, column) in cells else "" for column in columns[:SHOWN])
        table.add_row(str(row), *shown)
    if len(rows) > SHOWN:
        table.add_row("…")
    return Group(f"[bold]{title}[/]", table)


def choices(operator: Operator, first: Explanation, second: Explanation) -> Table:
    """The decision points where two dialects differ."""
    table = table_of("rule", "decision point", first.dialect, second.dialect)
    one, two = (operator.dialects[e.dialect] for e in (first, second))
    rules = operator.probes.points if operator.probes else {}
    for name in (field.name for field in fields(one)):
        a, b = getattr(one, name), getattr(two, name)
        if a != b:
            idle = getattr(one.for_mode(first.call.mode), name) == getattr(two.for_mode(first.call.mode), name)
            table.add_row(rules.get(name, ""), name + (" (not in this mode)" if idle else ""), str(a), str(b))
    if not table.row_count:
        table.add_row("", "they agree")
    return table
