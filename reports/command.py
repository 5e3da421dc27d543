"""``roikit report``: a site, a comparison, and tables of result files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ..conformance.exits import EXIT_CONFORMS, EXIT_DEVIATES, fail, interruptible, refusing, say
from ..conformance.usage import Command, Group

if TYPE_CHECKING:
    from ..conformance.terminal import Console
    from .files import Inputs

app = typer.Typer(
    cls=Group,
    help="Turn result files into what people look at: a site, a comparison, tables. Nothing is run.",
    no_args_is_help=True,
)

_FILES = (
    "Files that `roikit conform --output` and `--footprints`, `roikit explain --output`, `roikit difference --output`, "
    "`python -m benchmarks.record` and asv "
    "write, packed by gzip or not, or directories of them."
)


class Format(StrEnum):
    """How a comparison is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"


@app.command(cls=Command)
def site(
    results: Annotated[list[Path], typer.Argument(metavar="RESULTS", exists=True, help=_FILES)],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where to; a site that is there is replaced.")
    ],
    asv_site: Annotated[
        Path | None,
        typer.Option(
            "--asv-site",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="What `asv publish` wrote, to be put beside it; its pages fetch scripts.",
        ),
    ] = None,
) -> None:
    """Build a static site: verdicts, matrix, dialects, swaps, an example, golden cases, performance.

    It opens from disk and from any host. An incomplete file is said to be incomplete. Exit status 2: the command was wrong.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ..conformance.errors import UsageError
    from ..conformance.terminal import Console
    from .files import read_all
    from .model import digest

    try:
        from . import site as builder
    except ImportError as error:
        fail(f"{error.name} is missing: pip install 'roikit[reports]'")
    errors = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with interruptible(), refusing(UsageError, builder.OccupiedError, OSError):
        with errors.status("reads result files"):
            inputs = read_all(results)
            if not inputs.files:
                fail(f"there is no result file in {', '.join(map(str, results))}")
            content = digest(inputs)
        progress = Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
        task = progress.add_task("site", total=builder.page_count(content))

        def on_pages(count: int) -> None:
            progress.start()
            progress.advance(task, count)

        try:
            builder.build(content, out, asv_site=asv_site, on_pages=on_pages)
        finally:
            progress.stop()
    _say(Console(), inputs, out)


def _say(console: Console, inputs: Inputs, out: Path) -> None:
    from rich.markup import escape

    for file in inputs.files:
        if not file.complete:
            text = f"[bold red]incomplete:[/] {escape(str(file.path))} ends before its run did"
            console.print(text, highlight=False, soft_wrap=True)
    files = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    text = f"{len(files)} files, {size:.1f} MB: open {out / 'index.html'}"
    console.print(text, highlight=False, soft_wrap=True, markup=False)


@app.command(cls=Command)
def compare(
    before: Annotated[Path, typer.Argument(metavar="A", exists=True, dir_okay=False, help="A result file.")],
    after: Annotated[
        Path, typer.Argument(metavar="B", exists=True, dir_okay=False, help="A later one of the same kind.")
    ],
    *,
    format_: Annotated[
        Format, typer.Option("--format", help="markdown: for a job summary or a comment.")
    ] = Format.TEXT,
    most: Annotated[int, typer.Option(min=1, metavar="N", help="Show at most so many changes of a kind.")] = 20,
    threshold: Annotated[
        float,
        typer.Option(min=0, metavar="PERCENT", help="A time that changed by less, or by less than noise, did not."),
    ] = 0.0,
) -> None:
    """Say what changed from one conformance run, or record of benchmarks, to another.

    Results: what is worse, fixed, or otherwise changed. Times: which of ours changed more than the time of any peer in the same
    workload did, whose code is the same, by more than our own kernel differed from itself. Exit status: **0** nothing is worse;
    **1** something is, or a run was cut off, so that nobody knows; **2** the command was wrong.
    """
    from ..conformance.errors import UsageError
    from . import comparison
    from .files import read

    with refusing(UsageError, comparison.IncomparableError, OSError):
        found = comparison.compare(read(before), read(after), threshold / 100)
    if format_ == Format.MARKDOWN:
        say(comparison.markdown(found, most))
    else:
        comparison.show(found, most)
    raise typer.Exit(EXIT_CONFORMS if found.passes else EXIT_DEVIATES)


@app.command(cls=Command)
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A result file.")],
    to: Annotated[Path, typer.Argument(metavar="TABLE.csv|TABLE.parquet", help="The table to write.")],
    *,
    partial: Annotated[
        bool, typer.Option("--partial", metavar="", help="Take what there is of a run that was cut off.")
    ] = False,
) -> None:
    """Write a result file as a table; `roikit.reports` documents its columns.

    Parquet needs pyarrow: pip install 'roikit[parquet]'. Exit status 2: the command was wrong.
    """
    from ..conformance.errors import UsageError
    from .tables import load

    if to.suffix not in (".csv", ".parquet"):
        fail(f"a table is called .csv or .parquet, not {to.name!r}")
    try:
        with refusing(UsageError, OSError):
            frame = load(file, partial=partial)
            if to.suffix == ".csv":
                frame.to_csv(to, index=False)
            else:
                frame.astype({name: "string" for name in ("expected", "got") if name in frame}).to_parquet(
                    to, index=False
                )
    except ImportError as error:
        fail(f"{error.name or 'pyarrow'} is missing: pip install 'roikit[reports,parquet]'")
    say(f"{len(frame)} rows: {to}")
