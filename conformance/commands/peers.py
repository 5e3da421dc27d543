"""``roikit peers``: what environments of other implementations there are, and making and removing them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..exits import EXIT_FAILED, fail, refusing, say
from ..usage import Command, Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..peers.environments import Environment
    from ..terminal import Console

_BESIDE = 65  # columns of what stands before the last line that pip has printed

app = typer.Typer(
    cls=Group,
    help="Environments of the implementations that roikit can judge: each has its own, since their needs conflict.",
    no_args_is_help=True,
)
_Names = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME", help="Environments or implementations of `roikit peers list`, tier-1 to tier-3, or all."
    ),
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask.")]


@app.command("list", cls=Command)
def list_(
    *, verbose: Annotated[bool, typer.Option("--verbose", "-v", metavar="", help="Say where each lies.")] = False
) -> None:
    """List the environments: state, version, size on disk, and the implementations that each covers."""
    from rich.table import Table

    from ..peers.environments import State, environments
    from ..terminal import Console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("environment", "tier", "state", "version", "MB", "covers", *(["where"] if verbose else [])):
        table.add_column(column, justify="right" if column == "MB" else "left", overflow="fold")
    for environment in environments().values():
        state, record = environment.state(), environment.record()
        size = _megabytes(record.bytes if record else environment.size())
        table.add_row(
            environment.name,
            str(environment.tier),
            str(state),
            record.version(environment.package) if record else "",
            f"about {environment.disk}" if state == State.ABSENT else size,
            ", ".join(environment.implementations),
            *([str(environment.folder)] if verbose else []),
        )
    Console().print(table)


@app.command(cls=Command)
def install(
    names: _Names,
    *,
    yes: _Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Say what would be installed, and leave.")
    ] = False,
) -> None:
    """Make environments, or bring them up to date. What an interrupt cuts off, the next call takes up.

    Exit status: **0** all are complete; **1** one could not be made; **2** the command was wrong.
    """
    from ..peers.environments import State
    from ..terminal import Console

    console = Console()
    chosen = [environment for environment in _choose(names) if environment.state() != State.COMPLETE]
    if not chosen:
        console.print("Nothing to do: all are complete.")
        return
    _announce(chosen, console)
    if dry_run:
        return
    from ..peers import installation

    try:
        installation.check_room(chosen)
        installation.base_python()
    except (installation.InstallationError, OSError) as error:
        fail(error, EXIT_FAILED)
    _confirm("Install?", yes=yes)
    if not _install_all(chosen):
        raise typer.Exit(EXIT_FAILED)


@app.command(cls=Command)
def remove(names: _Names, *, yes: _Yes = False) -> None:
    """Remove environments, and free what they take on the disk."""
    from ..peers.environments import State

    chosen = [environment for environment in _choose(names) if environment.state() != State.ABSENT]
    if not chosen:
        say("Nothing to do: none is there.")
        return
    _confirm(f"Remove {', '.join(environment.name for environment in chosen)}?", yes=yes)
    for environment in chosen:
        try:
            say(f"{environment.name}: {_megabytes(environment.remove())} MB freed")
        except OSError as error:
            fail(f"{environment.name}: {error}", EXIT_FAILED)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f}"


def _choose(names: Sequence[str]) -> list[Environment]:
    from ..cases.selection import check_names
    from ..errors import UsageError
    from ..peers.environments import choose, selectors

    with refusing(UsageError):
        check_names("environment", names, selectors())
    return choose(names)


def _announce(chosen: Sequence[Environment], console: Console) -> None:
    """Prints what is going to be installed, how large it is, and how long it may take."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("environment", "download MB", "disk MB", "seconds", "packages"):
        table.add_column(column, justify="left" if column in ("environment", "packages") else "right", overflow="fold")
    for environment in chosen:
        packages = [package for step in environment.steps for package in (*step.pip, step.build) if package]
        numbers = (environment.download, environment.disk, environment.seconds)
        table.add_row(environment.name, *map(str, numbers), escape(" ".join(packages)))
    totals = [sum(getattr(e, of) for e in chosen) for of in ("download", "disk", "seconds")]
    table.add_section()
    table.add_row("together, about", *map(str, totals), style="bold")
    console.print(table)


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        fail("--yes is needed where nobody can be asked")
    typer.confirm(question, abort=True)


def _install_all(chosen: Sequence[Environment]) -> bool:
    """Installs one after the other, and returns whether all of it went well."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ..peers.installation import InstallationError, install
    from ..terminal import Console

    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
    doing = TextColumn("{task.fields[doing]}", markup=False)
    room = max(console.width - _BESIDE, 0)
    well = True
    with Progress(*columns, doing, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("environments", total=len(chosen), doing="")
        for environment in chosen:
            progress.update(task, description=f"{environment.name}, about {environment.seconds} s")
            try:
                record = install(environment, lambda line: progress.update(task, doing=line[:room]))
            except InstallationError as error:
                well = False
                progress.console.print(f"{environment.name}: {error}", style="red", markup=False, highlight=False)
            else:
                version = record.version(environment.package)
                text = f"{environment.name} {version}: {record.seconds:.0f} s, {_megabytes(record.bytes)} MB"
                progress.console.print(text, highlight=False)
            progress.advance(task)
    return well
