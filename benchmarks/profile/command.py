"""Counts what a GPU has to do for rows, on a machine without one: ``python -m benchmarks.profile``, from the root of a checkout.

The kernels' PTX, as NVRTC makes it, runs by warps on a CPU, for the launches that a GPU would get: real plans, real rows. Of
large launches some blocks stand for all. The kernel that most libraries have is counted beside ours, in NCHW.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path  # noqa: TC003 - read by typer
from typing import TYPE_CHECKING, Annotated

import typer

from roikit.conformance.terminal import Console

from ..assembler.nvrtc import ARCHITECTURES
from ..measuring import machine
from ..measuring.contestant import DTYPES, LAYOUTS
from ..operators import OPERATORS, UNNAMED, operator_called
from ..record.document import now
from . import table
from .device import ARCHITECTURE, H200
from .rows import BLOCKS, LIBRARIES, profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..operator import Operator
    from .profiles import Profile

_CUT = 200  # columns of what is not printed to a terminal

ABOUT = (
    "Counted from PTX that a CPU ran, and predicted from these counts by the model of benchmarks/README.md; no GPU measured any "
    "of it. Written by python -m benchmarks.profile."
)

app = typer.Typer(add_completion=False)


def _chosen(kind: str, asked: Sequence[str] | None, offered: Sequence[str], default: Sequence[str]) -> list[str]:
    """What was asked for of what there is.

    Raises:
        BadParameter: something was asked for that is not there.
    """
    if unknown := sorted(set(asked or ()) - set(offered)):
        raise typer.BadParameter(f"no {kind} {', '.join(unknown)}; there are {', '.join(offered)}")
    return [each for each in offered if each in (asked or default)]


def _profiles(
    operator: Operator, operations: Sequence[str], rows: Sequence[str], libraries: Sequence[str],
    layouts: Sequence[str], dtypes: Sequence[str], architecture: str, blocks: int,
) -> Iterator[Profile]:  # fmt: skip
    for operation, row in itertools.product(operations, rows):
        for dtype, layout, library in itertools.product(dtypes, layouts, libraries):
            started = time.monotonic()
            what = f"{operator.name} {operation} {row} {library} {layout} {dtype}"
            try:
                found = profile(
                    operator, operator.operations(operation), row, library, layout, dtype, architecture, blocks
                )
            except ValueError as error:
                if library == LIBRARIES[0]:
                    raise
                typer.echo(f"{what}: left out, {error}", err=True)
                continue
            typer.echo(f"{what}: {time.monotonic() - started:.0f} s", err=True)
            yield found


def render(profiles: Sequence[Profile]) -> str:
    """The text of a file: a line for each profile."""
    head = {
        "about": ABOUT,
        "started": now(),
        "source": machine.source(),
        "versions": machine.versions(),
        "device": asdict(H200),
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    listed = ",\n".join(f"  {json.dumps(each.as_json())}" for each in profiles)
    return "\n".join(["{", *lines, ' "profiles": [', listed, " ]", "}", ""])


def _one_of(names: Sequence[str], note: str = "") -> str:
    return f"{', '.join(names)}. May be repeated.{note}"


@app.command(help=__doc__)
def main(
    op: Annotated[str, typer.Option(help=f"The operator: {', '.join(OPERATORS)}.")] = UNNAMED,
    row: Annotated[
        list[str] | None, typer.Option(help="A row, a1 for example; by default all. May be repeated.")
    ] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option(help="An operation, backward for example; by default the operator itself. May be repeated."),
    ] = None,
    library: Annotated[list[str] | None, typer.Option(help=_one_of(LIBRARIES, " By default both."))] = None,
    layout: Annotated[list[str] | None, typer.Option(help=_one_of(LAYOUTS, " By default both."))] = None,
    dtype: Annotated[list[str] | None, typer.Option(help=_one_of(DTYPES, " By default the first two."))] = None,
    architecture: Annotated[str, typer.Option(help=f"One of {', '.join(ARCHITECTURES)}.")] = ARCHITECTURE,
    blocks: Annotated[int, typer.Option(min=1, help="How many blocks of a large launch stand for all.")] = BLOCKS,
    lines: Annotated[int, typer.Option(min=0, help="Show so many lines of CUDA text that take most instructions.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write everything that was counted to this file.")
    ] = None,
) -> None:
    """Count what rows take."""
    (name,) = _chosen("operator", [op], OPERATORS, ())
    operator = operator_called(name)
    (chosen_architecture,) = _chosen("architecture", [architecture], ARCHITECTURES, ())
    profiles = list(
        _profiles(
            operator,
            _chosen("operation", operation, [each.value for each in operator.operations], [operator.itself.value]),
            _chosen("row", row, list(operator.gpu_rows), list(operator.gpu_rows)),
            _chosen("library", library, LIBRARIES, LIBRARIES),
            _chosen("layout", layout, LAYOUTS, LAYOUTS),
            _chosen("data type", dtype, DTYPES, DTYPES[:2]),
            chosen_architecture,
            blocks,
        )
    )
    if json_file is not None:
        json_file.write_text(render(profiles), encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else _CUT)
    if not profiles:
        typer.echo("profile: nothing was counted", err=True)
        raise typer.Exit(1)
    table.print_tables(profiles, console, lines)
