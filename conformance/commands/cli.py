"""The command ``roikit``."""

from __future__ import annotations

import gc
import sys
from enum import StrEnum
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ..exits import interruptible, refusing, say
from ..results.gate import Gate  # noqa: TC001 - typer reads the annotations
from ..usage import Command, Group
from .deviations import app as deviations
from .difference import difference
from .explain import explain
from .fuzz import fuzz
from .options import (
    Arrays,
    ArraysOption,
    DialectsOption,
    DtypesOption,
    FullOption,
    LayoutsOption,
    OnceOption,
    OperatorsOption,
    OutputFile,
    SelectOption,
    Size,
    SizeOption,
    TimeoutOption,
    VerboseOption,
)
from .peers import app as peers

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    name="roikit",
    cls=Group,
    help="Pooling operators of object detectors: kernels for CuPy, and a conformance suite for every implementation of them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(peers, name="peers")
app.add_typer(deviations, name="deviations")
for point in entry_points(group="roikit.commands"):  # those of other wings, such as `report`
    app.add_typer(point.load(), name=point.name)


class Listed(StrEnum):
    """What `roikit list` lists."""

    IMPLEMENTATIONS = "implementations"
    CASES = "cases"
    DIALECTS = "dialects"
    OPERATORS = "operators"


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"roikit {version('roikit')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, metavar="", help="Print the version and leave."),
    ] = False,
) -> None:
    del version


@app.command(cls=Command)
def conform(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Registered implementations. If none is named, all of them but roikit-ptx, which is slow.",
        ),
    ] = None,
    *,
    op: OperatorsOption = None,
    implementation: Annotated[
        list[str] | None,
        typer.Option(
            "--implementation",
            "-i",
            metavar="MODULE:FUNCTION",
            help="Judge a function with torchvision's signature, of a module or of a file, `mine.py:roi_align`. May be repeated.",
        ),
    ] = None,
    arrays: ArraysOption = Arrays.AUTO,
    dialect: DialectsOption = None,
    select: SelectOption = None,
    edition: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Only the cases that there were in this edition.")
    ] = None,
    size: SizeOption = Size.REAL,
    full: FullOption = False,
    dtype: DtypesOption = None,
    layout: LayoutsOption = None,
    output: OutputFile = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit XML report there.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table and the reasons there, for a CI's job summary.")
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH", help="Run an implementation under another Python. May be repeated."),
    ] = None,
    worker: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=COMMAND", help="Judge a worker in any language: see conformance/PROTOCOL.md. May be repeated."
        ),
    ] = None,
    cases: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The cases of this file, such as `roikit fuzz` writes.")
    ] = None,
    deviations: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Known deviations, instead of the list that roikit has.")
    ] = None,
    fail_on: Annotated[
        list[Gate] | None,
        typer.Option(
            metavar="GATE",
            help="**wrong**: what nobody can want (a crash, a hang, NaN, memory that is not its own, two answers, a false "
            "gradient); **deviation**: also any other value, unless it is listed (the default); **regression**: what was "
            "better in the baseline; **nothing**: no result. May be repeated: then any of them.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE.ndjson", help="Compare with the `--output` of an earlier run.")
    ] = None,
    badge: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write the JSON of a shields.io badge there.")
    ] = None,
    github: Annotated[
        bool | None,
        typer.Option(
            "--github/--no-github",
            metavar="",
            help="Annotations and job summary of GitHub Actions; by default where it runs there.",
        ),
    ] = None,
    once: OnceOption = False,
    diagnose: Annotated[
        bool | None,
        typer.Option(
            "--diagnose/--no-diagnose",
            metavar="",
            help="Say which choice or fault gives the wrong results, of all that are known; by default of failures. "
            "--diagnose: of known deviations, too.",
        ),
    ] = None,
    diagnose_seconds: Annotated[
        float | None,
        typer.Option(
            "--diagnose-seconds",
            min=0.1,
            metavar="SECONDS",
            help="How long that is looked for, of each implementation; 10 unless given. Where time runs out, it is said.",
        ),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", "-x", metavar="", help="Stop at the first failure.")
    ] = False,
    timeout: TimeoutOption = 30.0,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            metavar="N",
            help="Implementations to run at a time, and processes for one with many calls.",
        ),
    ] = 2,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", metavar="", help="Say why each case deviates.")] = False,
    detect: Annotated[
        bool,
        typer.Option(
            "--detect", metavar="", help="Run no cases: read off each implementation which dialect it follows."
        ),
    ] = False,
    footprints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the footprints that --detect reads there, as JSON; implies it."),
    ] = None,
) -> None:
    """Judge implementations by the golden cases, or, with --detect, tell which dialects they follow.

    Unless told otherwise, by the **quick** tier: the few cases, small and of real size, that together notice every fault which
    all cases notice, in float32 and one type of 16 bits, under dialects that differ. **--full** runs everything, and so does
    --select of the cases that it names.

    Exit status: **0** every case that was run conforms or is a known deviation, or no gate of `--fail-on` minds; **1** a case
    deviates, a dialect is not the declared one, or an implementation could not be loaded; **2** the command was wrong; **3**
    nothing was run.
    """
    from ..errors import UsageError
    from ..running.request import Request
    from .conform import conform as judge
    from .detect import detect as find_dialects

    request = Request(
        names=names or [],
        operators=op or [],
        callables=implementation or [],
        arrays=arrays.value,
        dialects=dialect or [],
        patterns=select or [],
        edition=edition,
        size=size.value,
        full=full,
        dtypes=dtype or [],
        layouts=layout or [],
        output=output,
        junit=junit,
        markdown=markdown,
        pythons=python or [],
        timeout=timeout,
        jobs=jobs,
        verbose=verbose,
        workers=worker or [],
        cases=cases,
        deviations=deviations,
        fail_on=[gate.value for gate in fail_on or []],
        baseline=baseline,
        badge=badge,
        github=github,
        once=once,
        fail_fast=fail_fast,
        diagnose=diagnose,
        diagnose_seconds=diagnose_seconds,
    )
    with interruptible(), refusing(UsageError, OSError):
        status = find_dialects(request, footprints) if detect or footprints else judge(request)
    raise typer.Exit(status)


