"""Fails if asv measured nothing: ``python -m benchmarks.ran [COMMIT]``, after ``asv run``.

asv itself is content with a run in which every row was skipped. Says how many rows of the newest results (or those of a
commit) have a number, and which benchmarks have none.
"""

from __future__ import annotations

import json
import math
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from .measuring.machine import ROOT

RESULTS = ROOT / ".asv" / "results"


def counts(results: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """For each benchmark in the contents of a result file of asv, how many rows it has, and how many with a number."""
    columns = results["result_columns"]
    found = {}
    for name, values in results["results"].items():
        rows = dict(zip(columns, values, strict=False))["result"] or [None]
        numbers = sum(isinstance(row, int | float) and not math.isnan(row) for row in rows)
        found[name] = (len(rows), numbers)
    return found


def newest(folder: Path, commit: str = "") -> Path | None:
    """The newest result file, of that commit if one is given."""
    files = [
        path
        for path in folder.glob("*/*.json")
        if path.name not in ("machine.json", "benchmarks.json") and path.name.startswith(commit[:8])
    ]
    return max(files, key=lambda path: path.stat().st_mtime, default=None)


def ran(
    commit: Annotated[str, typer.Argument(help="A commit; the newest results if none is given.")] = "",
    results: Annotated[Path, typer.Option(help="The results of asv.")] = RESULTS,
) -> None:
    """Fail if no row has a number."""
    path = newest(results, commit)
    if path is None:
        typer.echo(f"no results of asv in {results}", err=True)
        raise typer.Exit(1)
    found = counts(json.loads(path.read_text(encoding="utf-8")))
    rows, numbers = (sum(column) for column in zip(*found.values(), strict=True)) if found else (0, 0)
    typer.echo(f"{path.name}: {numbers} of {rows} rows have a number")
    for name, (_, measured) in found.items():
        if not measured:
            typer.echo(f"  none: {name}")
    if not numbers:
        typer.echo("nothing was measured", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(ran)
