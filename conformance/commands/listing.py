"""What ``roikit list`` prints."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from .. import operators as registry
from ..cases.case import SIZES, up_to
from ..cases.golden import golden_cases
from ..cases.selection import check_names, select_cases
from ..implementation import registered
from ..peers import places
from ..terminal import Console
from ..verdicts.contested import question_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def _print(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Prints a table: to a terminal as wide as that is, elsewhere a line for each row, with nothing folded."""
    console = Console()
    if not console.is_terminal:
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        lines = (
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in (columns, *rows)
        )
        text = "\n".join(line.rstrip() for line in lines)
        console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def implementations(*, verbose: bool) -> None:
    """Prints the registered implementations and where each would run; with ``verbose`` under which Python."""
    rows = []
    for name, point in registered().items():
        place = places.find(point)
        state = f"{place.state}: {place.note}" if place.note else place.state
        where = place.python if place.state in ("here", "in its environment") else ""
        rows.append((name, state, place.install, where) if verbose else (name, state, place.install))
    columns = ("implementation", "where it runs", "install with")
    _print((*columns, "Python") if verbose else columns, rows)


def operators(*, verbose: bool) -> None:
    """Prints the operators; with ``verbose`` what each can be asked for."""
    rows = []
    for operator in registry.everyone():
        count = len(golden_cases(operator.name))
        row = (operator.name, f"{operator.prefix}-", str(len(operator.dialects)), str(count))
        asked = ", ".join(operator.operations), ", ".join(operator.modes)
        rows.append((*row, *asked, ", ".join(operator.main_dialects)) if verbose else row)
    columns = ("operator", "rules", "dialects", "cases")
    _print((*columns, "operations", "modes", "main dialects") if verbose else columns, rows)


def cases(names: Sequence[str], *, verbose: bool, size: str = SIZES[-1], patterns: Sequence[str] = ()) -> None:
    """Prints the golden cases of some operators, or of all, up to a size: those that any pattern picks."""
    rows = []
    known = golden_cases(*check_names("operator", names, registry.NAMES))
    for case in up_to(size, select_cases(known, patterns)):
        row = (case.operator, case.group, case.id, case.size, " ".join(case.rules), case.title)
        status = "contested" if question_of(case) else ""
        rows.append((*row, " ".join(case.dtypes), case.edition, status, case.source) if verbose else row)
    columns = ("operator", "group", "case", "size", "rules", "title")
    _print((*columns, "data types", "edition", "status", "source") if verbose else columns, rows)


def dialects(names: Sequence[str], *, verbose: bool) -> None:
    """Prints the dialects of some operators, or of all: where each differs from the defaults, or every choice."""
    rows = []
    for operator in map(registry.get, check_names("operator", names, registry.NAMES) or registry.NAMES):
        default = type(next(iter(operator.dialects.values())))()
        for name, dialect in operator.dialects.items():
            values = {field.name: getattr(dialect, field.name) for field in fields(dialect)}
            shown = {key: value for key, value in values.items() if verbose or value != getattr(default, key)}
            choices = ", ".join(f"{key}={value}" for key, value in shown.items()) or "(the defaults)"
            rows.append((operator.name, name, choices))
    _print(("operator", "dialect", "every choice" if verbose else "choices other than the defaults"), rows)