@app.command(cls=Command)
def reproduce(
    case: Annotated[str, typer.Argument(metavar="CASE", help="See `roikit list cases`.")],
    implementation: Annotated[
        str,
        typer.Argument(metavar="IMPLEMENTATION", help="See `roikit list implementations`; it need not be installed."),
    ],
    *,
    dialect: Annotated[str | None, typer.Option(metavar="NAME", help="One of its dialects.")] = None,
    dtype: Annotated[str | None, typer.Option(metavar="NAME", help="A data type of the case.")] = None,
) -> None:
    """Print a script that shows what a library makes of a case, for its issue tracker.

    The script needs that library and NumPy (and onnx, where the library takes a model), not roikit. It exits with 1 if the
    library deviates. A dialect or data type that is not given is that of a known deviation, if there is one. Exit status 2:
    the command was wrong.
    """
    from ..errors import UsageError
    from ..scripts import reproduce as reproduction

    with refusing(UsageError):
        say(reproduction.reproduce(case, implementation, dialect, dtype))


@app.command("list", cls=Command)
def list_(
    what: Annotated[Listed, typer.Argument(metavar="WHAT", help="implementations, cases, dialects or operators.")],
    *,
    op: Annotated[
        list[str] | None,
        typer.Option(
            "--op", metavar="NAME", help="Of cases and dialects: only those of this operator. May be repeated."
        ),
    ] = None,
    select: SelectOption = None,
    size: Annotated[Size, typer.Option(help="Of cases: only those whose calls are not larger.")] = Size.HUGE,
    verbose: VerboseOption = False,
) -> None:
    """List implementations, operators, cases or dialects."""
    from ..errors import UsageError
    from . import listing

    names = op or []
    lists: dict[Listed, Callable[..., None]] = {
        Listed.IMPLEMENTATIONS: listing.implementations,
        Listed.CASES: partial(listing.cases, names, size=size.value, patterns=select or []),
        Listed.DIALECTS: partial(listing.dialects, names),
        Listed.OPERATORS: listing.operators,
    }
    with refusing(UsageError):
        lists[what](verbose=verbose)


app.command(cls=Command)(explain)
app.command(cls=Command)(fuzz)
app.command(cls=Command)(difference)


def main() -> None:
    """Runs the command line."""
    gc.set_threshold(200_000, 20, 50)  # cases are many objects that stay; looking for garbage took longer than all else
    app(prog_name="roikit")
    sys.exit(0)


if __name__ == "__main__":
    main()
